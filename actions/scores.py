"""The lead score: each side's own points first, then one score that both agree, in versions signed like definitions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from actions import agreements, clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import agreements as domain
from alignment.agreements import AgreementKind
from alignment.errors import NotPermitted
from alignment.people import Actor, Team
from alignment.scores import LEAD_SCORE, ScoreVersion, check_points
from db.queries import agreements as stored
from db.queries import people
from db.queries.agreements import SidePoints
from db.store import Connection, store


@dataclass(frozen=True)
class ScoreEntry:
    """The score as a screen shows it: what is in force, agreed for later and open, and everything there was.

    `sides` are each side's own points, as far as the person may see them; `proposed_by` the sides that have proposed any.
    `names` are those of people by id.
    """

    in_force: ScoreVersion | None
    upcoming: ScoreVersion | None
    open: ScoreVersion | None
    versions: tuple[ScoreVersion, ...]
    sides: Mapping[Team, SidePoints]
    proposed_by: frozenset[Team]
    names: Mapping[str, str]


def read_score(actor: Actor) -> ScoreEntry:
    """The score with its versions, and each side's points.

    Nobody sees the other side's points before both sides have proposed theirs, so that neither leans on the other.
    """
    person = authorise(actor, "agreement:read")
    connection = store().read()
    found = agreements.stand(person, stored.versions(connection, ScoreVersion, LEAD_SCORE))
    sides = stored.side_points(connection)
    both = len(sides) == len(Team)
    return ScoreEntry(
        in_force=found.in_force,
        upcoming=found.upcoming,
        open=found.open,
        versions=found.versions,
        sides={team: points for team, points in sides.items() if both or team is person.team},
        proposed_by=frozenset(sides),
        names={someone.id: someone.name for someone in people.everyone(connection)},
    )


def in_force_now(actor: Actor) -> ScoreVersion | None:
    """The score that is in force at this moment."""
    authorise(actor, "agreement:read")
    history = domain.timeline(stored.versions(store().read(), ScoreVersion, LEAD_SCORE))
    return domain.in_force(history, clock.now_text())


def propose_points(actor: Actor, rule: Mapping[str, Any]) -> None:
    """Say for one's own side which points it would give; in the place of what it said before.

    `rule` is a rule document of points and a threshold. Raises InvalidRule and InvalidInput for anything else, NotPermitted
    for people of no team.
    """
    person = authorise(actor, "score:propose")
    if person.team is None:
        raise NotPermitted("Only the team leads of sales and of marketing speak for their side.")
    team: Team = person.team
    checked = check_points(rule)

    def transaction(connection: Connection) -> None:
        before = stored.side_points(connection).get(team)
        if before is not None and before.rule == checked:
            return
        stored.put_side_points(connection, team, checked, person.id, clock.now_text())
        journal(
            connection,
            person,
            "score:propose_points",
            "score",
            team.value,
            before=before.rule if before else None,
            after=checked,
        )

    store().write(transaction)


def draft(actor: Actor, text: str, rule: Mapping[str, Any], effective_from: date | None = None) -> str:
    """Start the next version of the score; returns its id. Proposed, signed, sent back and dropped as any agreement."""
    return agreements.draft(
        actor, AgreementKind.SCORE, LEAD_SCORE, {"text": text, "rule": rule}, effective_from
    )


def edit(
    actor: Actor,
    version_id: str,
    revision: int,
    text: str,
    rule: Mapping[str, Any],
    effective_from: date | None,
) -> bool:
    """Change an open version that was seen at `revision`; see `agreements.edit`."""
    return agreements.edit(actor, version_id, revision, {"text": text, "rule": rule}, effective_from)
