"""A closed questionnaire's comparison to take away: a page to print (HTML), the ranked list (CSV), everything (JSON).

The page is one file that loads nothing and runs nothing. Texts in it come from people: the template escapes each of
them, and no text goes into a style sheet but as `css_string` writes it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from actions import comparison_documents, surveys
from actions.comparison_documents import FORMS, ComparedSurvey
from alignment.lead_cards import BECAME
from alignment.people import Actor, Team
from alignment.questionnaires import Mode, Question, QuestionType
from alignment.rules import sentence
from alignment.surveys import Survey
from alignment.tables import Cell, Table, write_csv
from alignment.texts import file_slug, number_text
from components.charts import colours
from components.charts.comparison import percent
from reports.page import page_environment

if TYPE_CHECKING:  # slow to load, and needed only when something is taken away
    from jinja2 import Environment

    from alignment.disagreement import Distribution, QuestionComparison

MODES = {
    Mode.NAMED: "Named; this report has team results only",
    Mode.CONFIDENTIAL: "Confidential: team results only",
    Mode.ANONYMOUS: "Anonymous: team results only",
}
CALLS = {True: "qualified", False: "not qualified", None: "–"}
MOST_TRAITS = 15
"""The page tells so many traits of won and lost leads; the document has all that were looked at."""
_LONGEST_RUNNING_TITLE = 70


def make_html(actor: Actor, survey_id: str) -> tuple[str, bytes]:
    """(name, content) of the report as a page to print. Who took it away is in the audit log.

    Raises WrongState while the survey is not closed, NotFound where there is none.
    """
    found = comparison_documents.export_comparison(actor, survey_id, "html")
    return file_name(found.survey, "html", found.closed_on), comparison_html(found).encode()


def make_csv(actor: Actor, survey_id: str) -> tuple[str, bytes]:
    """(name, content) of the ranked list. Raises as `make_html`."""
    found = comparison_documents.export_comparison(actor, survey_id, "csv")
    return file_name(found.survey, "csv", found.closed_on), comparison_csv(found)


def make_json(actor: Actor, survey_id: str) -> tuple[str, bytes]:
    """(name, content) of everything that the comparison tells. Raises as `make_html`."""
    found = comparison_documents.export_comparison(actor, survey_id, "json")
    return file_name(found.survey, "json", found.closed_on), comparison_json(found)


MAKE = {"html": make_html, "csv": make_csv, "json": make_json}
"""What makes the file of each form."""


def file_names(actor: Actor, survey_id: str) -> Mapping[str, str]:
    """What the file of each form will be called, without making it. Raises as `make_html`."""
    closed_on = comparison_documents.closing_day(actor, survey_id)
    survey = surveys.read_survey(actor, survey_id)
    return {form: file_name(survey, form, closed_on) for form in FORMS}


def file_name(survey: Survey, form: str, closed_on: date) -> str:
    """The title in small letters and digits, and the day of closing: safe in every file system and in every header."""
    return f"{file_slug(survey.title, 'questionnaire')}-comparison-{closed_on.isoformat()}.{form}"


def comparison_json(found: ComparedSurvey) -> bytes:
    """What `manage.py compare --json` prints."""
    return json.dumps(found.as_dict(), ensure_ascii=False, indent=1, allow_nan=False).encode()


# ── the ranked list ──────────────────────────────────────────────────────────────────────────────────────────────────

_COLUMNS = (
    "place",
    "question",
    "name",
    "topic",
    "type",
    "verdict",
    "evidence",
    "sentence",
    "sales_answered",
    "marketing_answered",
    "effect",
    "effect_value",
    "effect_low",
    "effect_high",
    "p",
    "q",
    "between_share",
    "importance",
    "leads_judged",
    "leads_treated_differently",
    "only_sales",
    "only_sales_won",
    "only_marketing",
    "only_marketing_won",
    "change",
    "change_in_words",
)


def comparison_csv(found: ComparedSurvey) -> bytes:
    """The ranked list, one row a question, in UTF-8, formulas defused; a cell is empty where there is nothing to tell."""
    rows = tuple(_row(found, place, one) for place, one in enumerate(found.comparison.questions, start=1))
    return write_csv(Table(_COLUMNS, rows))


def _row(found: ComparedSurvey, place: int, one: "QuestionComparison") -> tuple[Cell, ...]:
    effect, cost, change = one.effect, one.cost, found.change(one.question.key)
    interval = effect.interval if effect else None
    return (
        place,
        one.question.key,
        one.question.name,
        found.survey.questionnaire.topic_title(one.question.topic),
        one.question.type.value,
        one.verdict.value,
        one.evidence.value,
        one.sentence,
        *(_cell(one.n[team]) for team in Team),
        effect.name if effect else "",
        _cell(effect.value if effect else None),
        _cell(interval.low if interval else None),
        _cell(interval.high if interval else None),
        *(_cell(value) for value in (one.p, one.q, one.between_share, one.importance)),
        _cell(cost.judged if cost else None),
        _cell(cost.differently if cost else None),
        *(
            _cell(value)
            for team in Team
            for value in ((cost.only[team], cost.won[team]) if cost else (None, None))
        ),
        change.direction.value if change else "",
        change.sentence if change else "",
    )


def _cell(value: float | None) -> Cell:
    return "" if value is None else value


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Bar:
    """One team's part of an answer: what is written, and how long its bar is (0 to 1), or where its dot stands."""

    team: Team
    text: str
    share: float
    is_place: bool = False


@dataclass(frozen=True)
class Answer:
    """One answer with both teams' parts."""

    label: str
    bars: tuple[Bar, ...]


def comparison_html(found: ComparedSurvey) -> str:
    """The report as one HTML page that loads and runs nothing, prints on A4 and Letter, and has a dark mode on screens."""
    from alignment.disagreement import Evidence, Verdict
    from alignment.disagreement.change import Direction
    from alignment.disagreement.results import Seen

    return (
        _environment()
        .get_template("comparison.html")
        .render(
            found=found,
            survey=found.survey,
            comparison=found.comparison,
            mode_in_words=MODES[found.survey.mode],
            # of a difference: where the teams agree, that there is none is no lack of evidence
            evidence={
                one.question.key: {
                    Evidence.CLEAR: "clear",
                    Evidence.LIKELY: "likely",
                    Evidence.NONE: "–" if one.verdict is Verdict.ALIGNED else "no difference found",
                    Evidence.TOO_FEW: "",
                }[one.evidence]
                for one in found.comparison.questions
            },
            imagined={
                kind: sum(
                    any(seen.seen is kind for seen in one.perspectives) for one in found.comparison.questions
                )
                for kind in (Seen.IMAGINED_AGREEMENT, Seen.IMAGINED_DISAGREEMENT)
            },
            guessed=any(one.perspectives for one in found.comparison.questions),
            changed={
                Direction.CLOSER: "closer",
                Direction.FURTHER: "further apart",
                Direction.NONE: "no change found",
                Direction.NOT_COMPARABLE: "",
            },
            moved=[
                (way, found.changes.count(way))
                for way in Direction
                if found.changes and found.changes.count(way)
            ],
            running_title=_shortened(found.survey.title),
        )
    )


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    """What the template may use, read once: to compile it takes longer than to fill it."""
    from alignment.disagreement.change import alignment_in_words
    from alignment.disagreement.compound_sentences import agreement_within, condition_differences
    from alignment.disagreement.measures_in_words import (
        effect_in_words,
        effect_interval,
        effect_value,
        leads_in_words,
        untold_in_words,
    )

    return page_environment(
        filters={"percent": percent, "number": number_text, "rule": sentence},
        values={
            "teams": list(Team),
            "colours": colours,
            "became": BECAME,
            "calls": CALLS,
            "most_traits": MOST_TRAITS,
            "answers_of": answers_of,
            "effect_in_words": effect_in_words,
            "effect_value": effect_value,
            "effect_interval": effect_interval,
            "leads_in_words": leads_in_words,
            "untold_in_words": untold_in_words,
            "agreement_within": agreement_within,
            "condition_differences": condition_differences,
            "alignment_in_words": alignment_in_words,
            "signed": signed,
        },
    )


def answers_of(compared: "QuestionComparison") -> list[Answer]:
    """Each answer with both teams' bars, and then who chose none of them and who can't say; empty where nothing may be shown."""
    if not compared.distributions:
        return []
    of = compared.distributions
    found = [
        Answer(_label(compared.question, label), tuple(_bar(team, of[team], place) for team in Team))
        for place, label in enumerate(of[Team.SALES].labels)
    ]
    for label, name in (("none of these", "chose_nothing"), ("can't say", "cant_say")):
        counts = {team: getattr(of[team], name) for team in Team}
        if any(counts.values()):
            bars = (_counted(team, counts[team], counts[team] / max(1, of[team].answered)) for team in Team)
            found.append(Answer(label, tuple(bars)))
    return found


def _label(question: Question, label: str) -> str:
    """A point of a scale with the name of its end."""
    if question.type is QuestionType.SCALE and label in ("1", str(question.points)):
        return f"{label} {question.ends[0] if label == '1' else question.ends[1]}"
    return label


def _bar(team: Team, of: "Distribution", place: int) -> Bar:
    if of.mean_places:
        mean = of.mean_places[place]
        where = (mean - 1) / max(1, len(of.labels) - 1)
        return Bar(team, f"place {mean:.1f} (first for {of.counts[place]})", where, is_place=True)
    if of.judged:
        judged = f"{of.counts[place]} yes, {of.not_qualified[place]} no, of {of.judged[place]}"
        return Bar(team, f"{percent(of.shares[place])} ({judged})", of.shares[place])
    threshold = of.thresholds[place] if of.thresholds else None
    return _counted(
        team,
        of.counts[place],
        of.shares[place],
        "" if threshold is None else f", typically {number_text(threshold)}",
    )


def _counted(team: Team, people: int, share: float, more: str = "") -> Bar:
    return Bar(team, f"{percent(share)} ({people}){more}", share)


def signed(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    points = round(value * 100)
    return f"{points:+d}".replace("-", "−") if points else "0"


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST_RUNNING_TITLE else f"{title[: _LONGEST_RUNNING_TITLE - 1]}…"
