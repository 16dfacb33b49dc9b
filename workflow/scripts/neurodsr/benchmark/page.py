"""The summary as a page of text that reads well in a terminal, too."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodsr.benchmark.across import across
from neurodsr.benchmark.runs import spectrum_of

COLUMNS = ("model", "parameters", "updates", "runs", "failed", "at rest, cycling", "D_stsp", "D_H",
           "PE", "chosen run", "largest exponent (1/s)", "exponents (1/s)", "CPU s")  # fmt: skip
ACROSS = (
    "model",
    "recordings",
    "runs",
    "failed",
    "D_stsp",
    "D_H",
    "PE",
    "chosen run",
    "least D_stsp in",
)
LONGEST = 44


def write_page(
    title: str, conventions: Mapping[str, str], summary: pd.DataFrame, runs: pd.DataFrame
) -> str:
    """Markdown: one table a recording, and one for all of them where there are several.

    Parameters
    ----------
    title
        Heading.
    conventions
        By recording, how the scores were made.
    summary
        See `summary.SUMMARY`.
    runs
        See `runs.RUNS`.
    """
    parts = [
        f"# {title}",
        "Median ± median absolute deviation over runs. failed: runs whose training failed, whose "
        "free run diverged or came to rest; they count in the medians as long as they are finite. "
        "at rest, cycling: shares of initial conditions from which free runs come to a point (or "
        "leave all bounds), and to a cycle. chosen run: D_stsp and D_H of the run that training "
        "itself prefers to the others, by the data that it saw.",
    ]
    together = [
        (row["name"], *(str(row[n]) for n in ("recordings", "runs", "failed")),
         *(spread(row[m], row[f"{m}_mad"]) for m in ("D_stsp", "D_H", "PE")), chosen(row),
         str(row["least"]))
        for row in across(runs)
    ]  # fmt: skip
    if together:
        parts += [
            "## All recordings",
            "Over all runs of all recordings, and in how many recordings a model's median D_stsp is"
            " the least.",
            table([ACROSS, *together]),
        ]
    for recording, rows in summary.groupby("recording", sort=False):
        notes = [f"- {row['name']}: {row['note']}" for row in records(rows) if text(row["note"])]
        parts += [
            f"## {recording}",
            conventions[str(recording)],
            table([COLUMNS, *(cells(row) for row in records(rows))]),
            "\n".join(notes),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    return rows.to_dict("records")


def cells(row: Mapping[Any, Any]) -> Sequence[str]:
    """One row of the summary as text, in the order of `COLUMNS`."""
    states = ("failed", "diverged", "decayed")
    bad = "" if pd.isna(row["failure_rate"]) else sum(row[s] for s in states if pd.notna(row[s]))
    return (
        row["name"],
        whole(row["parameters"]),
        whole(row["updates"]),
        whole(row["runs"]),
        str(bad),
        ", ".join(percent(row[share]) for share in ("stopped_rate", "periodic_rate")).strip(", "),
        *(spread(row[m], row[f"{m}_mad"]) for m in ("D_stsp", "D_H", "PE")),
        chosen(row),
        spread(row["lyapunov_max"], row["lyapunov_max_mad"]),
        shortened([f"{value:.3f}" for value in spectrum_of(row["lyapunov"]).round(3) + 0.0]),
        whole(row["cpu_seconds"]),
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are aligned, the first to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        first = row[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        return f"| {' | '.join([first, *rest])} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(rows[0]), line(rule), *map(line, rows[1:])])


def spread(value: float, mad: float) -> str:
    """``0.176 ± 0.005``; empty for no value."""
    if pd.isna(value):
        return ""
    return f"{value:.3g}" if pd.isna(mad) else f"{value:.3g} ± {mad:.1g}"


def chosen(row: Mapping[Any, Any]) -> str:
    """``0.082, 0.0571``: two scores of one run."""
    return ", ".join(spread(row[f"{m}_chosen"], np.nan) for m in ("D_stsp", "D_H")).strip(", ")


def percent(share: float) -> str:
    return "" if pd.isna(share) else f"{share:.0%}"


def whole(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.0f}"


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def shortened(exponents: Sequence[str]) -> str:
    """As many exponents as fit into a column."""
    kept = [text for i, text in enumerate(exponents) if len(" ".join(exponents[: i + 1])) < LONGEST]
    return " ".join([*kept, "..."] if len(kept) < len(exponents) else kept)
