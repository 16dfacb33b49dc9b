"""Chosen channels together: detrended, scaled, reduced, embedded."""
