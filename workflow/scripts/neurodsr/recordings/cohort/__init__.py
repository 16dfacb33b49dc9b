"""Who was recorded, what the files say at a glance, and what of it can be used."""
