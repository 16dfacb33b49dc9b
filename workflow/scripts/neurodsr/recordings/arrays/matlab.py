"""Arrays in MATLAB files, v4 to v7.3."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.arrays.describe import Description
from neurodsr.recordings.arrays.samples import PLAIN, Samples, matrix, refuse_links


def read_mat(path: Path, told: Description) -> Samples:
    """The variable asked for, or the only matrix of numbers, and its instants.

    Raises
    ------
    RecordingError
        The file cannot be read, leads to others, or lacks what is asked for.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = dict(loadmat(path))
    except NotImplementedError:
        return _hdf5_mat(path, told)
    except (MatReadError, ValueError, TypeError, OSError, EOFError, IndexError, KeyError) as error:
        raise RecordingError(
            f"{path.name}: content: not a readable MATLAB file ({error}); save it again with"
            " -v7 or -v7.3"
        ) from error
    arrays = {name: value for name, value in content.items() if not name.startswith("__")}
    values = matrix(path, _variable(path, arrays, told), told, told.variable or "")
    time = None
    if told.time is not None:
        time = np.ravel(_member(path, arrays, told.time)).astype(float)
    return Samples(values, time=time)


def _variable(path: Path, arrays: Mapping[str, Any], told: Description) -> NDArray[Any]:
    """The variable asked for, or the only matrix of numbers."""
    if told.variable is not None:
        return _member(path, arrays, told.variable)
    matrices = [
        name
        for name, value in arrays.items()
        if isinstance(value, np.ndarray)
        and value.dtype.kind in PLAIN
        and value.ndim == 2
        and value.size > 1
        and name != told.time
    ]
    if len(matrices) != 1:
        there = ", ".join(f"{n} {getattr(v, 'shape', '')}" for n, v in arrays.items()) or "nothing"
        raise RecordingError(
            f"{path.name}: variable: {len(matrices)} matrices of numbers in it; name one under"
            f" `variable`: there is {there}"
        )
    return np.asarray(arrays[matrices[0]])


def _member(path: Path, arrays: Mapping[str, Any], dotted: str) -> NDArray[Any]:
    """A variable, or a field of a struct as ``EEG.data``."""
    name, *fields = dotted.split(".")
    value = arrays.get(name)
    there = ", ".join(arrays)
    for part in fields:
        names = getattr(getattr(value, "dtype", None), "names", None) or ()
        there = ", ".join(names)
        value = value[part].flat[0] if value is not None and part in names else None
    if not isinstance(value, np.ndarray):
        raise RecordingError(f"{path.name}: variable: no {dotted!r} in it; there is {there}")
    return value


def _hdf5_mat(path: Path, told: Description) -> Samples:
    """MATLAB v7.3: HDF5 with the axes of every array in reverse."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            refuse_links(path.name, file)
            arrays = {
                name: item
                for name, item in _datasets(file)
                if item.dtype.kind in PLAIN and "MATLAB_empty" not in item.attrs
            }
            kinds = {name: item.attrs.get("MATLAB_class", b"") for name, item in arrays.items()}
            loaded = {
                name: np.asarray(item[()]).T
                for name, item in arrays.items()
                if kinds[name] not in (b"char", b"cell", b"struct")
                and name in (told.variable or name, told.time)
            }
            if told.variable is not None and told.variable not in loaded:
                there = ", ".join(name for name, _ in _datasets(file))
                raise RecordingError(
                    f"{path.name}: variable: no numbers {told.variable!r} in it; there is {there}"
                )
            dotted = {name: value for name, value in loaded.items() if "." not in name}
            chosen = loaded[told.variable] if told.variable else _variable(path, dotted, told)
            if told.time is not None and told.time not in loaded:
                raise RecordingError(f"{path.name}: time: no variable {told.time!r} in it")
            time = np.ravel(loaded[told.time]).astype(float) if told.time else None
    except (OSError, RuntimeError, KeyError) as error:
        raise RecordingError(
            f"{path.name}: content: not a readable MATLAB file ({error}); save it again with"
            " -v7 or -v7.3"
        ) from error
    return Samples(matrix(path, chosen, told, told.variable or ""), time=time)


def _datasets(group: Any, before: str = "") -> list[tuple[str, Any]]:
    import h5py

    found = []
    for name in group:
        if name.startswith("#"):
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            found += _datasets(item, f"{before}{name}.")
        else:
            found.append((f"{before}{name}", item))
    return found
