"""One self-contained page for a cohort."""
