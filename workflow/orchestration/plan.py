"""What a configuration asks for: the files of its datasets, the recordings of its cohorts.

Everything here follows from the configuration and from file names alone, so that the whole graph
of jobs is known before the first one starts, even when the raw files are yet to be made.
"""

import difflib
import os
import zlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.recordings.described import described_sources
from neurodsr.recordings.discovery import Source, dataset_files, discover
from neurodsr.recordings.layout import converted_files
from neurodsr.simulate.participants import dataset_files_of, simulated_files, simulated_participants
from orchestration import config as configuration
from orchestration.digests import FileDigests

RESOURCES = Path("resources")


class Dataset:
    """Raw files of one dataset: where they lie or will lie.

    Attributes
    ----------
    root
        Folder that holds them.
    local
        Whether they are the user's own, i.e. not made by a rule.
    """

    def __init__(self, name: str, spec: dict[str, Any]) -> None:
        self.name = name
        self.spec = spec
        self.local = "path" in spec
        self.root = with_variables(spec["path"]) if self.local else RESOURCES / name

    @cached_property
    def participants(self) -> dict[str, str]:
        """Simulated participants and their groups."""
        if "simulate" not in self.spec:
            return {}
        return dict(simulated_participants(self.name, self.spec["simulate"]))

    @cached_property
    def retrieved(self) -> list[str]:
        return sorted(self.spec.get("retrieve", {}).get("files", {}))

    @cached_property
    def made_at_once(self) -> list[str]:
        """Files that one job writes for the whole dataset."""
        if "convert" in self.spec:
            return converted_files(self.retrieved)
        if "simulate" in self.spec:
            return dataset_files_of(self.spec["format"])
        return []

    def made_for(self, participant: str) -> list[str]:
        """Files that one job writes for one simulated participant."""
        return simulated_files(participant, self.spec["format"])

    @cached_property
    def files(self) -> list[str]:
        """All raw files, relative to the root."""
        if self.local:
            return dataset_files(self.root)
        if "simulate" in self.spec:
            made = [file for p in self.participants for file in self.made_for(p)]
            return sorted([*made, *self.made_at_once])
        return self.made_at_once if "convert" in self.spec else self.retrieved

    def sources(self, entities: dict[str, list[str]] | None) -> list[Source]:
        """Its recordings, those with certain entities."""
        if self.spec["format"] == "arrays":
            return described_sources(self.name, self.spec["recordings"], self.files, entities)
        return discover(self.name, self.spec["format"], self.files, entities)

    def paths(self, files: Iterable[str]) -> list[str]:
        return [(self.root / file).as_posix() for file in files]

    def file(self, name: str) -> str | None:
        """Path of a file at the top of the dataset, if there is one of that name."""
        return (self.root / name).as_posix() if name in self.files else None


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
            if "convert" in spec and "retrieve" not in spec:
                yield f"datasets.{name}.convert: only files that are retrieved can be converted"
            if (spec["format"] == "arrays") != ("recordings" in spec):
                yield f"datasets.{name}.recordings: needed by the format arrays, and by it alone"
            if spec["format"] not in formats_of(spec):
                valid = " or ".join(formats_of(spec))
                yield f"datasets.{name}.format: a simulated {spec['simulate']['system']} is {valid}"
            if "path" in spec:
                yield from problems_of_path(f"datasets.{name}.path", spec["path"])
        for cohort, study in self.config["cohorts"].items():
            splits = study["preprocess"]["splits"]
            if splits["column"] is not None and study["preprocess"]["trials"] is None:
                yield (
                    f"cohorts.{cohort}.preprocess.splits.column: {splits['column']!r} is a column"
                    " of a table of trials; name the table in preprocess.trials"
                )
            for kind in ("datasets", "models"):
                for name in study[kind]:
                    if name not in self.config[kind]:
                        known = list(self.config[kind])
                        yield (
                            f"cohorts.{cohort}.{kind}: {name!r} is not among the {kind}"
                            f"{configuration.nearest(name, known)}; known: {', '.join(known)}"
                        )

    @property
    def cohorts(self) -> dict[str, dict[str, Any]]:
        return dict(self.config["cohorts"])

    def discover(self, cohort: str) -> dict[str, Source]:
        """Recordings of a cohort by name, from file names alone."""
        study = self.cohorts[cohort]
        found: dict[str, Source] = {}
        for name in study["datasets"]:
            dataset = self.datasets[name]
            entities = study["entities"] or None
            for source in dataset.sources(entities):
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
        described = dataset.spec.get("recordings", {}).get(source.entities.get("sub"))
        return {
            "dataset": source.dataset,
            "format": source.format,
            "root": dataset.root.as_posix(),
            "recording": source.recording,
            "files": list(source.files),
            "entities": dict(source.entities),
            **({"described": described} if described else {}),
        }

    def sources(self, cohort: str) -> list[dict[str, Any]]:
        return [self.source(cohort, recording) for recording in self.recordings[cohort]]

    def raw_files(self, cohort: str, recording: str) -> list[str]:
        """Paths of the raw files of one recording."""
        source = self.recordings[cohort][recording]
        return self.datasets[source.dataset].paths(source.files)

    def tables(self, cohort: str, name: str) -> list[str]:
        """Paths of the tables of that name (participants.tsv, truth.tsv) of a cohort's datasets."""
        paths = (self.datasets[dataset].file(name) for dataset in self.cohorts[cohort]["datasets"])
        return [path for path in paths if path]

    def content(self, cohort: str, paths: Iterable[str]) -> str:
        """Digest of those files that are the user's own.

        Snakemake judges the files that its own rules make; of a user's files only the content
        counts, whatever their time stamps say.
        """
        own = [
            self.datasets[name].root.as_posix() + "/"
            for name in self.cohorts[cohort]["datasets"]
            if self.datasets[name].local
        ]
        digest = self.digests.of(path for path in paths if path.startswith(tuple(own)))
        self.digests.save()
        return digest

    def seed(self, *names: str) -> int:
        """Seed of one recording or one of its models: depends on nothing but seed and names."""
        return zlib.crc32("/".join([str(self.config["seed"]), *names]).encode())


def formats_of(spec: dict[str, Any]) -> tuple[str, ...]:
    """Formats that a dataset can have; what is simulated is written by a writer of that format."""
    if "simulate" not in spec:
        return (spec["format"],)
    return ("nwb", "bids") if "groups" in spec["simulate"] else ("nwb",)


def with_variables(path: str) -> Path:
    """A path with its environment variables filled in.

    Raises
    ------
    ConfigError
        When one is not set.
    """
    try:
        return Path(Template(path).substitute(os.environ))
    except KeyError as error:
        raise ConfigError(
            f"{path!r}: the environment variable {error.args[0]} is not set; set it to the folder"
            " that it stands for"
        ) from None
    except ValueError:
        raise ConfigError(f"{path!r}: a lone $; write $NAME for a variable, $$ for $") from None


def problems_of_path(where: str, path: str) -> Iterable[str]:
    """What is wrong with the folder of a dataset."""
    try:
        folder = with_variables(path)
    except ConfigError as error:
        yield f"{where}: {error}"
        return
    if not folder.is_dir():
        yield f"{where}: {folder.as_posix()!r} is not a folder{nearest_path(folder)}"


def nearest_path(path: Path) -> str:
    """Hint at a sibling of similar name."""
    try:
        siblings = [entry.name for entry in path.parent.iterdir() if entry.is_dir()]
    except OSError:
        return f"; {path.parent.as_posix()!r} does not exist either"
    match = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.5)
    return f", did you mean {(path.parent / match[0]).as_posix()!r}?" if match else ""
