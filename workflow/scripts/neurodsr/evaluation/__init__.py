"""How well a model reproduces the recorded system: invariant measures, floors and nulls."""
