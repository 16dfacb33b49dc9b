"""Exact analysis of the canonical piecewise-linear map, region by region."""
