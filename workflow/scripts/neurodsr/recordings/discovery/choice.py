"""Choice of some recordings of a dataset by their entities.

Only the standard library is used.
"""

from collections.abc import Iterable, Mapping, Sequence

from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery.names import BidsName, same_value
from neurodsr.recordings.discovery.source import Source, require_unique

Values = Mapping[str, Sequence[str | int]]


def choose(
    dataset: str,
    sources: Sequence[Source],
    entities: Values | None = None,
    exclude: Sequence[Values] = (),
) -> list[Source]:
    """Those recordings of a dataset that have certain entities, sorted by name.

    Raises
    ------
    ConfigError
        None is left, or two have the same name.
    """
    kept = [source for source in sources if is_chosen(values_of(source), entities, exclude)]
    if sources and not kept:
        raise nothing_kept(dataset, sources, entities, exclude)
    return in_order(kept)


def in_order(sources: Iterable[Source]) -> list[Source]:
    """Sorted by name, which must differ."""
    ordered = sorted(sources, key=lambda source: source.recording)
    require_unique(ordered)
    return ordered


def values_of(item: BidsName | Source) -> dict[str, str]:
    """What a filter may ask for: the entities of a file or recording and its suffix."""
    suffix = item.suffix if isinstance(item, BidsName) else item.format
    return {"suffix": suffix, **item.entities}


def is_chosen(
    values: Mapping[str, str], entities: Values | None, exclude: Sequence[Values]
) -> bool:
    """Whether something of these values passes the filters (see `discover`)."""
    return fits(values, entities or {}) and not any(fits(values, one) for one in exclude)


def fits(values: Mapping[str, str], wanted: Values) -> bool:
    """Whether each key that is asked for has one of the values that are asked for."""
    return all(
        key in values and any(same_value(values[key], str(one)) for one in allowed)
        for key, allowed in wanted.items()
    )


def nothing_kept(
    dataset: str,
    items: Sequence[BidsName | Source],
    entities: Values | None,
    exclude: Sequence[Values],
) -> ConfigError:
    """Say what was asked for and what there is."""
    asked = {key: None for wanted in (entities or {}, *exclude) for key in wanted}
    there = {key: sorted({values_of(item).get(key, "") for item in items} - {""}) for key in asked}
    known = "; ".join(f"{key}: {', '.join(values) or 'none'}" for key, values in there.items())
    without = f" without {list(map(dict, exclude))}" if exclude else ""
    return ConfigError(
        f"{dataset}: entities: {dict(entities or {})}{without} keeps none of {len(items)} files;"
        f" there are {known}"
    )
