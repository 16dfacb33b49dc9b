"""Raw files of one dataset: where they lie or will lie, and the recordings in them."""

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.recordings.cohort.people import table_files
from neurodsr.recordings.conversion.layout import converted_files, files_to_convert
from neurodsr.recordings.discovery import (
    BidsName,
    Listing,
    Source,
    choose,
    dataset_files,
    discover,
    list_files,
    parse_name,
)
from neurodsr.recordings.discovery.arrays import described_sources, sidecar_sources
from neurodsr.recordings.discovery.choice import fits, values_of
from neurodsr.recordings.discovery.nwb import nwb_names
from neurodsr.recordings.discovery.phenotype import (
    phenotype_sources,
    phenotype_tables,
    repeated_participants,
)
from neurodsr.simulate.participants import dataset_files_of, simulated_files, simulated_participants

RESOURCES = Path("resources")
Values = dict[str, list[str | int]]


class Dataset:
    """Raw files of one dataset: where they lie or will lie.

    Attributes
    ----------
    root
        Folder that holds them.
    folder
        Folder of the files that they are converted from, otherwise the same.
    local
        Whether they are the user's own, i.e. not made by a rule.
    prefix
        What the paths of its files start with.
    read
        Settings of reading, environment variables in paths filled in.
    """

    def __init__(self, name: str, spec: dict[str, Any]) -> None:
        self.name = name
        self.spec = spec
        self.local = "path" in spec and "convert" not in spec
        self.folder = with_variables(spec["path"]) if "path" in spec else RESOURCES / name
        self.root = self.folder if self.local else RESOURCES / name
        self.prefix = f"{self.root.as_posix()}/"
        self.read = {**spec["read"], "atlas": atlas_of(spec["read"])}

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
    def unconverted(self) -> list[str]:
        """Files to convert, relative to `folder`."""
        files = dataset_files(self.folder) if "path" in self.spec else self.retrieved
        try:
            return files_to_convert(self.spec["convert"]["kind"], files)
        except ConfigError as error:
            raise ConfigError(f"datasets.{self.name}.{error}") from None

    @cached_property
    def made_at_once(self) -> list[str]:
        """Files that one job writes for the whole dataset."""
        if "convert" in self.spec:
            return converted_files(self.spec["convert"]["kind"], self.unconverted)
        if "simulate" in self.spec:
            return dataset_files_of(self.spec["format"])
        return []

    def made_for(self, participant: str) -> list[str]:
        """Files that one job writes for one simulated participant."""
        return simulated_files(participant, self.spec["format"])

    @cached_property
    def listing(self) -> Listing:
        """All raw files, relative to the root, and which of them cannot be used."""
        if self.local:
            return list_files(self.root)
        if "simulate" in self.spec:
            made = [file for p in self.participants for file in self.made_for(p)]
            return Listing(sorted([*made, *self.made_at_once]))
        return Listing(self.made_at_once if "convert" in self.spec else self.retrieved)

    @property
    def files(self) -> list[str]:
        return self.listing.files

    @cached_property
    def diaries(self) -> dict[str, list[str]]:
        """Participants with repeated rows in the tables below ``phenotype/``."""
        tables = phenotype_tables(self.files) if self.local else []
        usable = [path for path in tables if path not in self.listing.blocked]
        return {path: repeated_participants(self.root / path) for path in usable}

    def sources(self, entities: Values, exclude: list[Values]) -> list[Source]:
        """Its recordings, those that the filters of a cohort leave."""
        if self.spec["format"] == "arrays":
            if "recordings" in self.spec:
                found = described_sources(self.name, self.spec["recordings"], self.files)
            else:
                found = sidecar_sources(self.name, self.root, self.files)
            return choose(self.name, found, entities, exclude)
        return discover(
            self.name,
            self.spec["format"],
            self.files,
            entities,
            exclude,
            merge=self.read["merge"],
            diaries=self.diaries,
        )

    def holds(self, wanted: Values) -> bool:
        """Whether a file, or a recording that is described, has certain entities."""
        items: list[BidsName | Source] = [*nwb_names(self.files)]
        if self.spec["format"] == "arrays":
            items = [*self.sources({}, [])]
        elif self.spec["format"] == "bids":
            items = [*map(parse_name, self.files)]
            items += phenotype_sources(self.name, self.diaries, self.files)
        return any(fits(values_of(item), wanted) for item in items)

    def about(self) -> dict[str, Any]:
        """What the table of a cohort needs to know of it beside its recordings."""
        labels = {parse_name(file).entities.get("sub", "") for file in self.files}
        return {
            "root": self.root.as_posix(),
            "tables": [f for f in table_files(self.files) if f not in self.listing.blocked],
            "labels": sorted(labels - {""}),
            "files": len(self.files),
            "blocked": self.listing.blocked,
        }

    def usable(self, files: Iterable[str]) -> list[str]:
        """Paths of those files that can be read."""
        return self.paths(file for file in files if file not in self.listing.blocked)

    def paths(self, files: Iterable[str]) -> list[str]:
        return [f"{self.prefix}{file}" for file in files]

    @cached_property
    def atlas(self) -> list[str]:
        """Paths of the files of the atlas, the user's own."""
        return [path for path in (self.read["atlas"] or {}).values() if path]

    def owns(self, path: str) -> bool:
        """Whether a path is a file of the user."""
        return path in self.atlas or (self.local and path.startswith(self.prefix))

    def file(self, name: str) -> str | None:
        """Path of a file at the top of the dataset, if there is one of that name."""
        return (self.root / name).as_posix() if name in self.files else None


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


def atlas_of(read: dict[str, Any]) -> dict[str, str | None] | None:
    """Paths of an atlas with their environment variables filled in."""
    atlas = read["atlas"]
    return atlas and {k: v and with_variables(v).as_posix() for k, v in atlas.items()}
