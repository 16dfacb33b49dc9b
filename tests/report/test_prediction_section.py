"""The scripts of prediction and report on a small finished cohort."""

import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

from neurodsr.tables import read_table
from orchestration.config import complete

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
MODEL = complete({"family": "shallow-plrnn", "latent": 2, "hidden": 20}, "models.schema.yaml")


def run_script(name: str, **snakemake: object) -> None:
    runpy.run_path(str(SCRIPTS / name), {"snakemake": SimpleNamespace(**snakemake)}, "__main__")


def test_the_page_says_what_is_predicted(study_folder: Path, tmp_path: Path) -> None:
    root = shutil.copytree(study_folder, tmp_path / "cohort")
    settings = complete(
        {"predict": {"target": "group", "repeats": 2, "permutations": 100}}, "group.schema.yaml"
    )
    group = root / "group"
    run_script(
        "predict.py",
        input=SimpleNamespace(
            series=sorted(root.glob("sub-*/series.nc")),
            features=group / "features.tsv",
            cohort=root / "cohort.tsv",
        ),
        output=SimpleNamespace(
            table=group / "prediction.tsv",
            summary=group / "prediction_summary.json",
            figure=group / "prediction.svg",
        ),
        params=SimpleNamespace(settings=settings, seed=0),
        log=[root / "predict.log"],
    )
    table = read_table(group / "prediction.tsv").set_index(["features", "against", "metric"])
    scores = table.xs("balanced_accuracy", level="metric")
    assert scores.loc["small", "value"].iloc[0] > 0.9  # the groups rest or oscillate
    assert (group / "prediction.json").is_file()
    assert (group / "prediction.svg").stat().st_size < 120_000
    run_script(
        "report.py",
        input=SimpleNamespace(benchmarks=[]),
        output=[root / "report.html"],
        params=SimpleNamespace(
            settings={"title": "Two groups", "group": settings, "hierarchical": None},
            models={"small": MODEL},
            datasets={},
        ),
        wildcards=SimpleNamespace(cohort="cohort"),
        log=[root / "report.log"],
    )
    page = (root / "report.html").read_text()
    assert "group was predicted for participants that the models had not seen" in page
    assert "small: balanced accuracy" in page
