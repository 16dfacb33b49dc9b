"""Sentences on what was compared, what was found and what was not, for a reader to quote."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from neurodsr.report.study import GroupResults
from neurodsr.report.text import counted, interval, listed, number, plain


def group_sentences(
    statistics: pd.DataFrame, summary: Mapping[str, Any], rate: float
) -> Iterator[str]:
    """What differs between the groups, with effect sizes, and what was left out."""
    yield summary["statement"]
    if not summary["groups"]:
        return
    first, second = summary["groups"]
    family = statistics[statistics["family"] == "dynamics"]
    tested = family[family["tested"] == 1]
    found = tested[tested["q"] < rate].assign(size=lambda rows: rows["hedges_g"].abs())
    found = found.sort_values(["p", "size"], ascending=[True, False])
    left_out = len(family) - len(tested)
    if tested.empty:
        yield (
            "No difference in the dynamics was tested: no feature is reliable over runs and has "
            "values in enough subjects."
        )
        return
    if found.empty:
        yield (
            f"No difference in the dynamics was found (none of {counted(len(tested), 'feature')} "
            f"at q < {rate:g}). With so few subjects this does not show that there is none"
            f"{_widest(tested)}."
        )
    else:
        top = found.iloc[0]
        direction = "higher" if top["rank_biserial"] > 0 else "lower"
        yield (
            f"{len(found)} of {counted(len(tested), 'feature')} of the dynamics differ at "
            f"q < {rate:g}. The clearest: {plain(top['feature'])} ({top['model']}) is {direction} "
            f"in {second} than in {first} ({_effect(top)}; q = {number(top['q'], 2)})."
        )
    if left_out:
        yield (
            f"{counted(left_out, 'feature')} of the dynamics cannot be compared: not reliable over "
            "runs, or not defined in enough subjects."
        )
    quality = statistics[(statistics["family"] == "quality") & (statistics["q"] < rate)]
    if not quality.empty:
        rows = quality.to_dict("records")
        names = sorted({f"{plain(row['feature'])} ({row['model']})" for row in rows})
        yield (
            f"Caution: the groups also differ in how well the models fit ({listed(names)}), which "
            "can make dynamics look different when they are not."
        )
    data = statistics[(statistics["family"] == "data") & (statistics["q"] < rate)]
    if not data.empty:
        names = [plain(str(name)) for name in data.sort_values("p")["feature"]]
        yield (
            f"Classical features of the recordings differ, too ({listed(names)}): what the dynamics"
            " add to them is a matter of prediction, not of this test."
        )


def _widest(tested: pd.DataFrame) -> str:
    """How large a difference the intervals still allow."""
    ends = tested[["g_low", "g_high"]].abs().max(axis=1).dropna()
    if ends.empty:
        return ""
    return (
        f": for the median feature the interval still reaches to |g| = {number(ends.median(), 2)}"
    )


def exclusion_sentences(group: GroupResults) -> Iterator[str]:
    """How many recordings and subjects count, by group, and why others do not."""
    inclusion = group.inclusion
    people = group.cohort.dropna(subset=["recording"]).set_index("recording")
    gone = inclusion[inclusion["status"] == "excluded"].drop_duplicates("recording")
    if gone.empty:
        yield f"All {counted(len(people), 'recording')} count."
        return
    named = [
        f"{row['recording']}{_of_group(people, row['recording'])}: {row['reason']}"
        for row in gone.head(5).to_dict("records")
    ]
    rest = f"; and {len(gone) - 5} more" if len(gone) > 5 else ""
    yield (
        f"{len(gone)} of {counted(len(people), 'recording')} left out for at least one model, "
        f"without regard to group ({'; '.join(named)}{rest})."
    )


def _of_group(people: pd.DataFrame, recording: str) -> str:
    known = people["group"].get(recording)
    return f" ({known})" if isinstance(known, str) else ""


def null_sentences(verdicts: pd.DataFrame) -> Iterator[str]:
    """In how many recordings of each group a model is better than the best linear null."""
    for model, part in verdicts.groupby("model", sort=False):
        better = part["code"] == "better"
        groups = part.assign(better=better).groupby(part["group"].fillna("no group"))["better"]
        counts = [(name, int(one.sum()), counted(len(one), "recording")) for name, one in groups]
        said = [
            f"{found} of {of}" + (f" of {name}" if len(counts) > 1 else "")
            for name, found, of in counts
        ]
        tail = (
            ""
            if better.any()
            else (
                "; its features describe the fitted model and show no dynamics beyond a linear "
                "process"
            )
        )
        yield (
            f"Against the nulls: {model} describes held-out data better than the best linear null "
            f"in {listed(said)}{tail}."
        )


def control_sentence(summary: Mapping[str, Any], rate: float) -> str:
    """What the same tests find when the group labels are shuffled."""
    share = summary["shuffled_share"]
    if share is None:
        return "There was nothing to test with shuffled group labels."
    return (
        f"Control: with shuffled group labels anything at all is found in "
        f"{100 * share:.1f} % of {summary['relabelings']} relabelings (at most {100 * rate:g} % is "
        "expected)."
    )


def design_sentences(effects: pd.DataFrame, design: str, rate: float) -> Iterator[str]:
    """For each term of the design, in how many features of the dynamics it shows."""
    family = effects[effects["family"] == "dynamics"]
    yield f"The design is {design}; each term was tested by permutation within the design's blocks."
    for term, part in family.groupby("term", sort=False):
        once = part.drop_duplicates(["model", "feature"])
        tested = once[once["tested"] == 1]
        found = part[(part["tested"] == 1) & (part["q"] < rate)]
        if tested.empty:
            why = [str(note) for note in once["note"].dropna().unique()]
            unreliable = once["note"].isna().any() or not why
            reason = "none is reliable over runs" if unreliable else why[0]
            yield f"{term}: no feature of the dynamics was tested ({reason})."
        elif found.empty:
            least = tested["p"].min()
            yield (
                f"{term}: no effect on the dynamics was found (none of"
                f" {counted(len(tested), 'feature')} at q < {rate:g}; smallest p {number(least, 2)}"
                ")."
            )
        else:
            top = found.loc[found["standardised"].abs().sort_values(ascending=False).index].iloc[0]
            yield (
                f"{term}: {len(found.drop_duplicates(['model', 'feature']))} of"
                f" {counted(len(tested), 'feature')} of the dynamics at q < {rate:g}. The largest:"
                f" {plain(top['feature'])} ({top['model']}), {top['effect']}:"
                f" {number(top['standardised'], 2)} sd"
                f" ({interval(top['standardised_low'], top['standardised_high'])}),"
                f" q = {number(top['q'], 2)}."
            )


def _effect(row: "pd.Series[Any]") -> str:
    if pd.isna(row["hedges_g"]):
        return "no spread within the groups"
    return f"Hedges' g = {number(row['hedges_g'])}, {interval(row['g_low'], row['g_high'])}"
