"""Delay coordinates: which delays and how many, for one channel or for several together."""
