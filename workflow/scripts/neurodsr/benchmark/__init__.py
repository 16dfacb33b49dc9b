"""Models compared with each other, the noise floor, nulls and published numbers."""
