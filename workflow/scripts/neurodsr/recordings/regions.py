"""One name for each brain region, however a session spells it."""

from collections.abc import Mapping, Sequence
from typing import Any

from neurodsr.errors import ConfigError

COLUMNS = ("location", "region", "brain_region", "brain_area", "area")


def spellings(regions: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Name of a region by each of its spellings, in the plain form that is compared.

    Parameters
    ----------
    regions
        Other spellings by name, the setting ``regions`` of `read.schema.yaml`.

    Raises
    ------
    ConfigError
        One spelling stands for two regions, or has neither letter nor digit.
    """
    known: dict[str, str] = {}
    for name, others in regions.items():
        for spelling in (name, *others):
            plain = plain_form(spelling)
            if not plain:
                raise ConfigError(f"regions.{name}: {spelling!r} has neither letter nor digit")
            if known.setdefault(plain, name) != name:
                raise ConfigError(
                    f"regions.{name}: {spelling!r} also stands for {known[plain]!r}; keep one"
                )
    return known


def plain_form(name: str) -> str:
    """A name without case, spaces and punctuation: ``CA1 (left)`` and ``ca1,left`` are equal."""
    return "".join(character for character in name.casefold() if character.isalnum())


def unified(columns: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Columns of a table, with the regions in them named as `spellings` says."""
    return {
        name: [known.get(plain_form(str(value)), str(value)) for value in values]
        if name in COLUMNS and known
        else values
        for name, values in columns.items()
    }
