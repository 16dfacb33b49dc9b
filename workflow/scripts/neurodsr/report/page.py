"""The page of a cohort: what it shows, and how it becomes one self-contained HTML text."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from neurodsr.report.view import View

TEMPLATES = Path(__file__).resolve().parents[3] / "report"


@dataclass(frozen=True)
class Table:
    """A table of texts; columns named in ``numeric`` are set flush right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure as SVG bytes, embedded as an image so that nothing in it can run."""

    title: str
    caption: str
    svg: bytes

    @property
    def uri(self) -> str:
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode("ascii")


@dataclass(frozen=True)
class Section:
    """A part of the page: paragraphs, then tables, then figures."""

    anchor: str
    title: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    items: Sequence[str] = ()


@dataclass(frozen=True)
class Panel:
    """One recording, folded up."""

    name: str
    summary: str
    excluded: bool
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    views: Sequence[View] = ()


@dataclass(frozen=True)
class ReportContent:
    """Everything on the page, as plain text: the template escapes it.

    Attributes
    ----------
    headline
        What was asked, found, and cannot be said, one sentence each.
    tiles
        Few numbers with what they count.
    before, after
        Sections above and below the panels of the recordings.
    """

    cohort: str
    title: str
    subtitle: str
    headline: Sequence[str]
    tiles: Sequence[tuple[str, str]] = ()
    before: Sequence[Section] = ()
    panels: Sequence[Panel] = ()
    panels_note: str = ""
    after: Sequence[Section] = field(default_factory=tuple)


def render_report(content: ReportContent) -> str:
    """One HTML text without any reference to a file or a network.

    The only script that may run is the one that turns the views, known by its digest.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((TEMPLATES / n).read_text(encoding="utf-8") for n in ("style.css", "view.js"))
    turns = any(panel.views for panel in content.panels)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return environment.get_template("report.html.j2").render(
        page=content, style=style, script=script if turns else "", digest=digest
    )
