"""Measures of agreement between data of a system and what a model generates."""
