"""How alike the dynamics of recordings are: distances, and what structure they have."""
