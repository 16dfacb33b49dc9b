"""A stage of the library imports earlier ones only (CONTRIBUTING.md)."""

import ast
from itertools import chain
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "workflow" / "scripts" / "neurodsr"
STAGES = [
    "recordings", "preprocess", "statespace", "models", "training", "evaluation", "dynamics",
    "group",
]  # fmt: skip


def imported(source: Path) -> set[str]:
    """Stages that a module names in its imports."""
    nodes = list(ast.walk(ast.parse(source.read_text())))
    names = chain(
        (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)),
        (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names),
    )
    parts = (name.split(".") for name in names)
    return {part[1] for part in parts if part[0] == "neurodsr" and len(part) > 1}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_earlier_ones_only(stage: str) -> None:
    modules = sorted((LIBRARY / stage).rglob("*.py"))
    assert modules
    later = set(STAGES[STAGES.index(stage) + 1 :])
    assert {m.name: found for m in modules if (found := imported(m) & later)} == {}
