"""What is told of each recording: definitions, and one tidy table of values."""
