"""What kind of system a trained model is: fixed points, exponents, limit sets."""
