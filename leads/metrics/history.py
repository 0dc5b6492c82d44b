"""What all episodes of a version tell, kept for as long as it is in force: it is the same for every question of now.

Which stages are recorded and how often, between which times, how long conversions take, since when outcomes are recorded, which
values are the most frequent.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leads.latest import Latest
from leads.metrics.population import Population, Profile
from leads.metrics.question import MetricQuestion
from leads.store import Facts

_MOST = 8


@dataclass(frozen=True)
class _History:
    profile: Profile
    span: tuple[datetime | None, datetime | None]
    size: int
    found: dict[str, Any]
    """What populations found out when it was needed, and share."""


_histories: Latest[_History] = Latest(_MOST)


def whole_population(
    facts: Facts, question: MetricQuestion, imported_at: str | None, *, holds: bool = False
) -> Population:
    """The population of a question over all episodes of a version, which knows what earlier ones have found out."""
    population = Population(facts, question, imported_at, holds=holds)
    if not facts.revision:
        return population
    version = (facts.revision, imported_at, question.only, question.exclude)
    known = _histories.get(version)
    if known is None or _was_later(known, question):
        known = _histories.get((*version, question.as_of))
    if known is None:
        found = {name: getattr(population, name) for name in _FOUND}
        known = _History(population.profile, population._span, population.size, found)
        _histories.put((*version, question.as_of) if population.something_came_later else version, known)
    population.profile, population._span, population.size = known.profile, known.span, known.size
    for name in _FOUND:
        setattr(population, name, known.found[name])
    return population


_FOUND = ("windows", "truncations", "chosen", "parts")


def forget() -> None:
    """Let the next question find everything out anew."""
    _histories.clear()


def _was_later(known: _History, question: MetricQuestion) -> bool:
    """Whether the facts hold anything from after the instant asked for."""
    last = known.span[1]
    return last is not None and last > question.as_of.astimezone(UTC).replace(tzinfo=None)
