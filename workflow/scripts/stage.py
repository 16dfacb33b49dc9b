"""What the scripts of all rules share: log, inputs, exclusion, provenance, atomic outputs."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

import neurodsr
from neurodsr import netcdf
from neurodsr.errors import RecordingError
from neurodsr.figures.style import message_figure, take_literally
from neurodsr.files import replacing, sha256

log = logging.getLogger("neurodsr")


def open_log(path: str) -> None:
    """Send log records and the traceback of a crash to the rule's log file."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)


def read_inputs(paths: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """Results are loaded, recordings as trees; anything else stays a path."""
    loaded: dict[str, Any] = {}
    for name, path in paths.items():
        if isinstance(path, str) and path.endswith("/recording.nc"):
            loaded[name] = netcdf.read_tree(path)
        elif isinstance(path, str) and path.endswith(".nc"):
            loaded[name] = netcdf.read(path)
        else:
            loaded[name] = path
    return loaded


def provenance(snakemake: Any, seconds: float) -> dict[str, str | float]:
    """Version, settings, checksums of the inputs and duration, as attributes of a result."""
    settings = {k: v for k, v in snakemake.params.items() if k not in ("code", "raw")}
    inputs = {path: sha256(path) for path in snakemake.input}
    return {
        "neurodsr_version": neurodsr.__version__,
        "rule": snakemake.rule,
        "settings": json.dumps(settings, sort_keys=True, default=str),
        "settings_sha256": hashlib.sha256(
            json.dumps(settings, sort_keys=True, default=str).encode()
        ).hexdigest(),
        "inputs_sha256": json.dumps(inputs),
        "duration_seconds": round(seconds, 3),
    }


def run(
    snakemake: Any,
    compute: Callable[..., xr.Dataset | xr.DataTree],
    draw: Callable[..., Figure],
) -> None:
    """Run one stage of one recording.

    ``compute(**inputs)`` gets the rule's named inputs (see `read_inputs`) and returns the result
    for ``output.nc``; ``draw(result, **inputs)`` the figure for ``output.figure``. When an input
    is an exclusion, or `compute` raises `RecordingError`, the outputs say so instead.
    """
    open_log(snakemake.log[0])
    started = time.perf_counter()
    inputs = read_inputs(dict(snakemake.input.items()))
    results = [i for i in inputs.values() if isinstance(i, xr.Dataset | xr.DataTree)]
    before = next((result for result in results if netcdf.is_excluded(result)), None)
    if before is not None:
        result: xr.Dataset | xr.DataTree = netcdf.excluded(
            before.attrs["excluded_at"], before.attrs["reason"]
        )
    else:
        result = attempt(snakemake, compute, inputs)
    if netcdf.is_excluded(result):
        reason = f"Excluded at {result.attrs['excluded_at']}:\n{result.attrs['reason']}"
        log.warning(reason)
        save_figure(message_figure(reason), snakemake.output.figure)
    else:
        show(snakemake, draw, result, inputs)
    netcdf.write(snakemake.output.nc, result, provenance(snakemake, time.perf_counter() - started))


def attempt(
    snakemake: Any,
    compute: Callable[..., xr.Dataset | xr.DataTree],
    inputs: Mapping[str, Any],
) -> xr.Dataset | xr.DataTree:
    """Compute; data that cannot be used become an exclusion instead of an error."""
    try:
        return compute(**inputs)
    except RecordingError as error:
        return netcdf.excluded(snakemake.rule, str(error))
    except (MemoryError, OSError):
        raise
    except Exception as error:
        if snakemake.config["on_error"] == "stop":
            raise
        log.exception("unexpected error")
        return netcdf.excluded(snakemake.rule, f"{type(error).__name__}: {error}")


def show(
    snakemake: Any,
    draw: Callable[..., Figure],
    result: xr.Dataset | xr.DataTree,
    inputs: Mapping[str, Any],
) -> None:
    """Draw and save the figure; one that cannot be drawn says so and costs no result."""
    try:
        save_figure(draw(result, **inputs), snakemake.output.figure)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        if snakemake.config["on_error"] == "stop":
            raise
        log.exception("the figure cannot be drawn")
        reason = f"The figure cannot be drawn:\n{type(error).__name__}: {error}"
        save_figure(message_figure(reason[:500]), snakemake.output.figure)


def save_figure(figure: Figure, path: str) -> None:
    """Write an SVG whose bytes depend on its content only."""
    take_literally(figure)
    with replacing(path) as part:
        figure.savefig(part, format="svg", metadata={"Date": None})
