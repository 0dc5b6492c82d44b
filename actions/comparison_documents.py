"""Everything a closed questionnaire's comparison tells, put together: for the command line, and for files to take away.

Each part comes from the action that the screens take it from, so that nothing stands in a file that no screen shows.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from actions import clock, comparison, settings, surveys
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput
from alignment.people import Actor, Team
from alignment.questionnaires import Question, QuestionType
from alignment.rules import sentence
from alignment.surveys import CardReasons, Comments, ResponseRate, Survey
from db.store import Connection, store

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement import Comparison, QuestionComparison

FORMS = ("html", "csv", "json")
"""The forms in which a comparison leaves the portal."""


@dataclass(frozen=True)
class ComparedSurvey:
    """A closed survey with all that is told of it.

    `closed_on` and `read_on` are the company's calendar days of closing and of reading: leads that come in change what a
    disagreement costs. `rates` is who submitted; `comments` and `reasons` are people's own words by question, where enough wrote some.
    """

    survey: Survey
    comparison: "Comparison"
    closed_on: date | None
    read_on: date
    rates: Mapping[Team, ResponseRate]
    comments: Mapping[str, Comments]
    reasons: Mapping[str, CardReasons]

    def as_dict(self) -> dict[str, Any]:
        """In the shape of `manage.py compare --json`: plain values only, None where a number is not finite."""
        survey = self.survey
        document = self.comparison.as_dict(survey.id)
        document["questions"] = [
            {
                "place": place,
                **compared.as_dict(),
                **_question(survey, compared.question),
                **_in_words(compared),
                **self._beside(compared.question),
            }
            for place, compared in enumerate(self.comparison.questions, start=1)
        ]
        document |= {
            "title": survey.title,
            "mode": survey.mode.value,
            "closed_on": None if self.closed_on is None else self.closed_on.isoformat(),
            "min_group": survey.min_group,
            "consensus_rule": asdict(survey.questionnaire.consensus),
            "submitted": {
                team.value: {"submitted": rate.submitted, "invited": rate.invited}
                for team, rate in self.rates.items()
            },
            "without_files": sorted(self.comparison.without_files),
            "own_words": [
                {
                    "key": question.key,
                    **_question(survey, question),
                    **_comments(self.comments.get(question.key)),
                }
                for question in survey.questionnaire.questions
                if question.type is QuestionType.TEXT
            ],
        }
        finite: dict[str, Any] = _finite(document)
        return finite

    def _beside(self, question: Question) -> dict[str, Any]:
        """What is told of a question beside its comparison; a part that there is none of is left out."""
        parts: dict[str, Any] = {}
        reasons = self.reasons.get(question.key)
        if reasons is not None:
            parts["card_reasons"] = {
                "withheld": reasons.reason,
                "by_card": {
                    str(number): {team.value: list(texts) for team, texts in by_team.items()}
                    for number, by_team in reasons.by_card.items()
                },
            }
        return parts


def read_compared(actor: Actor, survey_id: str) -> ComparedSurvey:
    """Everything that the screens show of a closed survey's comparison.

    Raises WrongState while the survey is not closed, NotFound where there is none for this person.
    """
    authorise(actor, "comparison:read")
    found = comparison.compare_survey(actor, survey_id)
    survey = surveys.read_survey(actor, survey_id)
    zone = settings.read_company(actor).hours.timezone
    return ComparedSurvey(
        survey=survey,
        comparison=found,
        closed_on=instants.local_day(survey.closed_at, zone) if survey.closed_at else None,
        read_on=instants.local_day(clock.now_text(), zone),
        rates=surveys.response_rates(actor, survey_id),
        comments=comparison.read_comments(actor, survey_id),
        reasons=comparison.read_card_reasons(actor, survey_id),
    )


def today(actor: Actor) -> date:
    """The company's calendar day now: what a file made now is dated."""
    authorise(actor, "comparison:read")
    zone = settings.read_company(actor).hours.timezone
    return instants.local_day(clock.now_text(), zone)


def comparison_document(actor: Actor, survey_id: str) -> dict[str, Any]:
    """The whole comparison in the shape of `manage.py compare --json`, ready for `json.dumps` without NaN.

    Raises as `read_compared`.
    """
    authorise(actor, "comparison:read")
    return read_compared(actor, survey_id).as_dict()


def export_comparison(actor: Actor, survey_id: str, form: str) -> ComparedSurvey:
    """What goes into a file of the given form (`html`, `csv` or `json`); who took it away is in the audit log.

    Raises as `read_compared`, and InvalidInput for another form.
    """
    person = authorise(actor, "comparison:read")
    if form not in FORMS:
        raise InvalidInput(f"A comparison can be taken away as {', '.join(FORMS[:-1])} or {FORMS[-1]}.")
    found = read_compared(actor, survey_id)

    def transaction(connection: Connection) -> None:
        journal(connection, person, "comparison:export", "survey", found.survey.id, after={"form": form})

    store().write(transaction)
    return found


def _question(survey: Survey, question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "topic": question.topic,
        "topic_title": survey.questionnaire.topic_title(question.topic),
        "field": question.field,
        "unit": question.unit,
        "wording": {team.value: question.wording[team] for team in Team},
    }


def _in_words(compared: "QuestionComparison") -> dict[str, Any]:
    return {
        "typical_rules_in_words": {
            team.value: None if rule is None else sentence(rule)
            for team, rule in compared.typical_rules.items()
        }
    }


def _comments(written: Comments | None) -> dict[str, Any]:
    if written is None:
        return {"withheld": "", "comments": {}}
    return {
        "withheld": written.reason,
        "comments": {team.value: list(texts) for team, texts in written.by_team.items()},
    }


def _finite(value: Any) -> Any:
    """The same with None for every number that JSON has not got."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
