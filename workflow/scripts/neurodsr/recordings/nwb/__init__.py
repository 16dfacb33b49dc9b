"""Recordings in Neurodata Without Borders files, HDF5 or Zarr."""

from neurodsr.recordings.nwb.session import read_nwb

__all__ = ["read_nwb"]
