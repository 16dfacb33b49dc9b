"""A numba type for a handful of lanes: one SIMD vector of `LANES` floating-point numbers.

The training kernels advance `LANES` windows at once. Loops over so few elements are what automatic
vectorisation handles worst, so the vectors are spelled out; LLVM maps them to whatever registers
the processor has (AVX-512, AVX2, SSE, NEON).
"""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import models, register_model

intrinsic: Callable[[Callable[..., Any]], Any] = numba.extending.intrinsic

LANES = 16
"""Lanes of one vector: a register of AVX-512 in single precision."""


class Vector(types.Type):
    """Numba type of `LANES` numbers of one floating-point type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector{LANES}({dtype})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        scalar = manager.lookup(vector.dtype).get_value_type()
        super().__init__(manager, vector, ir.VectorType(scalar, LANES))  # type: ignore[no-untyped-call]


def _place(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> tuple[Any, int]:
    """Pointer to the vector that starts at element `offset` of a flat array, and its alignment."""
    vector = context.get_value_type(Vector(array_type.dtype))
    data = context.make_array(array_type)(context, builder, array).data
    pointer = builder.bitcast(builder.gep(data, [offset]), vector.as_pointer())
    return pointer, context.get_abi_sizeof(context.get_value_type(array_type.dtype))


def _splat(builder: Any, scalar: Any) -> Any:
    """All lanes equal to a scalar value."""
    kind = ir.VectorType(scalar.type, LANES)
    first = builder.insert_element(
        ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0)
    )
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)


@intrinsic
def load(typing_context: Any, array: Any, offset: Any) -> Any:
    """The vector that starts at element ``offset`` of a flat contiguous array."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_value, offset_value = arguments
        place, align = _place(context, builder, signature.args[0], array_value, offset_value)
        return builder.load(place, align=align)

    return Vector(array.dtype)(array, types.intp), codegen


@intrinsic
def store(typing_context: Any, array: Any, offset: Any, vector: Any) -> Any:
    """Write a vector to a flat contiguous array from element ``offset`` on."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_value, offset_value, value = arguments
        place, align = _place(context, builder, signature.args[0], array_value, offset_value)
        builder.store(value, place, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), codegen


@intrinsic
def pick(typing_context: Any, array: Any, offset: Any) -> Any:
    """The number at element ``offset`` of a flat contiguous array, never counted from its end."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load(builder.gep(data, [arguments[1]]))

    return array.dtype(array, types.intp), codegen


@intrinsic
def spread(typing_context: Any, scalar: Any) -> Any:
    """A vector of one number in every lane."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _splat(builder, arguments[0])

    return Vector(scalar)(scalar), codegen


@intrinsic
def fma(typing_context: Any, scalar: Any, vector: Any, addend: Any) -> Any:
    """``scalar * vector + addend``; the factor may itself be a vector."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        factor, value, rest = arguments
        if not isinstance(signature.args[0], Vector):
            factor = _splat(builder, factor)
        product = builder.fmul(factor, value, flags=("contract",))
        return builder.fadd(product, rest, flags=("contract",))

    factor = scalar if isinstance(scalar, Vector) else vector.dtype
    return vector(factor, vector, addend), codegen


@intrinsic
def add(typing_context: Any, left: Any, right: Any) -> Any:
    """Sum of two vectors."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments)

    return left(left, right), codegen


@intrinsic
def subtract(typing_context: Any, left: Any, right: Any) -> Any:
    """Difference of two vectors."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fsub(*arguments)

    return left(left, right), codegen


@intrinsic
def where_positive(typing_context: Any, test: Any, vector: Any) -> Any:
    """``vector`` where ``test > 0``, else 0 (also where the test is NaN)."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tested, value = arguments
        zero = ir.Constant(value.type, None)
        return builder.select(builder.fcmp_ordered(">", tested, zero), value, zero)

    return vector(test, vector), codegen


@intrinsic
def where_above(typing_context: Any, test: Any, threshold: Any, vector: Any) -> Any:
    """``vector`` where ``test`` is greater than a scalar threshold, else 0."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tested, least, value = arguments
        above = builder.fcmp_ordered(">", tested, _splat(builder, least))
        return builder.select(above, value, ir.Constant(value.type, None))

    return vector(test, test.dtype, vector), codegen


@intrinsic
def where_number(typing_context: Any, test: Any, vector: Any, otherwise: Any) -> Any:
    """``vector`` where ``test`` is not NaN, else ``otherwise``."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tested, value, other = arguments
        return builder.select(builder.fcmp_ordered("ord", tested, tested), value, other)

    return vector(test, vector, otherwise), codegen


@intrinsic
def multiply(typing_context: Any, left: Any, right: Any) -> Any:
    """Product of two vectors."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fmul(*arguments, flags=("contract",))

    return left(left, right), codegen


def _halves(builder: Any, left: Any, right: Any, width: int) -> Any:
    """Sums of lanes ``width`` apart: those of ``left`` and of ``right`` take turns in groups."""
    first = [
        lane + source * LANES
        for group in range(0, LANES, 2 * width)
        for source in (0, 1)
        for lane in range(group, group + width)
    ]
    picks = (
        ir.Constant(ir.VectorType(ir.IntType(32), LANES), [lane + offset for lane in first])
        for offset in (0, width)
    )
    return builder.fadd(*(builder.shuffle_vector(left, right, pick) for pick in picks))


def _total_order() -> list[int]:
    """Lane in which `_halves`, applied to pairs again and again, leaves the sum of each vector."""
    content: list[list[set[int]]] = [[{i} for _ in range(LANES)] for i in range(LANES)]
    width = LANES // 2
    while width:
        merged = []
        for left, right in zip(content[::2], content[1::2], strict=True):
            lanes = []
            for group in range(0, LANES, 2 * width):
                for source in (left, right):
                    lanes += [source[lane] for lane in range(group, group + width)]
            merged.append(lanes)
        content, width = merged, width // 2
    order = [min(lane) for lane in content[0]]
    return [order.index(i) for i in range(LANES)]


@intrinsic
def totals(typing_context: Any, *vectors: Any) -> Any:
    """One vector of the sums over the lanes of `LANES` vectors."""
    together: Any = types.StarArgTuple

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = [builder.extract_value(arguments[0], i) for i in range(LANES)]
        width = LANES // 2
        while width:
            parts = [
                _halves(builder, *pair, width) for pair in zip(parts[::2], parts[1::2], strict=True)
            ]
            width //= 2
        order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), _total_order())
        return builder.shuffle_vector(parts[0], ir.Constant(parts[0].type, ir.Undefined), order)

    return vectors[0](together.from_types(vectors)), codegen


@intrinsic
def total(typing_context: Any, vector: Any) -> Any:
    """Sum over the lanes, in pairs."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = arguments[0]
        width = LANES
        while width > 1:
            width //= 2
            undefined = ir.Constant(value.type, ir.Undefined)
            half = [ir.VectorType(ir.IntType(32), width)]
            low = ir.Constant(half[0], list(range(width)))
            high = ir.Constant(half[0], list(range(width, 2 * width)))
            value = builder.fadd(
                builder.shuffle_vector(value, undefined, low),
                builder.shuffle_vector(value, undefined, high),
            )
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return vector.dtype(vector), codegen
