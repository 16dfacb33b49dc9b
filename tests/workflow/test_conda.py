"""Snakemake deploys the environment of the analyses with another Python, and rules run in it.

Jobs in an environment can see the packages of the host, too. Only with another Python minor does a
run prove that a rule lives on its environment.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from packaging.utils import canonicalize_name

from orchestration.digests import SCRIPTS, import_closure
from project import ROOT, Project
from test_environments import scripts_and_environments

pytest.importorskip("rattler", reason="py-rattler is not installed")
from conda.channel import find_pip, make_channel

BIN = Path(__file__).parent / "conda" / "bin"
RECORDING = "results/study/sub-01_task-rest"
ALONE = {"PYTHONPATH": ""}
"""Without the cache of compiled code that tests share: what is compiled with parts from a cache may
round differently from what is compiled as a whole."""
RULES = {"preprocess_recording": "preprocess.py", "check_state_space": "statespace.py"}
RESULTS = ["series.nc", "statespace.nc"]
MINORS = [f"3.{minor}" for minor in (12, 13, 14, 11) if minor != sys.version_info.minor]
# put at the end of a script: which Python ran it, and where all that it imported came from
WITNESS = """
import json, sys
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
with open(snakemake.output.nc + ".json", "w") as file:
    json.dump({"version": sys.version_info[:3], "prefix": sys.prefix, "files": files}, file)
"""
IMPORT_ALL = "import importlib, sys; sys.path.append(sys.argv[1]); " + (
    "[importlib.import_module(name) for name in sys.argv[2:]]"
)


def find_python():
    """Prefix and version of an installed Python of another minor that can become a package."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in MINORS:
        name = f"python{minor}"
        programs = [shutil.which(name), *pyenv.glob(f"{minor}.*/bin/{name}")]
        for program in filter(None, programs):
            ask = "import platform, sys; print(sys.base_prefix, platform.python_version())"
            answer = subprocess.run([program, "-c", ask], capture_output=True, text=True)
            with contextlib.suppress(ValueError, FileNotFoundError):
                prefix, version = answer.stdout.split()
                find_pip(Path(prefix), minor)
                return Path(prefix), version
    pytest.skip(f"none of Python {', '.join(MINORS)} is installed, with ensurepip")


def ask_index(pin, folder):
    """Skip when the package index does not even give a small package."""
    options = ["--quiet", "--no-deps", "--retries", "1", "--timeout", "20", "--dest", folder]
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, pin], capture_output=True, text=True
    )
    if answer.returncode:
        pytest.skip(f"the package index does not give {pin}: {answer.stderr.strip()[-300:]}")


def change_environment(path, version, channel):
    """Another Python from another channel; the packages stay as shipped. Returns their pins."""
    environment = yaml.safe_load(path.read_text())
    python, *others = environment["dependencies"]
    assert python.startswith("python=")
    environment["dependencies"] = [f"python={version}", *others]
    environment["channels"] = [channel.as_uri(), "nodefaults"]
    path.write_text(yaml.safe_dump(environment))
    return dict(pin.split("==") for pin in others[-1]["pip"])


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A project whose state spaces were checked without conda."""
    project = Project(tmp_path_factory.mktemp("host") / "project")
    project.environment = ALONE
    project.folder.mkdir()
    project.create()
    project.snakemake("--", f"{RECORDING}/statespace.nc")
    return project


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """Version of the other Python, pins of the environment, and what deploys it."""
    folder = tmp_path_factory.mktemp("conda")
    prefix, version = find_python()
    shutil.copy(ROOT / "envs" / "analysis.yaml", folder)
    pins = change_environment(folder / "analysis.yaml", version, folder / "channel")
    ask_index(f"packaging=={pins['packaging']}", folder / "index")
    make_channel(folder / "channel", prefix, version)
    return version, pins, folder


@pytest.fixture(scope="module")
def guest(deployed, host):
    """The same project, with both rules run again in the deployed environment."""
    _, _, folder = deployed
    project = Project(folder / "project")
    project.environment = ALONE
    shutil.copytree(host.folder, project.folder)
    shutil.copy(folder / "analysis.yaml", project.folder / "envs")
    for script in RULES.values():
        with (project.folder / "workflow/scripts" / script).open("a") as file:
            file.write(WITNESS)
    for name in RESULTS:
        (project.folder / RECORDING / name).unlink()
    with pytest.MonkeyPatch.context() as patch:
        first = [str(BIN), str(Path(sys.executable).parent)]
        patch.setenv("PATH", os.pathsep.join([*first, os.environ["PATH"]]))
        patch.setenv("CONDA_PKGS_DIRS", str(folder / "packages"))
        project.snakemake(
            "--software-deployment-method", "conda", "--allowed-rules", *RULES,
            "--", f"{RECORDING}/statespace.nc",
        )  # fmt: skip
    return project


def witness(project, result):
    return json.loads((project.folder / RECORDING / f"{result}.json").read_text())


def environment_of(project):
    [prefix] = [p for p in (project.folder / ".snakemake/conda").iterdir() if p.is_dir()]
    return prefix


def test_the_environment_holds_exactly_what_is_pinned(guest, deployed):
    version, pins, _ = deployed
    minor = version.rpartition(".")[0]
    site = environment_of(guest) / f"lib/python{minor}/site-packages"
    installed = {canonicalize_name(d.name): d.version for d in distributions(path=[str(site)])}
    assert installed.pop("pip")
    assert installed == pins


@pytest.mark.parametrize("result", RESULTS)
def test_a_rule_runs_under_the_python_of_the_environment(guest, deployed, result):
    version, _, _ = deployed
    seen = witness(guest, result)
    assert ".".join(map(str, seen["version"])) == version
    assert tuple(seen["version"][:2]) != sys.version_info[:2]
    assert Path(seen["prefix"]) == environment_of(guest)


@pytest.mark.parametrize("result", RESULTS)
def test_a_rule_takes_its_packages_from_the_environment(guest, result):
    """Of the host come Snakemake, and what numpy.f2py and numba take if they happen to see it."""
    files = {name: file for name, file in witness(guest, result)["files"].items() if file}
    own = (str(environment_of(guest)), str(guest.folder / "workflow" / "scripts"))
    assert {"numpy", "scipy", "xarray", "netCDF4", "matplotlib", "neurodsr"} <= files.keys()
    foreign = {name.split(".")[0] for name, file in files.items() if not file.startswith(own)}
    optional = {"charset_normalizer", "yaml"}
    assert {name for name in foreign if not name.startswith("snakemake")} <= optional


def test_all_modules_of_the_environments_rules_import_without_the_host(guest):
    scripts = [script for script, name in scripts_and_environments() if name == "analysis.yaml"]
    assert set(RULES.values()) <= set(scripts)
    closure = {path for script in scripts for path in import_closure(SCRIPTS / script)}
    modules = sorted(
        ".".join(path.relative_to(SCRIPTS).with_suffix("").parts).removesuffix(".__init__")
        for path in closure - {SCRIPTS / script for script in scripts}
    )
    python = environment_of(guest) / "bin" / "python"
    folder = guest.folder / "workflow" / "scripts"
    isolated = subprocess.run(
        [python, "-I", "-B", "-c", IMPORT_ALL, folder, *modules], capture_output=True, text=True
    )
    assert isolated.returncode == 0, isolated.stderr


@pytest.mark.parametrize("result", RESULTS)
def test_results_are_those_of_the_host(guest, host, result):
    """Equal, not merely close: both run wheels of the same versions."""
    with (
        xr.open_dataset(host.folder / RECORDING / result) as here,
        xr.open_dataset(guest.folder / RECORDING / result) as there,
    ):
        assert here.attrs["status"] == "ok"
        assert here.sizes == there.sizes
        assert list(here.variables) == list(there.variables)
        for name in here.variables:
            np.testing.assert_array_equal(here[name].values, there[name].values, err_msg=name)
        np.testing.assert_equal(without_times(here.attrs), without_times(there.attrs))


def without_times(attributes):
    """A result records how long it took, and so does the one it was made from."""
    left_out = ("duration_seconds", "inputs_sha256")
    return {name: value for name, value in attributes.items() if name not in left_out}
