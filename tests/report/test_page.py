"""The page: one file, nothing from outside, nothing of the data taken for markup."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from neurodsr.report.page import Panel, Picture, ReportContent, Section, Table, render_report

VOID = {"meta", "img", "br", "hr", "input", "link"}
HOSTILE = "</style><script>alert(1)</script>\"'&"


class Page(HTMLParser):
    """Collects tags, links and texts; complains about tags that do not balance."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"event handler on {tag}"
            if name in ("src", "href", "srcset", "action", "data"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def check_self_contained(text: str, scripts: int = 0) -> Page:
    page = Page(text)
    assert page.tags.count("script") == scripts
    assert not {"iframe", "object", "embed", "link", "base"} & set(page.tags)
    for link in page.links:
        assert link.startswith(("data:image/svg+xml;base64,", "#")), link[:80]
        if link.startswith("#"):
            assert link[1:] in page.ids
    assert len(page.ids) == len(set(page.ids))
    assert "@import" not in text and "url(" not in text
    return page


def test_hostile_texts_are_shown_and_not_run() -> None:
    table = Table([HOSTILE], [[HOSTILE]], note=HOSTILE)
    picture = Picture(HOSTILE, HOSTILE, b"<svg onload='alert(1)'/>")
    section = Section("part", HOSTILE, [HOSTILE], [table], [picture], [HOSTILE])
    panel = Panel(HOSTILE, HOSTILE, True, [(HOSTILE, HOSTILE)], [table], [picture])
    content = ReportContent(
        HOSTILE, HOSTILE, HOSTILE, [HOSTILE], [(HOSTILE, HOSTILE)], [section], [panel], HOSTILE
    )
    page = check_self_contained(render_report(content))
    assert page.text.count(HOSTILE) >= 20


def test_an_empty_report_is_a_page() -> None:
    check_self_contained(render_report(ReportContent("c", "t", "s", [])))


@pytest.fixture(scope="module")
def text(study_folder: Path) -> str:
    return (study_folder / "report.html").read_text(encoding="utf-8")


def test_report_of_a_study_is_self_contained(text: str) -> None:
    page = check_self_contained(text, scripts=1)
    assert page.text.count("<script>alert") > 3
    assert {
        "summary",
        "cohort",
        "reliability",
        "group",
        "truth",
        "sources",
        "methods",
        "times",
        "warnings",
    } <= set(page.ids)


def test_report_says_what_was_found_and_left_out(text: str) -> None:
    said = " ".join(Page(text).text.split())
    assert "Of 13 recordings 12 gave features of reconstructed dynamics and 1 did not" in said
    assert "In 12 of 12 recordings the data differ from linear stochastic surrogates" in said
    assert "Compared are control (n = 6) and patient (n = 6)" in said
    assert "is higher in patient than in control" in said
    assert "the true one in 100 % of 12 subjects" in said
    assert "in the order of their true distances from the bifurcation" in said
    assert "preprocess: signal: all missing" in said
    assert "1 of 13 recordings left out for at least one model" in said
    assert "No subject has several recordings that count" in said
    assert "1 of 4 runs are not acceptable" in said
    assert "upsampled from 500 Hz" in said


def test_report_names_exponents_of_the_data_and_runs_that_failed(text: str) -> None:
    said = " ".join(Page(text).text.split())
    assert (
        "18 per s (95 % interval 15.5 to 20.5), errors double in 0.039 s (39 samples); ln 2 / "
        "largest exponent of 2 of 2 channels" in said
    )
    assert "no exponent (growth as by diffusion)" in said
    assert said.count("largest Lyapunov exponent (1/s)") == 12
    for words in ("proved", "as far as searched", "at least 3 more", "not known"):
        assert words in said
    assert said.count("failed: loss or gradient diverged twice") == 1
    assert "sub-01_task-rest: small: 1 of 4 runs are not acceptable" in said
    assert "Rosenstein MT" in said
