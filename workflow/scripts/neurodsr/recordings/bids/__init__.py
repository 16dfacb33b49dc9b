"""Recordings in datasets that follow the Brain Imaging Data Structure."""

from neurodsr.recordings.bids.read import read_bids

__all__ = ["read_bids"]
