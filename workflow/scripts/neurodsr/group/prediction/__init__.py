"""Prediction of properties of people from features, by nested cross-validation."""
