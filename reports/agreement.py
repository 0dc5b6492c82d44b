"""What is agreed as a document to take away: a page that prints (HTML), text (Markdown), and everything for programs (JSON)."""

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from actions import agreement_documents, settings
from actions.agreement_documents import Agreed, AgreedVersion, Agreement
from alignment.agreements import AgreementKind
from alignment.people import Actor, Team
from alignment.texts import file_slug
from components.charts import colours
from reports.page import page_environment, straight

if TYPE_CHECKING:  # slow to load, and needed only when something is taken away
    from jinja2 import Environment

HEADINGS = {
    AgreementKind.DEFINITION: "What our words mean",
    AgreementKind.PROMISE: "What we promise each other",
    AgreementKind.SCORE: "How we score leads",
}
_PROMISED_BEFORE = "Taken over from the settings, before there were signatures"


def make_html(actor: Actor) -> tuple[str, bytes]:
    """(name, content) of the agreement as a page to print. Who took it away is in the audit log."""
    found = agreement_documents.export_agreement(actor, "html")
    return file_name(found, "html"), agreement_html(found).encode()


def make_markdown(actor: Actor) -> tuple[str, bytes]:
    """(name, content) of the agreement as Markdown. Who took it away is in the audit log."""
    found = agreement_documents.export_agreement(actor, "md")
    return file_name(found, "md"), agreement_markdown(found).encode()


def make_json(actor: Actor) -> tuple[str, bytes]:
    """(name, content) of everything that is agreed. Who took it away is in the audit log."""
    found = agreement_documents.export_agreement(actor, "json")
    return file_name(found, "json"), agreement_json(found)


MAKE = {"html": make_html, "md": make_markdown, "json": make_json}
"""What makes the file of each form."""


def file_names(actor: Actor) -> Mapping[str, str]:
    """What the file of each form will be called today, without making it."""
    company, day = settings.read_company(actor).name, settings.today(actor)
    return {form: _file_name(company, day, form) for form in MAKE}


def file_name(found: Agreement, form: str) -> str:
    """The company in small letters and digits, and the day: safe in every file system and in every header."""
    return _file_name(found.company, found.read_on, form)


def _file_name(company: str, day: date, form: str) -> str:
    return f"{file_slug(company, 'company')}-agreement-{day.isoformat()}.{form}"


def agreement_json(found: Agreement) -> bytes:
    """Everything that is agreed, for programs."""
    return json.dumps(found.as_dict(), ensure_ascii=False, indent=1, allow_nan=False).encode()


def agreement_html(found: Agreement, *, public: bool = False) -> str:
    """One HTML page that loads and runs nothing, prints on A4 and Letter, and has a dark mode on screens. A `public` one says
    that names and leads are left out, and asks search engines to leave it alone."""
    return _environment().get_template("agreement.html").render(found=found, public=public)


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    return page_environment(
        filters={},
        values={
            "teams": list(Team),
            "colours": colours,
            "headings": HEADINGS,
            "since": since,
            "signed": signed,
        },
    )


def since(version: AgreedVersion) -> str:
    """From when to when a version was or is in force, in words."""
    if version.since is None:
        return _PROMISED_BEFORE
    began = (
        f"In force since {_day(version.since)}"
        if version.until is None
        else f"In force from {_day(version.since)}"
    )
    return began if version.until is None else f"{began} until {_day(version.until)}"


def signed(version: AgreedVersion) -> str:
    """Who signed a version, in words; '' where it was taken over."""
    return "; ".join(
        f"signed for {one.team.label}{f' by {one.name}' if one.name else ''} on {_day(one.day)}"
        for one in version.signatures
    )


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_SIGNS = re.compile(
    r"([\\`*_{}\[\]<>#+!|~&$@=^-])|(?<=\d)([.)])(?=\s|$)|(?<=\bwww)(\.)|(:)(?=//)", re.IGNORECASE
)


def agreement_markdown(found: Agreement) -> str:
    """The agreement as Markdown, in which texts from people show as they were typed."""
    lines = [f"# What sales and marketing agreed at {_plain(found.company)}", ""]
    lines += [f"{_plain(found.sentence)} As of {_day(found.read_on)}.", ""]
    for kind, heading in HEADINGS.items():
        if found.of(kind):
            lines += [f"## {heading}", ""]
        for one in found.of(kind):
            lines += _markdown_of(found, one)
    return "\n".join(lines).rstrip() + "\n"


def _markdown_of(found: Agreement, one: Agreed) -> list[str]:
    version = one.in_force
    lines = [f"### {_plain(one.name)}, version {version.number}", ""]
    if version.text:
        lines += [_plain(version.text), ""]
    if version.note:
        lines += [_plain(version.note), ""]
    if version.rule:
        lines += [f"**Rule:** {_plain(version.rule)}", ""]
    told = [since(version), signed(version)]
    lines += [f"*{_plain('; '.join(part for part in told if part))}.*", ""]
    lines += [f"- {_plain(sentence)}" for sentence in version.evidence]
    lines += [""] if version.evidence else []
    if one.details is not None:
        lines += _markdown_details(found, one)
    if one.earlier:
        lines += ["Before:", ""]
        for earlier in one.earlier:
            rule = f" Rule: {_plain(earlier.rule)}." if earlier.rule else ""
            lines.append(
                f"- Version {earlier.number}, {_plain(since(earlier))}: {_plain(earlier.text)}{rule}"
            )
        lines.append("")
    return lines


def _markdown_details(found: Agreement, one: Agreed) -> list[str]:
    lines: list[str] = []
    if one.details is None:
        return lines
    for team in Team:
        said = one.details.said_by(team)
        owner = one.details.owners.get(team)
        told = [f"{_plain(found.people.get(owner, 'someone who has left'))} answers for it"] if owner else []
        if said.called:
            told.append("used to call it " + ", ".join(f"“{_plain(name)}”" for name in said.called))
        if said.meant:
            told.append(f"used to mean: {_plain(said.meant)}")
        if told:
            lines.append(f"- **{team.label.capitalize()}**: {'; '.join(told)}")
    related = [_plain(found.terms[key]) for key in one.details.related if key in found.terms]
    if related:
        lines.append(f"- Belongs to {', '.join(related)}")
    for shown in one.details.examples:
        facts = ", ".join(f"{_plain(label)}: {_plain(text)}" for label, text in shown.facts)
        counts = "A lead that counts" if shown.qualifies else "A lead that does not count"
        lines.append(f"- {counts}: {facts}" + (f" ({_plain(shown.note)})" if shown.note else ""))
    return [*lines, ""] if lines else []


def _plain(text: str) -> str:
    """A text that Markdown shows as it was typed, on the lines on which it was typed."""
    shown = (
        _SIGNS.sub(lambda sign: "\\" + sign.group(), line.strip()) for line in straight(text).split("\n")
    )
    return "  \n".join(line or "\u00a0" for line in shown)


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"
