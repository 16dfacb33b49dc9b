"""Group sizes that a README states, against those of the tables."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

PEOPLE = r"(?:subjects?|participants?|patients?|controls?|volunteers?|individuals?|persons?|people)"
IN_GROUP = re.compile(
    rf"\bgroups?\b[^.;\n]{{0,30}}?\(\s*(?:n\s*=\s*)?(\d+)(?:\s+{PEOPLE})?\s*\)", re.IGNORECASE
)


def contradictions(
    text: str, groups: Iterable[str], total: int, known: Mapping[str, Sequence[str]]
) -> list[str]:
    """Where a README counts people otherwise than a table does.

    Two ways of counting are understood: a number right before or behind the name of a group
    (``12 controls``, ``controls (n = 12)``), and ``group X (12 subjects)`` for every group.

    Parameters
    ----------
    text
        Of the README.
    groups
        Group of each participant in the table.
    total
        Number of participants in the table.
    known
        Further words for a group, by its name (labels of the data dictionary).

    Returns
    -------
    list of str
        One sentence for each contradiction; what the table says is what counts.
    """
    counts = Counter(groups)
    found = []
    for group, count in sorted(counts.items()):
        words = "|".join(
            re.escape(word) for word in (group, *known.get(group, ())) if len(word) > 1
        )
        if not words:
            continue
        name = rf"(?:{words})s?"
        before = rf"(?<![\w.])(\d+)\s+(?:\w+\s+)?{name}\b"
        behind = rf"\b{name}\b\s*[(:]\s*(?:n\s*=\s*)?(\d+)(?![\w.]\d)"
        pattern = f"{before}|{behind}"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            stated = int(match[1] or match[2])
            if stated != count and stated <= 10 * total:
                found.append(_sentence(f"{stated} in the group {group}", str(count)))
    stated_sizes = [int(size) for size in IN_GROUP.findall(text)]
    sizes = sorted(counts.values())
    if len(counts) > 1 and len(stated_sizes) == len(counts) and sorted(stated_sizes) != sizes:
        theirs = " and ".join(map(str, sorted(stated_sizes)))
        found.append(_sentence(f"groups of {theirs}", " and ".join(map(str, sizes))))
    return list(dict.fromkeys(found))


def _sentence(stated: str, counted: str) -> str:
    return f"README: says {stated}, participants.tsv holds {counted}; the table is trusted"
