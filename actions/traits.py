"""What the leads that were won have in common, and those that were lost: the data's own word on a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from actions import metrics, settings
from actions.comparison import compare_survey
from actions.kept_results import KeptResults
from actions.lead_cards import facts_with_profile, names_of_people
from actions.permissions import authorise
from alignment.errors import NotFound
from alignment.lead_cards import FieldUse
from alignment.people import Actor, Team
from alignment.questionnaires import QuestionType
from alignment.rules import Condition, FieldType, Operator, Rule, conditions_of, fields_of
from alignment.traits import LEAST_OF_EACH, CountedTrait, Traits, judge_traits, words_of_left_out
from db.queries import surveys
from db.store import store

if TYPE_CHECKING:  # these bring numpy and Ibis: only where leads are really touched
    from alignment.disagreement import QuestionComparison
    from leads.cards import Profile, ProfiledField
    from leads.closed_periods import Period
    from leads.traits import AskedTrait

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
    connection = store().read()
    as_of, zone = metrics.known_until(), settings.company_of(connection).hours.timezone
    key = (facts.folder, revision, as_of, zone, names_of_people(connection))
    return _TRAITS.get(key, lambda: _looked_at(as_of, zone, {"": _Asked()}))[""]


def traits_of_question(actor: Actor, survey_id: str, question_key: str) -> Traits:
    """What the leads say to one question of a closed survey: each condition of both typical rules, or what can be answered.

    A number about a lead field is looked at from each team's threshold on; options are values; a scale, and a number that
    too few said, at what is usual for their field. Raises WrongState while the survey is not closed, NotFound for a question
    that was not compared.
    """
    authorise(actor, "comparison:read")
    found = compare_survey(actor, survey_id)
    compared = next((one for one in found.questions if one.question.key == question_key), None)
    if compared is None:
        raise NotFound("There is no such question in this comparison.")
    if not _asked_by(compared).anything:
        return Traits(
            (), reason="This question is about no field of the leads, so they tell nothing about it."
        )
    from leads.store import warehouse

    facts = warehouse()
    revision = facts.revision()
    if not revision:
        return Traits((), reason=NO_LEADS)
    connection = store().read()
    as_of, zone = metrics.known_until(), settings.company_of(connection).hours.timezone
    survey = surveys.known(connection, survey_id)
    version = (facts.folder, revision, as_of, zone, names_of_people(connection))
    key = (*version, str(store().path), survey.id, survey.revision)
    asked = {one.question.key: of for one in found.questions if (of := _asked_by(one)).anything}
    return _TRAITS.get(key, lambda: _looked_at(as_of, zone, asked))[question_key]


@dataclass(frozen=True)
class _Asked:
    """What a question asks of the leads: single conditions, or else what is usual for a field, or for all where it is None."""

    rules: tuple[Rule, ...] = ()
    field: str | None = None

    @property
    def anything(self) -> bool:
        return bool(self.rules or self.field)


def _asked_by(compared: "QuestionComparison") -> _Asked:
    if compared.hidden:
        return _Asked(field=compared.question.field or None)
    rules = _conditions_in(compared)
    return _Asked(rules) if rules else _Asked(field=compared.question.field or None)


def _conditions_in(compared: "QuestionComparison") -> tuple[Rule, ...]:
    """The single conditions that a question puts to a lead, each once."""
    question = compared.question
    if question.field and question.type in (QuestionType.CHOICE, QuestionType.CHOICES):
        return tuple(Rule(Condition(question.field, Operator.EQUAL, option)) for option in question.options)
    if question.field and question.type is QuestionType.YES_NO:
        return (Rule(Condition(question.field, Operator.EQUAL, True)),)
    both = [rule for team in Team if (rule := compared.typical_rules.get(team)) is not None]
    return tuple(dict.fromkeys(Rule(condition) for rule in both for condition in conditions_of(rule)))


_TRAITS: KeptResults[Mapping[str, Traits]] = KeptResults(32)
"""By version of the lead facts and of a survey, the traits of all its questions: one look at the leads tells of all."""


def _looked_at(as_of: datetime, zone: str, asked: Mapping[str, _Asked]) -> Mapping[str, Traits]:
    """The traits of each question under its key, of the same closed leads, in one look at them."""
    from leads.traits import closed_leads, count_traits, trait_of, usable, usual_traits

    with facts_with_profile(store().read()) as (facts, profile):
        types = facts.rule_fields()
        refused: dict[str, list[str]] = {}
        traits: dict[str, list[AskedTrait]] = {}
        usual: dict[str, list[ProfiledField]] = {}
        for key, of in asked.items():
            why = [_why_not(profile, types, fields_of(rule)[0], rule) for rule in of.rules]
            traits[key] = [trait_of(rule) for rule, no in zip(of.rules, why, strict=True) if not no]
            if of.field is not None:
                why.append(_why_not(profile, types, of.field))
            refused[key] = [no for no in why if no]
            known = [] if of.rules else [one for one in profile.fields if of.field in (None, one.name)]
            usual[key] = [one for one in known if usable(one)]
        fields = {one.name: one for of_key in usual.values() for one in of_key}
        names = [*fields, *(trait.field for of_key in traits.values() for trait in of_key)]
        closed = closed_leads(facts, names, as_of, zone)
        if min(closed.won, closed.lost) < LEAST_OF_EACH:
            traits = {key: [] for key in asked}
        else:
            of_field: dict[str, list[AskedTrait]] = {name: [] for name in fields}
            for trait in usual_traits(facts, closed, profile, list(fields.values())):
                of_field[trait.field].append(trait)
            for key, of_key in usual.items():
                traits[key] += [trait for one in of_key for trait in of_field[one.name]]
        every = list(dict.fromkeys(trait for of_key in traits.values() for trait in of_key))
        counts = dict(zip(every, count_traits(facts, closed, every), strict=True))
    return {
        key: _told(
            [counts[trait] for trait in traits[key]], refused[key], closed.won, closed.lost, closed.period
        )
        for key in asked
    }


def _told(
    counted: Sequence[CountedTrait], refused: Sequence[str], won: int, lost: int, period: "Period"
) -> Traits:
    traits = judge_traits(counted)
    return Traits(
        traits,
        won,
        lost,
        reason="" if traits else _why_none(won, lost),
        left_out=(*dict.fromkeys(refused), *words_of_left_out(counted)),
        first_day=period.first_day,
        last_day=period.last_day,
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
