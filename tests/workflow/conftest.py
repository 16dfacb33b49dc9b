"""A small project, run once for all tests."""

import shutil

import pytest

from project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project that was run to its end; not to be changed."""
    project = Project(tmp_path_factory.mktemp("finished")).create()
    project.snakemake()
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished project, to be changed."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Project(folder)
