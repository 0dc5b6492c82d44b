"""What people of the sample company doubted about its definition of an MQL, as claims that the leads decide."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from actions import clock, objections
from alignment.people import Actor


@dataclass(frozen=True)
class Doubt:
    """One objection: who said it, when, and what it claims; days as so many days ago, negative for days to come."""

    name: str
    ago: int
    reason: str
    measure: str
    comparison: str
    value: float
    first: int
    last: int
    source: str


DOUBTS = (
    Doubt(
        "Rafael Montejo",
        384,
        "People we meet at events take the brochure and are never heard of again.",
        "win_rate:won",
        "below",
        0.1,
        330,
        150,
        "Event",
    ),
    Doubt(
        "Finja Osterkamp",
        20,
        "Display ads bring large companies that fit the rule and do not want to buy.",
        "win_rate:won",
        "below",
        0.15,
        20,
        -70,
        "Display ads",
    ),
)
DECIDED = 149


def doubt(
    machine: Actor,
    actor_of: Callable[[str], Actor],
    instant: Callable[[int, float], datetime],
    day: Callable[[int], date],
) -> None:
    """Record the objections when people had them; the first is decided when its days are over."""
    for one in DOUBTS:
        with clock.at(instant(one.ago, 11)):
            objections.raise_objection(
                actor_of(one.name),
                "mql",
                one.reason,
                one.measure,
                one.comparison,
                one.value,
                day(one.first),
                day(one.last),
                field="source",
                field_value=one.source,
            )
    with clock.at(instant(DECIDED, 7)):
        objections.decide_due(machine)
