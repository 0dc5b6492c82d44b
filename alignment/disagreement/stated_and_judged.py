"""What a team says it wants of a lead, against how it judges real leads, and against what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alignment.lead_cards import CardOutcome
from alignment.people import Team


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
