"""Does a series hold a state space? Delays, dimension, surrogates and a plain verdict."""
