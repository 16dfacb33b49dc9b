"""From a recording with many clocks to one model-ready series."""
