"""How many people asked for what a rule asks for, in the questionnaire that was closed last of those that asked about it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actions import what_if
from actions.comparison import compare_survey
from actions.permissions import authorise
from actions.surveys import list_surveys
from actions.what_if import RuleDocument
from alignment.people import Actor
from alignment.surveys import SurveyStatus

if TYPE_CHECKING:
    from alignment.backing import Backing

_LOOKED_AT = 4
"""So many questionnaires are looked at, the latest first."""


@dataclass(frozen=True)
class AskedBefore:
    """What both teams answered about the conditions of a rule. `title` and `survey_id` are of the questionnaire."""

    survey_id: str
    title: str
    parts: "tuple[Backing, ...]"


def find_backing(actor: Actor, rule: RuleDocument) -> AskedBefore | None:
    """How many people of each team asked for what a rule asks for, as far as the comparison shows it; None where none was asked.

    Raises as `what_if.judge_rule`.
    """
    authorise(actor, "rule:test")
    from alignment.backing import backing_of

    [read] = what_if.read_leads(actor, [rule], hold=False).rules
    closed = [survey for survey in list_surveys(actor) if survey.status is SurveyStatus.CLOSED]
    closed.sort(key=lambda survey: (survey.closed_at or "", survey.id), reverse=True)
    for survey in closed[:_LOOKED_AT]:
        parts = backing_of(read, compare_survey(actor, survey.id, costs=False))
        if parts:
            return AskedBefore(survey.id, survey.title, parts)
    return None
