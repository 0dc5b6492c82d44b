"""Lead cards: real leads without names, which both teams judge blind.

Everybody sees the same cards, each person in an order of their own, so that no card profits from standing first. A card
keeps what it showed when it was drawn: leads change, judgements have to stay comparable.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class LeadCard:
    """A lead as people see it: its number in the question (1, 2, …), and (label, text) of each fact, in order."""

    number: int
    facts: tuple[tuple[str, str], ...]


class CardOutcome(StrEnum):
    """What became of a card's lead. `open` is neither won nor lost: still in work, or turned away without an end."""

    WON = "won"
    LOST = "lost"
    OPEN = "open"


def shuffled(cards: Iterable[LeadCard], person_id: str, survey_id: str) -> tuple[LeadCard, ...]:
    """The cards in the order in which this person judges them: always the same for one person and survey.

    Sorted by a keyed digest of each card's number, so that the order says nothing about the cards and does not depend on
    a random generator that may change.
    """
    key = hashlib.sha256(f"{survey_id}\n{person_id}".encode()).digest()

    def place(card: LeadCard) -> bytes:
        return hashlib.blake2b(str(card.number).encode(), key=key, digest_size=16).digest()

    return tuple(sorted(cards, key=place))
