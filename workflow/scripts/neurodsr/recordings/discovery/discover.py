"""The recordings of a dataset.

Only the standard library is used, and no file is opened.
"""

from collections.abc import Mapping, Sequence

from neurodsr.recordings.discovery.bids import bids_names, bids_sources
from neurodsr.recordings.discovery.choice import (
    Values,
    in_order,
    is_chosen,
    nothing_kept,
    values_of,
)
from neurodsr.recordings.discovery.nwb import nwb_names, nwb_sources
from neurodsr.recordings.discovery.phenotype import phenotype_sources
from neurodsr.recordings.discovery.source import Source


def discover(
    dataset: str,
    format: str,
    files: Sequence[str],
    entities: Values | None = None,
    exclude: Sequence[Values] = (),
    *,
    merge: bool = False,
    diaries: Mapping[str, Sequence[str]] | None = None,
) -> list[Source]:
    """Find the recordings of a dataset from the names of its files.

    Parameters
    ----------
    dataset
        Name of the dataset, used in messages.
    format
        ``"nwb"``: every NWB file is a recording. ``"bids"``: files that agree in ``sub``,
        ``ses``, ``task``, ``acq`` and ``run`` are the modalities of one recording.
    files
        Paths relative to the root of the dataset, with ``/``.
    entities
        Keep only files with these values, e.g. ``{"task": ["rest"]}``; ``suffix`` may be among
        the keys. Numbers compare as numbers, so that ``run: [1]`` keeps ``run-01``.
    exclude
        Leave out files that have all values of one of these, e.g. ``{"sub": ["03"], "run": [2]}``.
    merge
        Whether all NWB files of one subject and session are one recording.
    diaries
        Participants with repeated rows by the path of a table below ``phenotype/``.

    Returns
    -------
    list of Source
        Sorted by name.

    Raises
    ------
    ConfigError
        Two recordings would have the same name, a name holds odd characters, or the filter keeps
        nothing of what is there.
    """
    names = bids_names(files) if format == "bids" else nwb_names(files)
    written = phenotype_sources(dataset, diaries or {}, files)
    kept = [name for name in names if is_chosen(values_of(name), entities, exclude)]
    diary = [one for one in written if is_chosen(values_of(one), entities, exclude)]
    if (names or written) and not (kept or diary):
        raise nothing_kept(dataset, [*names, *written], entities, exclude)
    if format == "bids":
        sources = bids_sources(dataset, kept, files) + diary
    else:
        sources = nwb_sources(dataset, kept, merge)
    return in_order(sources)
