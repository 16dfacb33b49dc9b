"""Write the exact requirement files and conda environments from what is installed and works.

To change a version: install it into the environment, run the tests, then ``python envs/pin.py``.
``python envs/pin.py --check`` only says whether the files are what it would write.
"""

import argparse
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "3.11.15"

RESULTS = ["netCDF4", "numpy", "xarray", "matplotlib"]
ENVIRONMENTS = {
    "ingest": [*RESULTS, "scipy", "pandas", "h5py", "pynwb", "hdmf-zarr", "zarr", "numcodecs",
               "mne", "mne-bids", "pybv", "pymatreader", "nibabel", "nilearn",
               "jsonschema", "PyYAML"],
    "train": [*RESULTS, "scipy", "numba", "torch", "reservoirpy", "pysindy", "torchdiffeq"],
    "analysis": [*RESULTS, "scipy", "numba", "pandas", "oasis-deconv"],
    "report": [*RESULTS, "scipy", "pandas", "formulaic", "scikit-learn", "jinja2",
               "jsonschema", "PyYAML"],
}  # fmt: skip
WORKFLOW = ["snakemake", "snakemake-executor-plugin-slurm", "jsonschema", "PyYAML"]
DEVELOPMENT = ["pytest", "pytest-xdist", "ruff", "mypy", "snakefmt", "pre-commit", "py-rattler",
               "packaging", "pandas-stubs", "scipy-stubs", "types-PyYAML",
               "types-jsonschema", "statsmodels", "POT", "nwbinspector",
               "bids-validator-deno"]  # fmt: skip
# what the CUDA build of torch asks for; a CPU build, or the package index itself, has no need of it
LEFT_OUT = ("nvidia-", "cuda-", "triton")


def closure(direct: list[str]) -> dict[str, str]:
    """Names and versions of some installed packages and of everything they need."""
    found: dict[str, str] = {}
    todo = [Requirement(name) for name in direct]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen or name.startswith(LEFT_OUT):
            continue
        seen.add((name, frozenset(wanted.extras)))
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is needed (by {', '.join(direct)}) but not installed here")
        found[name] = installed.version.split("+")[0]
        for line in installed.requires or []:
            needed = Requirement(line)
            extras = [*wanted.extras, ""]
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in extras):
                todo.append(needed)
    return dict(sorted(found.items()))


def pins(direct: list[str]) -> list[str]:
    return [f"{name}=={version}" for name, version in closure(direct).items()]


def conda_environment(name: str) -> str:
    lines = "\n".join(f"      - {pin}" for pin in pins(ENVIRONMENTS[name]))
    return (
        f"name: neurodsr-{name}\n"
        "channels:\n  - conda-forge\n  - nodefaults\n"
        f"dependencies:\n  - python={PYTHON}\n  - pip\n  - pip:\n{lines}\n"
    )


def files() -> dict[str, str]:
    """Contents of all files this module writes, by path relative to the repository."""
    everything = sorted({package for env in ENVIRONMENTS.values() for package in env})
    run = pins([*everything, *WORKFLOW])
    development = [pin for pin in pins(DEVELOPMENT) if pin not in run]
    return {
        "requirements.txt": "\n".join(run) + "\n",
        "requirements-dev.txt": "\n".join(["-r requirements.txt", *development]) + "\n",
        **{f"envs/{name}.yaml": conda_environment(name) for name in ENVIRONMENTS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    stale = []
    for path, content in files().items():
        if not (ROOT / path).exists() or (ROOT / path).read_text() != content:
            stale.append(path)
            if not check:
                (ROOT / path).write_text(content)
    print(f"{'stale' if check else 'written'}: {', '.join(stale) or 'nothing'}")
    sys.exit(bool(stale and check))


if __name__ == "__main__":
    main()
