"""Workshops: topics that the comparison ranked, proposals, and votes that both teams have to carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alignment.people import Team


class Choice(StrEnum):
    """What a person says to a proposal."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"


class ProposalState(StrEnum):
    """Where a proposal stands."""

    VOTING = "voting"
    CARRIED = "carried"
    NOT_CARRIED = "not_carried"
    WITHDRAWN = "withdrawn"


class TopicState(StrEnum):
    """Where a topic stands."""

    OPEN = "open"
    AGREED = "agreed"
    PARKED = "parked"


@dataclass(frozen=True)
class Tally:
    """One team's votes on a proposal. Where it is not `counted`, it tells only whether the team carries it."""

    yes: int = 0
    no: int = 0
    abstain: int = 0
    counted: bool = True

    @property
    def cast(self) -> int:
        """How many people of the team voted."""
        return self.yes + self.no + self.abstain

    @property
    def carries(self) -> bool:
        """A team carries a proposal when more of its people say yes than no; abstaining is neither."""
        return self.yes > self.no


FEWEST_VOTES = 3
"""With fewer votes of a team, counts would tell who voted how."""


def veiled(tally: Tally) -> Tally:
    """What may be shown of a team's result."""
    if tally.cast >= FEWEST_VOTES or tally.cast == 0:
        return tally
    return Tally(yes=1, counted=False) if tally.carries else Tally(no=1, counted=False)


def carried(tallies: Mapping[Team, Tally]) -> bool:
    """Agreed only if **both** teams carry it; a team that did not vote does not."""
    return all(tallies.get(team, Tally()).carries for team in Team)


@dataclass(frozen=True)
class Proposal:
    """A wording for a term, put to the vote. While voting runs, `tallies` holds only how many voted.

    `drafted` says whether a definition has been made from it.
    """

    id: str
    topic_id: str
    term_key: str
    term_name: str
    text: str
    rule: Mapping[str, Any] | None
    author_id: str
    created_at: str
    state: ProposalState
    tallies: Mapping[Team, Tally]
    drafted: bool = False

    def why(self) -> str:
        """The result of a finished vote in one sentence."""
        if self.state is ProposalState.CARRIED:
            return "Agreed: both teams carry it."
        against = [team.label for team in Team if not self.tallies.get(team, Tally()).carries]
        return f"Not agreed: {' and '.join(against)} did not carry it." if against else "Not agreed."


@dataclass(frozen=True)
class Topic:
    """Something to settle, usually a question on which the teams differ. `reason` says why it is on the table."""

    id: str
    workshop_id: str
    position: int
    title: str
    reason: str
    survey_id: str | None
    question_key: str | None
    state: TopicState
    proposals: tuple[Proposal, ...] = ()

    @property
    def voting(self) -> Proposal | None:
        """The proposal being voted on now."""
        return next((p for p in self.proposals if p.state is ProposalState.VOTING), None)

    @property
    def carried(self) -> Proposal | None:
        """The proposal that both teams carried, the latest if there were several."""
        return next((p for p in reversed(self.proposals) if p.state is ProposalState.CARRIED), None)


@dataclass(frozen=True)
class Workshop:
    """A meeting of both teams with its topics in order. `revision` moves with everything that happens in it."""

    id: str
    cycle_id: str | None
    title: str
    open: bool
    created_at: str
    revision: int
    topics: tuple[Topic, ...] = ()


def in_agenda_order(topics: Sequence[Topic], places: Mapping[str, int]) -> tuple[str, ...]:
    """The ids of `topics`, put into the order of the agenda without disturbing what is being discussed.

    `places` says where a topic stands on the agenda, by id. Topics that have one, are open and have had no proposal yet
    change places among themselves; all others stay where they are.
    """
    movable = [
        topic
        for topic in topics
        if topic.id in places and topic.state is TopicState.OPEN and not topic.proposals
    ]
    ordered = iter(sorted(movable, key=lambda topic: (places[topic.id], topic.position)))
    moving = {topic.id for topic in movable}
    return tuple(next(ordered).id if topic.id in moving else topic.id for topic in topics)
