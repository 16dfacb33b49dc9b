"""The conda environments: equal to the requirement files, complete for the scripts."""

import importlib.util
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestration.digests import SCRIPTS, import_closure, imported_modules

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("pin", ROOT / "envs" / "pin.py")
pin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pin)

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
RULES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))


def exact_pins(lines):
    pins = {}
    for line in lines:
        name, version = re.fullmatch(r"([A-Za-z0-9_.-]+)==(\S+)", line).groups()
        pins[canonicalize_name(name)] = version
    return pins


def requirement_pins(name):
    lines = (ROOT / name).read_text().splitlines()
    return exact_pins(line for line in lines if not line.startswith("-r "))


def conda_pins(path):
    *conda, pip = yaml.safe_load(path.read_text())["dependencies"]
    return conda, exact_pins(pip["pip"])


def scripts_and_environments():
    found = set()
    for path in RULES:
        for rule in re.split(r"\n\s*rule\b", path.read_text()):
            script = re.search(r"script:\s*\"\.\./scripts/(\w+\.py)\"", rule)
            environment = re.search(r"conda:\s*\"\.\./\.\./envs/(\w+\.yaml)\"", rule)
            if script:
                assert environment, f"a rule with {script[1]} in {path.name} names no environment"
                found.add((script[1], environment[1]))
    return sorted(found)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_pins_of_an_environment_are_those_of_the_requirement_file(path):
    conda, pip = conda_pins(path)
    required = requirement_pins("requirements.txt")
    assert pip.items() <= required.items()
    assert re.fullmatch(r"python=\d+\.\d+\.\d+", conda[0])


def test_development_pins_do_not_contradict_those_of_the_run():
    assert (
        not requirement_pins("requirements-dev.txt").keys()
        & requirement_pins("requirements.txt").keys()
    )


def test_pinned_files_are_what_is_installed():
    stale = [path for path, content in pin.files().items() if (ROOT / path).read_text() != content]
    assert stale == []


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_an_environment_is_closed(path):
    """Every pinned package finds what it requires among the pins, at a version it accepts."""
    from importlib.metadata import distribution

    _, pins = conda_pins(path)
    for name in pins:
        for line in distribution(name).requires or []:
            needed = Requirement(line)
            if needed.marker and not needed.marker.evaluate({"extra": ""}):
                continue
            if canonicalize_name(needed.name).startswith(pin.LEFT_OUT):
                continue
            version = pins.get(canonicalize_name(needed.name))
            assert version, f"{name} needs {needed}, which {path.name} lacks"
            assert needed.specifier.contains(version, prereleases=True), f"{name} needs {needed}"


@pytest.mark.parametrize(("script", "environment"), scripts_and_environments())
def test_all_that_a_script_imports_is_in_its_environment(script, environment):
    """Conda jobs can see the host's packages, so a run does not prove this.

    What a CUDA build of torch brings along is not pinned.
    """
    _, pins = conda_pins(ROOT / "envs" / environment)
    distributions = packages_distributions()
    own = {path.stem for path in SCRIPTS.iterdir()}
    missing = {}
    for source in import_closure(SCRIPTS / script):
        for module in imported_modules(source):
            top = module.split(".")[0]
            if top in sys.stdlib_module_names or top in own or top.startswith(pin.LEFT_OUT):
                continue
            names = [canonicalize_name(name) for name in distributions.get(top, [top])]
            if not any(name in pins for name in names):
                missing.setdefault(top, set()).add(source.relative_to(SCRIPTS).as_posix())
    assert missing == {}


def test_every_rule_with_a_script_was_seen():
    scripts = {script for script, _ in scripts_and_environments()}
    on_disk = {path.name for path in SCRIPTS.glob("*.py")} - {"stage.py"}
    assert scripts == on_disk


def test_only_training_needs_torch():
    with_torch = {path.stem for path in ENVIRONMENTS if "torch" in conda_pins(path)[1]}
    assert with_torch == {"train"}
