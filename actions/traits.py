"""What the leads that were won have in common, and those that were lost: the data's own word on a question."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from actions import metrics, settings
from actions.comparison import compare_survey
from actions.kept_results import KeptResults
from actions.lead_cards import facts_with_profile
from actions.permissions import authorise
from alignment.errors import NotFound
from alignment.lead_cards import FieldUse
from alignment.people import Actor, Team
from alignment.questionnaires import QuestionType
from alignment.rules import Condition, FieldType, Operator, Rule, conditions_of, fields_of
from alignment.traits import LEAST_OF_EACH, Traits, judge_traits, words_of_left_out
from db.store import store

if TYPE_CHECKING:  # these bring numpy and Ibis: only where leads are really touched
    from alignment.disagreement import QuestionComparison
    from leads.cards import Profile

NO_LEADS = "There are no leads yet, so nothing is known of those that were won."


def read_traits(actor: Actor) -> Traits:
    """Every trait that can be asked of the leads' fields, those first of which the data tell most.

    By source and by each field that may stand on lead cards: yes or no, the most frequent values, numbers by quarters.
    """
    authorise(actor, "leads:read")
    from leads.store import warehouse

    facts = warehouse()
    revision = facts.revision()
    if not revision:
        return Traits((), reason=NO_LEADS)
    return _kept(facts.folder, revision, (), None)


def traits_of_question(actor: Actor, survey_id: str, question_key: str) -> Traits:
    """What the leads say to one question of a closed survey: each condition of both typical rules, or what can be answered.

    A number about a lead field is looked at from each team's threshold on; options are values; a scale, and a number that
    too few said, at what is usual for their field. Raises WrongState while the survey is not closed, NotFound for a question
    that was not compared.
    """
    authorise(actor, "comparison:read")
    for compared in compare_survey(actor, survey_id).questions:
        if compared.question.key == question_key:
            break
    else:
        raise NotFound("There is no such question in this comparison.")
    rules = () if compared.hidden else _asked_by(compared)
    if not rules and not compared.question.field:
        return Traits(
            (), reason="This question is about no field of the leads, so they tell nothing about it."
        )
    from leads.store import warehouse

    facts = warehouse()
    revision = facts.revision()
    if not revision:
        return Traits((), reason=NO_LEADS)
    field = None if rules else compared.question.field
    return _kept(facts.folder, revision, rules, field)


def _asked_by(compared: "QuestionComparison") -> tuple[Rule, ...]:
    """The single conditions that a question puts to a lead, each once."""
    question = compared.question
    if question.field and question.type in (QuestionType.CHOICE, QuestionType.CHOICES):
        return tuple(Rule(Condition(question.field, Operator.EQUAL, option)) for option in question.options)
    if question.field and question.type is QuestionType.YES_NO:
        return (Rule(Condition(question.field, Operator.EQUAL, True)),)
    both = [rule for team in Team if (rule := compared.typical_rules.get(team)) is not None]
    return tuple(dict.fromkeys(Rule(condition) for rule in both for condition in conditions_of(rule)))


def _kept(folder: Path, revision: str, rules: tuple[Rule, ...], field: str | None) -> Traits:
    """The traits of a version of the lead facts in `folder`, looked at once."""
    as_of, zone = metrics.known_until(), settings.company_of(store().read()).hours.timezone
    return _TRAITS.get(
        (folder, revision, as_of, zone, rules, field), lambda: _looked_at(as_of, zone, rules, field)
    )


_TRAITS: KeptResults[Traits] = KeptResults(64)


def _looked_at(as_of: datetime, zone: str, rules: tuple[Rule, ...], field: str | None) -> Traits:
    """The traits that `rules` ask for; without any, those that are usual for a field, or for all of them."""
    from leads.traits import closed_leads, count_traits, trait_of, usable, usual_traits

    with facts_with_profile(store().read()) as (facts, profile):
        types = facts.rule_fields()
        refused = [_why_not(profile, types, fields_of(rule)[0], rule) for rule in rules]
        asked = [trait_of(rule) for rule, why in zip(rules, refused, strict=True) if not why]
        if field is not None:
            refused.append(_why_not(profile, types, field))
        chosen = [one for one in profile.fields if usable(one) and field in (None, one.name)]
        names = [trait.field for trait in asked] if rules else [one.name for one in chosen]
        closed = closed_leads(facts, names, as_of, zone)
        if min(closed.won, closed.lost) < LEAST_OF_EACH:
            asked = []
        elif not rules:
            asked = list(usual_traits(facts, closed, profile, chosen))
        counted = count_traits(facts, closed, asked)
    left_out = (*dict.fromkeys(why for why in refused if why), *words_of_left_out(counted))
    traits = judge_traits(counted)
    return Traits(
        traits,
        closed.won,
        closed.lost,
        reason="" if traits else _why_none(closed.won, closed.lost),
        left_out=left_out,
        first_day=closed.period.first_day,
        last_day=closed.period.last_day,
    )


def _why_not(profile: "Profile", types: Mapping[str, FieldType], name: str, rule: Rule | None = None) -> str:
    """Why leads are not compared by a field; '' where they may be. A `rule` may look at free text, and at a day."""
    from leads.costs import fits

    known = profile.field(name)
    if known is None:
        return f"The leads have no field “{name}”."
    if known.use is FieldUse.NEVER:
        return f"‘{known.label}’ is left out: it {known.reason}."
    if rule is None and known.use is not FieldUse.AVAILABLE:
        return f"‘{known.label}’ is left out: it {known.reason}."
    if rule is not None and not fits(rule, types):
        return f"‘{known.label}’ is left out: the leads hold something else in it than was asked for."
    return ""


def _why_none(won: int, lost: int) -> str:
    if min(won, lost) < LEAST_OF_EACH:
        return (
            f"{won:,} won and {lost:,} lost leads are known. At least {LEAST_OF_EACH} of each are needed to tell what they "
            "have in common."
        )
    return "Nothing that was asked for is known of enough leads."
