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

    `kind` is that of the question. `people` are, for each team, how many gave which answers: numbers below the class of the
    threshold, in it and above it, or options, or the condition of a rule, whatever its threshold. `answered` is how many answered the
    question at all, those who can't say included; `middle` the median threshold of those who put the condition into a rule, None
    where there is none to tell.
    """

    condition: Condition
    question: str
    kind: QuestionType
    people: Mapping[Team, tuple[tuple[str, int], ...]]
    answered: Mapping[Team, int]
    middle: Mapping[Team, float | None]

    def sentence(self, team: Team) -> str:
        """A team's answers in words, without a full stop: `4 ask for less, 6 for 50–54, 1 for more, of 11 who answered`."""
        given, answered = self.people[team], f"of {self.answered[team]:,} who answered"
        if self.kind is QuestionType.RULE:
            parts = [
                f"{count:,} put {words if len(given) > 1 else 'this'} into their rule"
                for words, count in given
            ]
            middle = self.middle[team]
            between = "" if middle is None else f" (in the middle {number_text(middle)})"
            return f"{', '.join(parts)}{between}, {answered}"
        if self.kind is QuestionType.NUMBER:
            parts = [f"{count:,} {'asks' if count == 1 else 'ask'} for {words}" for words, count in given]
            return f"{', '.join(parts)}, {answered}"
        return f"{', '.join(f'{count:,} chose {words}' for words, count in given)}, {answered}"


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
                        one.question.type,
                        {team: tuple((words, counts[team]) for words, counts in told) for team in Team},
                        {team: one.distributions[team].answered for team in Team},
                        {team: _middle(condition, one.distributions[team]) for team in Team},
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
        (label, {team: of[team].counts[place] for team in Team})
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
        ("less", slice(0, here)),
        (labels[here], slice(here, here + 1)),
        ("more", slice(here + 1, None)),
    )
    return [
        (words, {team: sum(of[team].counts[part]) for team in Team}) for words, part in parts if labels[part]
    ]


def _of_rules(condition: Condition, of: "Mapping[Team, Distribution]") -> _Told:
    """Who put such a condition into a rule, whatever its threshold."""
    labels = of[Team.SALES].labels
    places = [labels.index(label) for label in _labels(condition) if label in labels]
    return [(labels[place], {team: of[team].counts[place] for team in Team}) for place in places]


def _middle(condition: Condition, of: "Distribution") -> float | None:
    labels = _labels(condition)
    if len(labels) != 1 or labels[0] not in of.labels or not of.thresholds:
        return None
    return of.thresholds[of.labels.index(labels[0])]


def _labels(condition: Condition) -> list[str]:
    """What a comparison of rules calls what a condition asks for."""
    from alignment.disagreement.rule_conditions import asked_by

    return [asked.label for asked in asked_by(Rule(condition))]
