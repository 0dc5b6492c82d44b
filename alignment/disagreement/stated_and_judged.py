"""What a team says it wants of a lead, against how it judges real leads, and against what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alignment.disagreement.results import Distribution
from alignment.lead_cards import CardOutcome
from alignment.people import Team

LEAST_AGAINST = 2
"""So many leads at least have to be judged against a condition before a sentence says so: one may be an accident."""
MOST_CONDITIONS_TOLD = 2


@dataclass(frozen=True)
class CardSeen:
    """One card: `stated` is what each team's typical rule says of its lead (None: cannot tell), `judged` whether more than
    half of each team that could tell called it qualified (None: neither way, or shown of nobody), `outcome` what became of
    the lead (None: not known any more)."""

    number: int
    stated: Mapping[Team, bool | None]
    judged: Mapping[Team, bool | None]
    outcome: CardOutcome | None


@dataclass(frozen=True)
class StatedAndJudged:
    """Every card, and what it says of each team in sentences: where people do not judge by the rule that they state, and
    whether rule or judgement came nearer to what happened."""

    cards: tuple[CardSeen, ...]
    sentences: Mapping[Team, tuple[str, ...]]

    def as_dict(self) -> dict[str, Any]:
        """In the shape of `manage.py compare --json`."""
        return {
            "cards": [
                {
                    "card": one.number,
                    "stated": {team.value: one.stated[team] for team in Team},
                    "judged": {team.value: one.judged[team] for team in Team},
                    "outcome": None if one.outcome is None else one.outcome.value,
                }
                for one in self.cards
            ],
            "sentences": {team.value: list(self.sentences[team]) for team in Team},
        }


@dataclass(frozen=True)
class StatedRule:
    """What a team's typical rule says of the lead on each card (None: cannot tell), and each of its conditions alone.

    `conditions` has the words of a condition (`employees is at least 50`) and what it says of the cards.
    """

    says: Mapping[int, bool | None]
    conditions: Sequence[tuple[str, Mapping[int, bool | None]]] = ()


def majorities(distributions: Mapping[Team, Distribution]) -> dict[int, dict[Team, bool | None]]:
    """Card number → team → whether more than half of those who could tell call the lead qualified; None where as many do
    as do not. Only of the cards that the comparison shows."""
    found: dict[int, dict[Team, bool | None]] = {}
    for team, of in distributions.items():
        for label, qualified, not_qualified in zip(of.labels, of.counts, of.not_qualified, strict=True):
            number = int(label.removeprefix("Card "))
            found.setdefault(number, {})[team] = (
                None if qualified == not_qualified else qualified > not_qualified
            )
    return found


def put_side_by_side(
    rules: Mapping[Team, StatedRule | None],
    judged: Mapping[int, Mapping[Team, bool | None]],
    outcomes: Mapping[int, CardOutcome],
) -> StatedAndJudged:
    """Each card under what the teams ask for, how they judge it, and what became of it; then what that says of each team.

    `judged` has the cards that may be shown. Counts only: so few cards prove no difference.
    """
    cards = tuple(
        CardSeen(
            number,
            stated={team: None if (rule := rules[team]) is None else rule.says.get(number) for team in Team},
            judged={team: judged[number].get(team) for team in Team},
            outcome=outcomes.get(number),
        )
        for number in sorted(judged)
    )
    return StatedAndJudged(cards, {team: _sentences(team, rules[team], cards) for team in Team})


def _sentences(team: Team, rule: StatedRule | None, cards: Sequence[CardSeen]) -> tuple[str, ...]:
    name = team.label.capitalize()
    if rule is None:
        return (f"{name} has no typical rule to compare its judgements with.",)
    both = [one for one in cards if one.stated[team] is not None and one.judged[team] is not None]
    if not both:
        return (
            f"On no card do both the rule of {team.label} and its judgement say whether the lead is qualified.",
        )
    alike = sum(one.stated[team] == one.judged[team] for one in both)
    found = [f"{name} judges {alike} of {_leads(len(both))} as its own rule does."]
    found += _against_conditions(name, team, rule, cards)
    wanted = [one for one in both if one.stated[team]]
    turned_down = sum(not one.judged[team] for one in wanted)
    if turned_down >= LEAST_AGAINST:
        found.append(
            f"Of {_leads(len(wanted))} that its rule calls qualified, {name.lower()} calls {turned_down} not qualified."
        )
    ended = [one for one in both if one.outcome in (CardOutcome.WON, CardOutcome.LOST)]
    if ended:
        by_eye = sum(one.judged[team] == (one.outcome is CardOutcome.WON) for one in ended)
        by_rule = sum(one.stated[team] == (one.outcome is CardOutcome.WON) for one in ended)
        found.append(
            f"Judged by eye, {name.lower()} was right on {by_eye} of {_leads(len(ended))} that "
            f"{'was' if len(ended) == 1 else 'were'} won or lost; its rule on {by_rule}."
        )
    return tuple(found)


def _leads(count: int) -> str:
    return "1 lead" if count == 1 else f"{count} leads"


def _against_conditions(name: str, team: Team, rule: StatedRule, cards: Sequence[CardSeen]) -> list[str]:
    """The conditions that people do not hold to: most of the leads that fall short are called qualified all the same."""
    found = []
    for words, says in rule.conditions:
        short = [one for one in cards if says.get(one.number) is False and one.judged[team] is not None]
        qualified = sum(bool(one.judged[team]) for one in short)
        if qualified >= LEAST_AGAINST and 2 * qualified > len(short):
            told = f"{name} asks that {words}, yet calls {qualified} of the {len(short)} leads that fall short of this qualified."
            found.append((qualified, told))
    return [told for _, told in sorted(found, key=lambda one: -one[0])[:MOST_CONDITIONS_TOLD]]
