"""Everything a closed questionnaire's comparison tells, put together: for the command line, and for files to take away.

Each part comes from the action that the screens take it from, so that nothing stands in a file that no screen shows.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from actions import card_judgements, clock, comparison, comparison_history, settings, surveys, traits
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput, WrongState
from alignment.people import Actor, Team
from alignment.questionnaires import Question, QuestionType
from alignment.rules import sentence
from alignment.surveys import CardReasons, Comments, ResponseRate, Survey
from alignment.traits import Traits
from db.store import Connection, store

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement import Comparison, QuestionComparison
    from alignment.disagreement.change import AlignmentMeasure, AlignmentThen, Change, ChangesSince
    from alignment.disagreement.stated_and_judged import StatedAndJudged
    from alignment.disagreement.terms import Terms

FORMS = ("html", "csv", "json")
"""The forms in which a comparison leaves the portal."""


@dataclass(frozen=True)
class ComparedSurvey:
    """A closed survey with all that is told of it.

    `closed_on` and `read_on` are the company's calendar days of closing and of reading: leads that come in change what a
    disagreement costs. `rates` is how many submitted, `alignment` how far the teams agree over all, and `history` the same over the
    questions that every survey like it has asked, oldest first, this one included where it shows a result. `changes` is what became
    of the gaps since the last survey like it, None where there is none. `comments` and `reasons` are people's own words, by
    question, where enough wrote some, and `terms` the words that tell the teams apart there. `traits` is what won and lost leads have in
    common, `traits_of` the same of what each question asks of a lead, for those that ask something; `cards` has what the teams
    state beside how they judge, for each question of lead cards.
    """

    survey: Survey
    comparison: "Comparison"
    closed_on: date
    read_on: date
    rates: Mapping[Team, ResponseRate]
    alignment: "AlignmentMeasure"
    history: "tuple[AlignmentThen, ...]"
    changes: "ChangesSince | None"
    terms: "Mapping[str, Terms]"
    traits: Traits
    traits_of: Mapping[str, Traits]
    cards: "Mapping[str, StatedAndJudged]"
    comments: Mapping[str, Comments]
    reasons: Mapping[str, CardReasons]

    def change(self, question_key: str) -> "Change | None":
        """What became of the gap on a question; None where the last survey did not ask it."""
        return None if self.changes is None else self.changes.changes.get(question_key)

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
            "closed_on": self.closed_on.isoformat(),
            "alignment": self.alignment.as_dict(),
            "alignment_over_time": [then.as_dict() for then in self.history],
            "changes_since": None
            if self.changes is None
            else {
                "survey": self.changes.survey_id,
                "title": self.changes.title,
                "closed_on": self.changes.closed_on.isoformat(),
            },
            "min_group": survey.min_group,
            "consensus_rule": asdict(survey.questionnaire.consensus),
            "submitted": {
                team.value: {"submitted": rate.submitted, "invited": rate.invited}
                for team, rate in self.rates.items()
            },
            "traits": self.traits.as_dict(),
            "without_files": sorted(self.comparison.without_files),
            "own_words": [
                {
                    "key": question.key,
                    **_question(survey, question),
                    **_comments(self.comments.get(question.key)),
                    "terms": self.terms[question.key].as_dict() if question.key in self.terms else None,
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
        change = self.change(question.key)
        if change is not None:
            parts["change"] = change.as_dict()
        of_question = self.traits_of.get(question.key)
        if of_question is not None:
            parts["traits"] = of_question.as_dict()
        cards = self.cards.get(question.key)
        if cards is not None:
            parts["stated_and_judged"] = cards.as_dict()
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
    from alignment.disagreement.change import alignment_of

    survey = surveys.read_survey(actor, survey_id)
    over_time = comparison_history.alignment_over_time(actor)
    own = {then.group for then in over_time if then.survey_id == survey.id}
    return ComparedSurvey(
        survey=survey,
        comparison=found,
        closed_on=closing_day(actor, survey_id),
        read_on=_local_day(actor, clock.now_text()),
        rates=surveys.response_rates(actor, survey_id),
        alignment=alignment_of(found),
        history=tuple(then for then in over_time if then.group in own),
        changes=comparison_history.changes_since_last(actor, survey_id),
        terms=comparison.read_terms(actor, survey_id),
        **_what_leads_say(actor, survey_id, found),
        comments=comparison.read_comments(actor, survey_id),
        reasons=comparison.read_card_reasons(actor, survey_id),
    )


def _what_leads_say(actor: Actor, survey_id: str, found: "Comparison") -> dict[str, Any]:
    """The parts that need the leads; where these cannot be read, that is told, and the answers are not withheld for it."""
    from leads.store import WarehouseUnavailable

    try:
        return {
            "traits": traits.read_traits(actor),
            "traits_of": {
                one.question.key: traits.traits_of_question(actor, survey_id, one.question.key)
                for one in found.questions
                if one.question.field or one.typical_rules
            },
            "cards": {
                one.question.key: side_by_side
                for one in found.questions
                if one.question.type is QuestionType.LEAD_CARDS
                and (side_by_side := card_judgements.stated_and_judged(actor, survey_id, one.question.key))
            },
        }
    except WarehouseUnavailable as unavailable:
        return {"traits": Traits((), reason=str(unavailable)), "traits_of": {}, "cards": {}}


def closing_day(actor: Actor, survey_id: str) -> date:
    """The company's calendar day on which a survey was closed: what its files are dated. Raises as `read_compared`."""
    authorise(actor, "comparison:read")
    survey = surveys.read_survey(actor, survey_id)
    if survey.closed_at is None:
        raise WrongState(f"‘{survey.title}’ is not closed yet. Its results can be read once it is.")
    return _local_day(actor, survey.closed_at)


def _local_day(actor: Actor, instant: str) -> date:
    return instants.local_day(instant, settings.read_company(actor).hours.timezone)


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
