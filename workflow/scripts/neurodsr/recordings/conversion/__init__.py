"""Files as others publish them, written as datasets of the standard format."""
