"""Models of other families as they are stored and simulated."""
