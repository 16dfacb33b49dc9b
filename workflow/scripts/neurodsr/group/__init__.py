"""From single recordings to a cohort: features, their reliability, and what differs."""
