"""Systems with known answers."""
