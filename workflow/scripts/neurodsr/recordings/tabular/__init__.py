"""Signals in tables of text: numbers, categories, and instants in many spellings."""
