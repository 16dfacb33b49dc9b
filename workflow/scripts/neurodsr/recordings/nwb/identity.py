"""What a written NWB file says of a subject nobody knows, and its identifiers."""

import uuid
from pathlib import Path

import h5py

UNIDENTIFIED = "http://purl.obolibrary.org/obo/NCBITaxon_32644"
"""Species of a subject of whom none is known, as the taxonomy of the NCBI has it."""
SYNTHETIC = "http://purl.obolibrary.org/obo/NCBITaxon_32630"
"""The same taxonomy's entry for what is made by man: a simulation."""
ANY_AGE = "P0D/"
"""Age of a subject of whom none is known: at least zero days."""
NAMESPACE = uuid.UUID("1b6d7c1e-52a2-5c0f-9d0c-0d2f6a7e3c55")


def derive_object_ids(name: Path, identifier: str) -> None:
    """Replace the random object identifiers of a file by ones told from its identifier."""

    def derive(where: str, node: h5py.HLObject) -> None:
        if "object_id" in node.attrs:
            derived = uuid.uuid5(NAMESPACE, f"{identifier} {where}")
            node.attrs.modify("object_id", str(derived))

    with h5py.File(name, "r+") as file:
        derive("/", file)
        file.visititems(derive)
