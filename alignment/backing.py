"""How many people of each team asked for what a rule asks for, from what a questionnaire shows of whole teams.

Only what a comparison shows is looked at, in the classes in which it shows it: so a threshold that is moved tells nothing of
anybody that the comparison does not, and a question that a team was too few to answer tells nothing at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.rules import AllOf, AnyOf, Condition, Node, Operator, Points, Rule
from alignment.texts import number_text

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement import Comparison
    from alignment.disagreement.results import Distribution, QuestionComparison

_FROM = (Operator.AT_LEAST, Operator.GREATER)
_CHOICES = (QuestionType.CHOICE, QuestionType.CHOICES)


@dataclass(frozen=True)
class Backing:
    """What people answered to a question about a condition of a rule.

    `people` are, for each team, how many gave which answers, in words as they follow a number, the same for both teams;
    `answered` how many answered the question at all, those who can't say included.
    """

    condition: Condition
    question: str
    people: Mapping[Team, tuple[tuple[str, int], ...]]
    answered: Mapping[Team, int]


def backing_of(rule: Rule, compared: "Comparison") -> tuple[Backing, ...]:
    """The backing of each condition of a rule that a question was about, in the order of the rule."""
    found = []
    for condition in dict.fromkeys(_wished_for(rule)):
        for one in compared.questions:
            told = None if one.hidden or one.distributions is None else _told(condition, one)
            if told and one.distributions is not None:
                found.append(
                    Backing(
                        condition,
                        one.question.name,
                        {team: tuple((words, counts[team]) for words, counts in told) for team in Team},
                        {team: one.distributions[team].answered for team in Team},
                    )
                )
    return tuple(found)


def _wished_for(rule: Rule) -> Iterator[Condition]:
    """The conditions that speak for a lead: not those that are turned round."""

    def walk(node: Node) -> Iterator[Condition]:
        match node:
            case Condition():
                yield node
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    yield from walk(part)

    if isinstance(rule.root, Points):
        for entry in rule.root.entries:
            if entry.add_hundredths > 0:
                yield from walk(entry.node)
    else:
        yield from walk(rule.root)


_Told = Sequence[tuple[str, Mapping[Team, int]]]
"""Answers in words, and how many of each team gave them."""


def _told(condition: Condition, one: "QuestionComparison") -> _Told:
    assert one.distributions is not None
    of, question = one.distributions, one.question
    if question.type is QuestionType.RULE:
        return _of_rules(condition, of)
    if question.field != condition.field:
        return ()
    value = condition.value
    if question.type is QuestionType.NUMBER and condition.operator in _FROM:
        return _of_numbers(float(value), of) if isinstance(value, int | float) else ()
    if question.type is QuestionType.YES_NO and condition.operator is Operator.EQUAL and value is True:
        return _of_options(("yes",), of)
    if question.type in _CHOICES and condition.operator in (Operator.EQUAL, Operator.IN):
        return _of_options(value if isinstance(value, tuple) else (value,), of)
    return ()


def _of_options(values: Sequence[object], of: "Mapping[Team, Distribution]") -> _Told:
    """Who gave which of the values that are options of the question."""
    labels = of[Team.SALES].labels
    return [
        (f"for {label}", {team: of[team].counts[place] for team in Team})
        for place, label in enumerate(labels)
        if label in values
    ]


def _of_numbers(threshold: float, of: "Mapping[Team, Distribution]") -> _Told:
    """Who said a number in the class of the threshold, below it and above it."""
    from alignment.disagreement.number_classes import class_of

    labels = of[Team.SALES].labels
    if not labels:
        return ()
    here = class_of(labels, threshold)
    parts = (
        ("for less", slice(0, here)),
        (f"for {labels[here]}", slice(here, here + 1)),
        ("for more", slice(here + 1, None)),
    )
    return [
        (words, {team: sum(of[team].counts[part]) for team in Team}) for words, part in parts if labels[part]
    ]


def _of_rules(condition: Condition, of: "Mapping[Team, Distribution]") -> _Told:
    """Who put such a condition into a rule, whatever its threshold, and from where on half of them do."""
    from alignment.disagreement.rule_conditions import asked_by

    labels = of[Team.SALES].labels
    found = []
    for asked in asked_by(Rule(condition)):
        if asked.label not in labels:
            continue
        place = labels.index(asked.label)
        middles = {team: of[team].thresholds[place] if of[team].thresholds else None for team in Team}
        known = [
            f"{team.label} {number_text(middle)}" for team, middle in middles.items() if middle is not None
        ]
        words = f"for “{asked.label}”" + (f" (in the middle: {', '.join(known)})" if known else "")
        found.append((words, {team: of[team].counts[place] for team in Team}))
    return found
