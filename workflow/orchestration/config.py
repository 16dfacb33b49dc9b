"""Checking of the configuration before any job starts: errors that a person can act on."""

import copy
import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Schema = dict[str, Any]
Problem = Any  # jsonschema.ValidationError, whose fields have no useful types


def load_schema(name: str) -> Schema:
    """A schema with the references to its neighbours (``$ref: other.schema.yaml``) filled in."""
    text = (SCHEMAS / name).read_text(encoding="utf-8")
    schema: Schema = inline(yaml.load(text, Loader=YAML))
    return schema


def inline(node: Any) -> Any:
    if isinstance(node, list):
        return [inline(item) for item in node]
    if not isinstance(node, dict):
        return node
    rest = {key: inline(value) for key, value in node.items() if key != "$ref"}
    reference = node.get("$ref")
    return {**load_schema(reference), **rest} if reference else rest


def complete(config: Mapping[str, Any], name: str = "config.schema.yaml") -> dict[str, Any]:
    """The configuration with all defaults filled in.

    Raises
    ------
    ValueError
        One line for each problem: key, value, what is valid, nearest valid spelling.
    """
    schema = load_schema(name)
    problems = [
        line
        for error in jsonschema.Draft202012Validator(schema).iter_errors(config)
        for line in explain(error)
    ]
    if problems:
        raise ValueError("\n".join(sorted(set(problems))))
    completed: dict[str, Any] = with_defaults(copy.deepcopy(dict(config)), schema)
    return completed


def with_defaults(value: Any, schema: Schema) -> Any:
    """Fill the defaults of a valid value, at every depth."""
    for branch in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if jsonschema.Draft202012Validator(branch).is_valid(value):
            value = with_defaults(value, branch)
            break
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for key, subschema in properties.items():
            if key not in value and "default" in subschema:
                value[key] = copy.deepcopy(subschema["default"])
        others = schema.get("additionalProperties")
        for key in value:
            subschema = properties.get(key, others)
            if isinstance(subschema, dict):
                value[key] = with_defaults(value[key], subschema)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        value = [with_defaults(item, schema["items"]) for item in value]
    return value


def explain(error: Problem) -> Iterator[str]:
    """Turn an error of the schema into lines that say what to change."""
    where = ".".join(map(str, error.absolute_path)) or "(top level)"
    rule, valid, given = error.validator, error.validator_value, error.instance
    if rule == "additionalProperties" and valid is False:
        known = list(error.schema.get("properties", {}))
        for key in sorted(set(given) - set(known), key=str):
            yield f"{where}: unknown key {key!r}{nearest(key, known)}; known keys: {listed(known)}"
    elif rule == "enum":
        yield f"{where}: {given!r} is not valid{nearest(given, valid)}; valid: {listed(valid)}"
    elif rule == "required":
        for key in set(valid) - set(given):
            hint = nearest_given(key, [k for k in given if k not in error.schema["properties"]])
            yield f"{where}: key {key!r} is missing{hint}"
    elif rule == "type":
        yield f"{where}: got {given!r} ({type_name(given)}), needs {listed(valid)}"
    elif rule in ("oneOf", "anyOf") and error.context:
        kinds = {e.schema_path[0]: e for e in error.context if e.validator == "const" and e.path}
        if len(kinds) == len(valid):
            yield unknown_kind(list(kinds.values()))
        else:
            yield from explain(closest(error))
    elif rule == "pattern":
        yield f"{where}: {given!r} does not have the form {valid}{described(error)}"
    elif rule == "propertyNames":
        yield f"{where}: {given!r} is not a valid name{described(error)}"
    else:
        yield f"{where}: {given!r} breaks {rule} {valid!r}{described(error)}"


def closest(error: Problem) -> Problem:
    """Of several alternatives, the error of the one that the value was most likely meant for."""
    by_branch: dict[Any, list[Problem]] = {}
    for suberror in error.context:
        by_branch.setdefault(suberror.schema_path[0], []).append(suberror)

    def misfit(branch: list[Problem]) -> tuple[int, int]:
        wrong_kind = any(e.validator in ("type", "const") and len(e.path) <= 1 for e in branch)
        return (int(wrong_kind), len(branch))

    return min(by_branch.values(), key=misfit)[0]


def unknown_kind(errors: list[Problem]) -> str:
    """What is wrong with a key whose value tells alternatives apart, and which fits none."""
    where = ".".join(map(str, errors[0].absolute_path))
    given, valid = errors[0].instance, [error.validator_value for error in errors]
    return f"{where}: {given!r} is not valid{nearest(given, valid)}; valid: {listed(valid)}"


def nearest(word: Any, known: list[Any]) -> str:
    match = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.5)
    return f", did you mean {match[0]!r}?" if match else ""


def nearest_given(key: str, given: list[str]) -> str:
    match = difflib.get_close_matches(key, [str(k) for k in given], n=1, cutoff=0.5)
    return f" ({match[0]!r} looks like it)" if match else ""


def listed(values: Any) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list | tuple) else str(values)


def described(error: Problem) -> str:
    text = error.schema.get("description")
    return f" ({text})" if text else ""


def type_name(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "mapping"}
    return "null" if value is None else names.get(type(value), "list")
