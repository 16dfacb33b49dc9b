"""What a configuration asks for: the files of its datasets, the recordings of its cohorts.

Everything here follows from the configuration and from file names alone, so that the whole graph
of jobs is known before the first one starts, even when the raw files are yet to be made.
"""

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.preprocess.settings import problems_of_preprocessing
from neurodsr.recordings.cohort.people import table_files
from neurodsr.recordings.discovery import Source
from orchestration import config as configuration
from orchestration.dataset import Dataset
from orchestration.digests import FileDigests
from orchestration.problems import (
    formats_of,
    problems_of_arrays,
    problems_of_atlas,
    problems_of_design,
    problems_of_path,
    problems_of_reading,
)


class Plan:
    """A checked configuration and what follows from it.

    Raises
    ------
    ConfigError
        One line for each problem, naming the key, its value and the nearest valid one.
    """

    def __init__(self, config: dict[str, Any], memory: Path) -> None:
        try:
            self.config = configuration.complete(config)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        problems = list(self.problems())
        if problems:
            raise ConfigError("\n".join(problems))
        self.digests = FileDigests(memory)
        self.datasets = {n: Dataset(n, spec) for n, spec in self.config["datasets"].items()}
        self.recordings = {cohort: self.discover(cohort) for cohort in self.cohorts}

    def problems(self) -> Iterable[str]:
        """What a schema cannot see: names that refer to nothing, missing paths."""
        for name, spec in self.config["datasets"].items():
            origins = [key for key in ("path", "retrieve", "simulate") if key in spec]
            if len(origins) != 1:
                given = ", ".join(origins) or "none of them"
                yield f"datasets.{name}: needs one of path, retrieve, simulate; got {given}"
            if "convert" in spec and "simulate" in spec:
                yield f"datasets.{name}.convert: simulated files need no conversion"
            yield from problems_of_arrays(f"datasets.{name}.recordings", spec)
            if spec["format"] not in formats_of(spec):
                valid = " or ".join(formats_of(spec))
                yield f"datasets.{name}.format: a simulated {spec['simulate']['system']} is {valid}"
            if "path" in spec:
                yield from problems_of_path(f"datasets.{name}.path", spec["path"])
            yield from problems_of_atlas(f"datasets.{name}.read.atlas", spec["read"])
            yield from problems_of_reading(f"datasets.{name}.read", spec["read"])
        for cohort, study in self.config["cohorts"].items():
            yield from problems_of_preprocessing(
                f"cohorts.{cohort}.preprocess", study["preprocess"]
            )
            yield from problems_of_design(f"cohorts.{cohort}", study, self.config["datasets"])
            shared = study["hierarchical"]
            asked = {**study, "hierarchical.model": [shared["model"]] if shared else []}
            for kind in ("datasets", "models", "hierarchical.model"):
                for name in asked[kind]:
                    table = "datasets" if kind == "datasets" else "models"
                    if name not in self.config[table]:
                        known = list(self.config[table])
                        yield (
                            f"cohorts.{cohort}.{kind}: {name!r} is not among the {table}"
                            f"{configuration.nearest(name, known)}; known: {', '.join(known)}"
                        )
            similar = study["group"]["similarity"]
            if similar is not None:
                if similar["model"] not in (None, *study["models"]):
                    yield (
                        f"cohorts.{cohort}.group.similarity.model: {similar['model']!r} is not"
                        f" among the models of the cohort ({', '.join(study['models'])})"
                    )
                if "vectors" in similar["measure"] and shared is None:
                    yield (
                        f"cohorts.{cohort}.group.similarity.measure: vectors are of a hierarchical"
                        " model; set `hierarchical` or leave them out"
                    )

    @property
    def cohorts(self) -> dict[str, dict[str, Any]]:
        return dict(self.config["cohorts"])

    def discover(self, cohort: str) -> dict[str, Source]:
        """Recordings of a cohort by name, from file names alone."""
        study = self.cohorts[cohort]
        found: dict[str, Source] = {}
        for wanted in study["exclude"]:
            if not any(self.datasets[name].holds(wanted) for name in study["datasets"]):
                raise ConfigError(f"cohorts.{cohort}.exclude: {wanted} fits no file; mend it")
        for name in study["datasets"]:
            dataset = self.datasets[name]
            for source in dataset.sources(study["entities"], study["exclude"]):
                if source.recording in found:
                    raise ConfigError(
                        f"cohorts.{cohort}.datasets: {name!r} and "
                        f"{found[source.recording].dataset!r} both hold {source.recording!r}"
                    )
                found[source.recording] = source
        if not found:
            raise ConfigError(
                f"cohorts.{cohort}: no recording found in {', '.join(study['datasets'])}"
                f"{' with entities ' + str(study['entities']) if study['entities'] else ''}"
            )
        return dict(sorted(found.items()))

    def source(self, cohort: str, recording: str) -> dict[str, Any]:
        """What the reader of one recording needs to know."""
        source = self.recordings[cohort][recording]
        dataset = self.datasets[source.dataset]
        return {
            "dataset": source.dataset,
            "format": source.format,
            "root": dataset.root.as_posix(),
            "recording": source.recording,
            "files": list(source.files),
            "entities": dict(source.entities),
            "described": source.described,
            "blocked": {
                file: dataset.listing.blocked[file]
                for file in source.files
                if file in dataset.listing.blocked
            },
        }

    def sources(self, cohort: str) -> list[dict[str, Any]]:
        return [self.source(cohort, recording) for recording in self.recordings[cohort]]

    def raw_files(self, cohort: str, recording: str) -> list[str]:
        """Paths of the raw files of one recording, and of the atlas that is laid over them.

        Links to nothing and links out of the dataset are none of them.
        """
        source = self.recordings[cohort][recording]
        dataset = self.datasets[source.dataset]
        return [*dataset.usable(source.files), *dataset.atlas]

    def about(self, cohort: str) -> dict[str, dict[str, Any]]:
        """What the table of a cohort needs to know of its datasets beside their recordings."""
        return {name: self.datasets[name].about() for name in self.cohorts[cohort]["datasets"]}

    def about_people(self, cohort: str) -> list[str]:
        """Paths of the tables of participants, sessions and scans of a cohort's datasets."""
        datasets = [self.datasets[name] for name in self.cohorts[cohort]["datasets"]]
        return [path for d in datasets for path in d.usable(table_files(d.files))]

    def owns(self, path: str) -> bool:
        """Whether a path is a file of the user, i.e. not made by a rule."""
        return any(dataset.owns(path) for dataset in self.datasets.values())

    def tables(self, cohort: str, name: str) -> list[str]:
        """Paths of the tables of that name (participants.tsv, truth.tsv) of a cohort's datasets."""
        paths = (self.datasets[dataset].file(name) for dataset in self.cohorts[cohort]["datasets"])
        return [path for path in paths if path]

    def content(self, cohort: str, paths: Iterable[str]) -> str:
        """Digest of those files that are the user's own.

        Snakemake judges the files that its own rules make; of a user's files only the content
        counts, whatever their time stamps say.
        """
        datasets = [self.datasets[name] for name in self.cohorts[cohort]["datasets"]]
        digest = self.digests.of(p for p in paths if any(d.owns(p) for d in datasets))
        self.digests.save()
        return digest

    def unconverted_content(self, name: str) -> str:
        """Digest of the user's files that a dataset is converted from."""
        dataset = self.datasets[name]
        if "path" not in dataset.spec:
            return ""
        digest = self.digests.of(dataset.folder / file for file in dataset.unconverted)
        self.digests.save()
        return digest

    def seed(self, *names: str) -> int:
        """Seed of one recording or one of its models: depends on nothing but seed and names."""
        return zlib.crc32("/".join([str(self.config["seed"]), *names]).encode())
