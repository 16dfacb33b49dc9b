"""What runs again after which change: everything that must, and nothing else."""

import os
import shutil

import numpy as np
import pytest

from project import oscillation, write_timeseries

BRANCH = {
    "ingest_recording",
    "preprocess_recording",
    "check_state_space",
    "train_model",
    "evaluate_model",
    "analyse_model",
}
MODEL = {"train_model", "evaluate_model", "analyse_model"}
COHORT = {"collect_features", "compare_groups", "write_report", "all"}


def of(subject):
    return f"sub-{subject}_task-rest"


def recording_jobs(jobs):
    return {job for job in jobs if job[1]}


def rules(jobs):
    return {rule for rule, _ in jobs}


def raw_file(project, subject):
    return project.data / f"sub-{subject}/func/{of(subject)}_timeseries.tsv"


def test_nothing_is_left_to_do_after_a_run(finished):
    assert finished.planned() == set()


def test_touched_data_and_scripts_run_nothing(project):
    later = 2e9
    for path in project.data.rglob("*"):
        os.utime(path, (later, later))
    for path in (project.folder / "workflow").rglob("*.py"):
        os.utime(path, (later, later))
    assert project.planned() == set()


def test_new_content_with_an_older_time_stamp_runs_that_branch_and_the_group(project):
    path = raw_file(project, "02")
    write_timeseries(path, oscillation(0.7, seed=99))
    os.utime(path, (1e9, 1e9))
    jobs = project.planned()
    assert recording_jobs(jobs) == {(rule, of("02")) for rule in BRANCH}
    assert rules(jobs) - BRANCH == COHORT | {"discover_cohort"}


def test_a_sidecar_inside_the_folder_runs_all_that_inherit_it(project):
    (project.data / "task-rest_timeseries.json").write_text('{"RepetitionTime": 0.06}')
    jobs = recording_jobs(project.planned())
    subjects = project.subjects()
    assert jobs == {(rule, of(subject)) for rule in BRANCH for subject in subjects}


def test_a_changed_group_runs_the_group_stage_only(project):
    table = project.data / "participants.tsv"
    table.write_text(table.read_text().replace("sub-01\tcontrol", "sub-01\tpatient"))
    jobs = project.planned()
    assert recording_jobs(jobs) == set()
    assert rules(jobs) == COHORT | {"discover_cohort"}


def test_an_added_subject_runs_its_branch_and_the_group(project):
    project.add("05")
    project.describe()
    jobs = project.planned()
    assert recording_jobs(jobs) == {(rule, of("05")) for rule in BRANCH}
    assert rules(jobs) - BRANCH == COHORT | {"discover_cohort"}


def test_a_removed_subject_runs_the_group_only(project):
    shutil.rmtree(project.data / "sub-03")
    project.describe()
    jobs = project.planned()
    assert recording_jobs(jobs) == set()
    assert rules(jobs) == COHORT | {"discover_cohort"}


def test_a_parameter_of_a_model_trains_that_model_only(project):
    def second_model(config):
        config["models"]["other"] = {**config["models"]["small"], "hidden": 6}
        config["cohorts"]["study"]["models"] = ["small", "other"]

    project.configure(second_model)
    jobs = project.planned()
    text = project.snakemake("--dry-run")
    assert rules(recording_jobs(jobs)) == MODEL
    assert "models/other/fit.nc" in text
    assert "output: results/study/sub-01_task-rest/models/small/fit.nc" not in text


def test_a_changed_library_module_runs_the_rules_that_use_it(project):
    module = project.folder / "workflow/scripts/neurodsr/evaluation/measures/geometry.py"
    module.write_text(module.read_text() + "\nNEW_CONSTANT = 1\n")
    jobs = project.planned()
    assert rules(recording_jobs(jobs)) == {"evaluate_model"}
    assert "collect_features" in rules(jobs)


def test_a_comment_in_a_library_module_runs_nothing(project):
    module = project.folder / "workflow/scripts/neurodsr/evaluation/measures/geometry.py"
    module.write_text(module.read_text() + "\n# a remark\n")
    assert project.planned() == set()


@pytest.mark.parametrize("stage", ["ingest", "preprocess", "statespace", "train", "evaluate",
                                   "analyse", "group", "report", "discover"])  # fmt: skip
def test_every_stage_has_a_target_that_is_done(finished, stage):
    assert finished.planned(stage) == set()


def test_the_same_configuration_gives_the_same_numbers(finished, tmp_path):
    import xarray as xr

    name = f"results/study/{of('01')}/models/small/fit.nc"
    target = tmp_path / "again"
    shutil.copytree(finished.folder, target, ignore=shutil.ignore_patterns("results"))
    type(finished)(target).snakemake(name)
    with xr.open_dataset(finished.folder / name) as a, xr.open_dataset(target / name) as b:
        for variable in a.data_vars:
            if a[variable].dtype.kind == "f":
                np.testing.assert_array_equal(a[variable].values, b[variable].values)
