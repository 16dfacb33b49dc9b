"""Each modality of a recording on the common clock."""
