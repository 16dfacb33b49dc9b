"""neurodsr: dynamical systems reconstruction from neural and behavioural recordings."""

__version__ = "0.1.0"
