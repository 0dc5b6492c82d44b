"""What a difference between the teams costs in past leads: how many, which ones, and how a lead field is spread."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actions import settings
from actions.comparison import compare_survey
from actions.kept_results import KeptResults
from actions.permissions import authorise
from alignment.errors import InvalidInput, NotFound
from alignment.field_spread import FieldSpread
from alignment.people import Actor, Team
from alignment.questionnaires import QuestionType
from alignment.rules import Condition, Operator, Rule, conditions_of
from db.store import store

if TYPE_CHECKING:  # these bring numpy and Ibis: only where leads are really touched
    from alignment.disagreement import LeadsApart, QuestionComparison
    from leads.closed_periods import Period
    from leads.field_spread import CountedSpread
    from leads.listing import LeadPage

_UPWARDS = (Operator.GREATER, Operator.AT_LEAST)
_DOWNWARDS = (Operator.LESS, Operator.AT_MOST)


def leads_told_apart(actor: Actor, survey_id: str, question_key: str) -> "LeadsApart | None":
    """How many past leads the two teams' typical rules treat differently, and how many of these were won.

    None where a team has no typical rule, where there are no leads, or where the leads have not got the fields. Raises
    WrongState while the survey is not closed, NotFound for a question that was not compared.
    """
    authorise(actor, "comparison:read")
    return _question(actor, survey_id, question_key).cost


def list_leads_told_apart(
    actor: Actor, survey_id: str, question_key: str, only: Team, page: int = 1, size: int = 50
) -> "LeadPage":
    """The leads that count in `LeadsApart.only[only]`: those that only this team's typical rule calls qualified.

    Won ones first, then lost ones, with what became of them. Empty where nothing is told apart. Raises as `leads_told_apart`,
    and InvalidInput for a page or a team that is none.
    """
    authorise(actor, "comparison:read")
    if only not in list(Team):
        raise InvalidInput("The leads are those of sales or those of marketing. Choose one of the two.")
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 1 for one in (page, size)):
        raise InvalidInput("Pages and their sizes are whole numbers from 1 on.")
    compared = _question(actor, survey_id, question_key)
    from leads.closed_periods import Period
    from leads.listing import LeadPage
    from leads.listing import leads_told_apart as find
    from leads.store import warehouse

    cost = compared.cost
    passing = compared.typical_rules.get(Team(only))
    failing = compared.typical_rules.get(next(team for team in Team if team != only))
    if cost is None or passing is None or failing is None or not cost.only[Team(only)]:
        return LeadPage((), 0, page, size)
    zone = settings.company_of(store().read()).hours.timezone
    period = Period(cost.first_day, cost.last_day)
    with warehouse().read() as facts:
        return find(facts, passing, failing, period, zone, page=page, size=size)


def read_field_spread(
    actor: Actor, survey_id: str, question_key: str, field: str | None = None
) -> FieldSpread | None:
    """How a numeric field of past leads is spread over what became of them, with what each team asks for.

    For a number that is about a lead field, this field; for a rule, `field`, or else the first that a typical rule sets a
    bound to. None where the question is about no such field, or where no lead has a number in it. The leads are those of the
    cost of the survey's disagreements, else all. Raises as `leads_told_apart`.
    """
    authorise(actor, "comparison:read")
    found = compare_survey(actor, survey_id)
    compared = _question(actor, survey_id, question_key)
    if compared.hidden:
        return None
    bounds = {team: _bounds(compared.typical_rules.get(team)) for team in Team}
    numeric = list(dict.fromkeys(name for team in Team for name in bounds[team]))
    question = compared.question
    if question.type is QuestionType.NUMBER and question.field:
        numeric = [question.field]
    if field is not None and field not in numeric:
        return None
    if not numeric:
        return None
    name = numeric[0] if field is None else field
    asked = {team: bounds[team].get(name) for team in Team}
    cost = compared.cost or next((one.cost for one in found.questions if one.cost), None)
    from leads.closed_periods import EVERYTHING, Period
    from leads.store import warehouse

    zone = settings.company_of(store().read()).hours.timezone
    period = Period(cost.first_day, cost.last_day) if cost else EVERYTHING
    thresholds = {team: None if one is None else _as_number(one) for team, one in asked.items()}
    facts = warehouse()
    revision = facts.revision()
    if not revision:
        return None
    marks = tuple(mark for mark in thresholds.values() if mark is not None)
    counted, label = _SPREADS.get(
        (facts.folder, revision, name, period, zone, marks), lambda: _counted(name, period, zone, marks)
    )
    if counted is None:
        return None
    number = question.type is QuestionType.NUMBER and compared.distributions
    return FieldSpread(
        field=name,
        label=label,
        edges=counted.classes.edges,
        labels=counted.classes.labels,
        won=counted.won,
        lost=counted.lost,
        open=counted.open,
        unknown=counted.unknown,
        thresholds=thresholds,
        quartiles={
            team: of.quartiles
            for team, of in (compared.distributions or {}).items()
            if number and of.quartiles is not None
        },
        downwards=any(one is not None and one.operator in _DOWNWARDS for one in asked.values()),
        logarithmic=counted.classes.logarithmic,
        unit=question.unit if number else "",
        first_day=period.first_day,
        last_day=period.last_day,
    )


_SPREADS: "KeptResults[tuple[CountedSpread | None, str]]" = KeptResults(128)
"""By version of the lead facts and what is asked of them: the counts of a field, and its label."""


def _counted(
    name: str, period: "Period", zone: str, marks: Sequence[float]
) -> "tuple[CountedSpread | None, str]":
    from leads.field_spread import spread_of
    from leads.store import warehouse

    with warehouse().read() as facts:
        label = next((known.label for known in facts.fields() if known.name == name), name)
        return spread_of(facts, name, period, zone, marks), label


def _question(actor: Actor, survey_id: str, question_key: str) -> "QuestionComparison":
    for compared in compare_survey(actor, survey_id).questions:
        if compared.question.key == question_key:
            return compared
    raise NotFound("There is no such question in this comparison.")


def _bounds(rule: Rule | None) -> dict[str, Condition]:
    """The first bound that a rule sets to each field that it compares with a number."""
    found: dict[str, Condition] = {}
    for condition in () if rule is None else conditions_of(rule):
        number = isinstance(condition.value, int | float) and not isinstance(condition.value, bool)
        if number and condition.operator in (*_UPWARDS, *_DOWNWARDS):
            found.setdefault(condition.field, condition)
    return found


def _as_number(condition: Condition) -> float | None:
    return float(condition.value) if isinstance(condition.value, int | float) else None
