"""Workshops, topics, proposals and votes as the store holds them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alignment.people import Team
from alignment.workshops import Choice, Proposal, ProposalState, Tally, Topic, TopicState, Workshop
from db.keys import new_id
from db.store import Connection, Row


def add(connection: Connection, *, cycle_id: str | None, title: str, at: str) -> str:
    """Open a workshop; returns its id."""
    workshop_id = new_id()
    connection.execute(
        "INSERT INTO workshop (id, cycle_id, title, state, created_at) VALUES (?, ?, ?, 'open', ?)",
        (workshop_id, cycle_id, title, at),
    )
    return workshop_id


def revision(connection: Connection, workshop_id: str) -> int | None:
    """The one number that live screens poll; None when the workshop does not exist."""
    row = connection.execute("SELECT revision FROM workshop WHERE id = ?", (workshop_id,)).fetchone()
    return row["revision"] if row else None


def touch(connection: Connection, workshop_id: str) -> None:
    """Move the workshop's revision, so that every screen looks again."""
    connection.execute("UPDATE workshop SET revision = revision + 1 WHERE id = ?", (workshop_id,))


def touch_of_proposal(connection: Connection, proposal_id: str) -> None:
    """Move the revision of the workshop on whose table the proposal is."""
    connection.execute(
        """
        UPDATE workshop SET revision = revision + 1 WHERE id =
            (SELECT topic.workshop_id FROM proposal JOIN topic ON topic.id = proposal.topic_id WHERE proposal.id = ?)
        """,
        (proposal_id,),
    )


def close(connection: Connection, workshop_id: str, at: str) -> None:
    """Close a workshop."""
    connection.execute(
        "UPDATE workshop SET state = 'closed', closed_at = ?, revision = revision + 1 WHERE id = ?",
        (at, workshop_id),
    )


def everything(connection: Connection) -> list[Workshop]:
    """All workshops without their topics, newest first."""
    rows = connection.execute("SELECT * FROM workshop ORDER BY created_at DESC, id DESC").fetchall()
    return [_workshop(row) for row in rows]


def find(connection: Connection, workshop_id: str) -> Workshop | None:
    """A workshop with its topics, proposals and results."""
    row = connection.execute("SELECT * FROM workshop WHERE id = ?", (workshop_id,)).fetchone()
    if row is None:
        return None
    proposals: dict[str, list[Proposal]] = {}
    for proposal in _proposals(connection, "topic.workshop_id = ?", workshop_id):
        proposals.setdefault(proposal.topic_id, []).append(proposal)
    topics = tuple(
        Topic(
            id=topic["id"],
            workshop_id=workshop_id,
            position=topic["position"],
            title=topic["title"],
            reason=topic["reason"],
            survey_id=topic["survey_id"],
            question_key=topic["question_key"],
            state=TopicState(topic["state"]),
            proposals=tuple(proposals.get(topic["id"], ())),
        )
        for topic in connection.execute(
            "SELECT * FROM topic WHERE workshop_id = ? ORDER BY position, id", (workshop_id,)
        )
    )
    return _workshop(row, topics)


def find_topic(connection: Connection, topic_id: str) -> Topic | None:
    """A topic without its proposals."""
    row = connection.execute("SELECT * FROM topic WHERE id = ?", (topic_id,)).fetchone()
    if row is None:
        return None
    return Topic(
        id=row["id"],
        workshop_id=row["workshop_id"],
        position=row["position"],
        title=row["title"],
        reason=row["reason"],
        survey_id=row["survey_id"],
        question_key=row["question_key"],
        state=TopicState(row["state"]),
    )


def is_about(connection: Connection, topic_id: object, term_key: str) -> bool:
    """Whether there is such a topic and a wording for the term was proposed on it."""
    row = connection.execute(
        "SELECT 1 FROM proposal WHERE topic_id = ? AND term_key = ?", (str(topic_id), term_key)
    ).fetchone()
    return row is not None


def topic_that_settled(connection: Connection, term_key: str) -> str | None:
    """The id of the topic on which both teams last carried a wording for a term."""
    row = connection.execute(
        """
        SELECT topic_id FROM proposal WHERE term_key = ? AND state = 'carried'
        ORDER BY decided_at DESC, id DESC LIMIT 1
        """,
        (term_key,),
    ).fetchone()
    return row["topic_id"] if row else None


def add_topic(
    connection: Connection,
    workshop_id: str,
    *,
    title: str,
    reason: str,
    survey_id: str | None,
    question_key: str | None,
) -> str | None:
    """Append a topic; returns its id, or None when the same question is on the list already."""
    topic_id = new_id()
    added = connection.execute(
        """
        INSERT INTO topic (id, workshop_id, position, title, reason, survey_id, question_key, state)
        SELECT ?, ?, coalesce(max(position), 0) + 1, ?, ?, ?, ?, 'open' FROM topic WHERE workshop_id = ?
        ON CONFLICT (workshop_id, survey_id, question_key) DO NOTHING
        """,
        (topic_id, workshop_id, title, reason, survey_id, question_key, workshop_id),
    ).rowcount
    return topic_id if added else None


def set_order(connection: Connection, topic_ids: Sequence[str]) -> None:
    """Put topics into this order, 1 first."""
    connection.executemany(
        "UPDATE topic SET position = ? WHERE id = ?",
        [(position, topic_id) for position, topic_id in enumerate(topic_ids, start=1)],
    )


def set_topic_state(connection: Connection, topic_id: str, state: TopicState) -> None:
    """Open, agree or park a topic."""
    connection.execute("UPDATE topic SET state = ? WHERE id = ?", (state.value, topic_id))


def reopen_topic(connection: Connection, topic_id: str, reason: str) -> None:
    """Put a topic back on the table, with the reason why it is there again."""
    connection.execute("UPDATE topic SET state = 'open', reason = ? WHERE id = ?", (reason, topic_id))


def add_proposal(
    connection: Connection,
    topic_id: str,
    *,
    term_key: str,
    text: str,
    rule: Mapping[str, Any] | None,
    author_id: str,
    at: str,
) -> str:
    """Put a proposal to the vote; returns its id."""
    proposal_id = new_id()
    connection.execute(
        """
        INSERT INTO proposal (id, topic_id, term_key, text, rule, author_id, created_at, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, 'voting')
        """,
        (
            proposal_id,
            topic_id,
            term_key,
            text,
            None if rule is None else json.dumps(rule, sort_keys=True, ensure_ascii=False),
            author_id,
            at,
        ),
    )
    return proposal_id


def find_proposal(connection: Connection, proposal_id: str) -> Proposal | None:
    """One proposal with its result."""
    found = _proposals(connection, "proposal.id = ?", proposal_id)
    return found[0] if found else None


def decide(connection: Connection, proposal_id: str, state: ProposalState, at: str) -> None:
    """End the voting on a proposal."""
    connection.execute(
        "UPDATE proposal SET state = ?, decided_at = ? WHERE id = ?", (state.value, at, proposal_id)
    )


def cast(
    connection: Connection, proposal_id: str, *, person_id: str, team: Team, choice: Choice, at: str
) -> None:
    """A person's vote; a second one replaces the first."""
    connection.execute(
        """
        INSERT INTO vote (proposal_id, person_id, team, choice, at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (proposal_id, person_id)
        DO UPDATE SET team = excluded.team, choice = excluded.choice, at = excluded.at
        """,
        (proposal_id, person_id, team.value, choice.value, at),
    )


def choice_of(connection: Connection, proposal_id: str, person_id: str) -> Choice | None:
    """What one person voted."""
    row = connection.execute(
        "SELECT choice FROM vote WHERE proposal_id = ? AND person_id = ?", (proposal_id, person_id)
    ).fetchone()
    return Choice(row["choice"]) if row else None


def tally(connection: Connection, proposal_id: str) -> dict[Team, Tally]:
    """The votes on a proposal by team."""
    counts: dict[Team, dict[str, int]] = {team: {} for team in Team}
    for row in connection.execute(
        "SELECT team, choice, count(*) AS n FROM vote WHERE proposal_id = ? GROUP BY team, choice",
        (proposal_id,),
    ):
        counts[Team(row["team"])][row["choice"]] = row["n"]
    return {
        team: Tally(found.get("yes", 0), found.get("no", 0), found.get("abstain", 0))
        for team, found in counts.items()
    }


def _proposals(connection: Connection, condition: str, value: str) -> list[Proposal]:
    rows = connection.execute(
        f"""
        SELECT proposal.*, coalesce(term.name, proposal.term_key) AS term_name,
            EXISTS (SELECT 1 FROM agreement WHERE agreement.proposal_id = proposal.id) AS drafted
        FROM proposal JOIN topic ON topic.id = proposal.topic_id LEFT JOIN term ON term.key = proposal.term_key
        WHERE {condition} ORDER BY proposal.created_at, proposal.id
        """,
        (value,),
    ).fetchall()
    return [
        Proposal(
            id=row["id"],
            topic_id=row["topic_id"],
            term_key=row["term_key"],
            term_name=row["term_name"],
            text=row["text"],
            rule=json.loads(row["rule"]) if row["rule"] is not None else None,
            author_id=row["author_id"],
            created_at=row["created_at"],
            state=ProposalState(row["state"]),
            tallies=tally(connection, row["id"]),
            drafted=bool(row["drafted"]),
        )
        for row in rows
    ]


def _workshop(row: Row, topics: tuple[Topic, ...] = ()) -> Workshop:
    return Workshop(
        id=row["id"],
        cycle_id=row["cycle_id"],
        title=row["title"],
        open=row["state"] == "open",
        created_at=row["created_at"],
        revision=row["revision"],
        topics=topics,
    )
