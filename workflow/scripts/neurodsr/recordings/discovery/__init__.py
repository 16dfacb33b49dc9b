"""Which recordings a dataset holds, told from file names.

Only the standard library is used: the workflow asks at every start.
"""

from neurodsr.recordings.discovery.bids import FileIndex, companions, folders_of
from neurodsr.recordings.discovery.choice import choose
from neurodsr.recordings.discovery.discover import discover
from neurodsr.recordings.discovery.listing import Listing, dataset_files, list_files
from neurodsr.recordings.discovery.names import SIGNAL_EXTENSIONS, BidsName, is_signal, parse_name
from neurodsr.recordings.discovery.source import Source, require_unique

__all__ = [
    "SIGNAL_EXTENSIONS",
    "BidsName",
    "FileIndex",
    "Listing",
    "Source",
    "choose",
    "companions",
    "dataset_files",
    "discover",
    "folders_of",
    "is_signal",
    "list_files",
    "parse_name",
    "require_unique",
]
