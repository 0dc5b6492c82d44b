"""What sales does with the leads it was handed: accept, reject, take back, and say what worked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actions import clock
from actions.journal import journal
from actions.lead_feed import take
from actions.lead_inbox import decides, find_handed_over
from actions.permissions import authorise
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion
from alignment.lead_decisions import (
    LONGEST_LEAD_ID,
    Decision,
    Feedback,
    HandedOver,
    Verdict,
    read_feedback,
    read_note,
    read_reason,
)
from alignment.lifecycle import EventType, Stage
from alignment.people import Actor, Person, Role
from db.keys import new_id
from db.queries import lead_decisions, lead_feedback
from db.queries.lead_decisions import Batch
from db.store import Connection, store

ORIGIN = "inbox"
MOST_AT_ONCE = 1_000
PAGE = 20
_BY_MACHINE = "Only people in sales decide on leads: sign in as one of them."


@dataclass(frozen=True)
class Decided:
    """What became of a click: the batch to take back, the leads decided on, and those passed over with the reason why."""

    batch_id: str
    lead_ids: tuple[str, ...]
    passed_over: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DecisionPage:
    """Past decisions, the latest first, how many there are in all, and which of them the person may take back."""

    entries: tuple[Batch, ...]
    total: int
    page: int
    own: frozenset[str]


def accept_leads(
    actor: Actor,
    lead_ids: Sequence[str],
    *,
    note: str = "",
    feedback: Mapping[str, Any] | None = None,
    feedback_revision: int = 0,
) -> Decided:
    """Accept leads that wait for a decision: they enter SAL. At most a thousand at once.

    `feedback` (the arguments of `alignment.lead_decisions.read_feedback`) goes with one lead only, and takes the place of what
    was said at `feedback_revision`. Leads that do not wait
    any more are passed over; where that is all of them, StaleVersion says who was faster. Raises NotPermitted for
    anybody but sales, InvalidInput for what cannot be used.
    """
    person = authorise(actor, "lead:decide")
    return _decide(person, lead_ids, Verdict.ACCEPTED, "", note, feedback, feedback_revision)


def reject_leads(
    actor: Actor,
    lead_ids: Sequence[str],
    reason: str,
    *,
    note: str = "",
    feedback: Mapping[str, Any] | None = None,
    feedback_revision: int = 0,
) -> Decided:
    """Turn leads that wait down, for a reason of `alignment.lifecycle.RejectionReason`; else as `accept_leads`."""
    person = authorise(actor, "lead:decide")
    return _decide(
        person, lead_ids, Verdict.REJECTED, read_reason(reason).value, note, feedback, feedback_revision
    )


def undo_decisions(actor: Actor, batch_id: str) -> int:
    """Take back what was decided at once; returns how many leads wait again.

    Who decided may do so, and the team lead of sales. Raises NotFound when nothing of it stands.
    """
    person = authorise(actor, "lead:decide")
    _require_sales(person)

    def transaction(connection: Connection) -> int:
        found = lead_decisions.of_batch(connection, batch_id)
        if not found:
            raise NotFound("There is nothing to take back: somebody has done so already.")
        if person.role is not Role.TEAM_LEAD and found[0].person_id != person.id:
            raise NotPermitted(
                f"{found[0].person_name} decided this. They or the team lead of sales can take it back."
            )
        now = clock.now_text()
        lead_decisions.undo(connection, batch_id, person_id=person.id, at=now)
        take(
            connection,
            ORIGIN,
            events=[
                {
                    "id": f"{one.id}:withdrawn",
                    "lead_id": one.lead.lead_id,
                    "type": EventType.DECISION_WITHDRAWN.value,
                    "at": one.decided_at,
                    "owner": person.name,
                }
                for one in found
            ],
        )
        journal(
            connection,
            person,
            "lead:undo",
            "lead_decision",
            batch_id,
            before={"verdict": found[0].verdict.value, "leads": [one.lead.lead_id for one in found]},
        )
        return len(found)

    return store().write(transaction)


def give_feedback(actor: Actor, lead_id: str, feedback: Mapping[str, Any], revision: int) -> None:
    """Say of a lead's latest hand-over what worked, what did not, which objections came up, and what the content did.

    `feedback` are the arguments of `alignment.lead_decisions.read_feedback`; `revision` is that of the feedback it replaces, 0
    for none. Raises StaleVersion when somebody was faster, NotFound for a lead that was never handed over.
    """
    person = authorise(actor, "lead:decide")
    _require_sales(person)
    said = read_feedback(**feedback)
    if isinstance(revision, bool) or not isinstance(revision, int):
        raise InvalidInput("The revision has to be a whole number.")
    [checked] = _checked_ids([lead_id])
    found = find_handed_over(store().read(), [checked]).get(checked)
    if found is None:
        raise NotFound("This lead was never handed over to sales, so there is nothing to say of it yet.")
    if said.empty and revision == 0:
        raise InvalidInput("Nothing is said yet. Choose at least one point or write a note.")
    store().write(lambda connection: _keep_feedback(connection, person, found[0], said, revision))


def list_decisions(actor: Actor, page: int = 1) -> DecisionPage:
    """What sales decided here, the latest first; what was decided at once is one entry."""
    person = authorise(actor, "leads:read")
    connection = store().read()
    page = max(1, page)
    entries = lead_decisions.batches(connection, limit=PAGE, offset=(page - 1) * PAGE)
    own = frozenset(
        entry.id
        for entry in entries
        if decides(person)
        and entry.standing
        and (person.role is Role.TEAM_LEAD or entry.person_id == person.id)
    )
    return DecisionPage(tuple(entries), lead_decisions.count_batches(connection), page, own)


def list_contents(actor: Actor) -> list[str]:
    """The contents that feedback has named so far, the most frequent first: to choose from."""
    authorise(actor, "leads:read")
    return lead_feedback.contents_named(store().read())


def _decide(
    person: Person,
    lead_ids: Sequence[str],
    verdict: Verdict,
    reason: str,
    note: str,
    feedback: Mapping[str, Any] | None,
    feedback_revision: int,
) -> Decided:
    _require_sales(person)
    ids = _checked_ids(lead_ids)
    note = read_note(note)
    said = read_feedback(**feedback) if feedback else Feedback()
    if not said.empty and len(ids) > 1:
        raise InvalidInput("What worked and what did not is said of one lead at a time. Decide on it alone.")
    handed_over = find_handed_over(store().read(), ids)
    passed_over = [(lead_id, "it was never handed over") for lead_id in ids if lead_id not in handed_over]

    def transaction(connection: Connection) -> Decided:
        standing = {(one.lead.lead_id, one.lead.at): one for one in lead_decisions.standing(connection, ids)}
        now, batch_id = clock.now_text(), new_id()
        decisions, others = [], list(passed_over)
        for lead_id in ids:
            if lead_id not in handed_over:
                continue
            lead, waiting = handed_over[lead_id]
            known = standing.get((lead.lead_id, lead.at))
            if known is not None:
                others.append((lead_id, f"{known.person_name} has {known.verdict.value} it already"))
            elif not waiting:
                others.append((lead_id, "it is decided already"))
            else:
                decisions.append(
                    Decision(new_id(), batch_id, lead, verdict, reason, note, person.id, person.name, now)
                )
        if not decisions:
            raise _too_late(others)
        lead_decisions.add(connection, decisions)
        take(connection, ORIGIN, events=[event for one in decisions for event in _events(one)])
        if not said.empty:
            _keep_feedback(connection, person, decisions[0].lead, said, feedback_revision)
        journal(
            connection,
            person,
            "lead:accept" if verdict is Verdict.ACCEPTED else "lead:reject",
            "lead_decision",
            batch_id,
            after={"reason": reason, "leads": [one.lead.lead_id for one in decisions]},
        )
        return Decided(batch_id, tuple(one.lead.lead_id for one in decisions), tuple(others))

    return store().write(transaction)


def _events(decision: Decision) -> list[dict[str, Any]]:
    """What a decision is in the event log: accepted and the entry into SAL, or rejected with its reason."""
    common = {"lead_id": decision.lead.lead_id, "at": decision.decided_at, "owner": decision.person_name}
    if decision.verdict is Verdict.REJECTED:
        return [
            {
                "id": f"{decision.id}:rejected",
                "type": EventType.REJECTED.value,
                "reason": decision.reason,
                **common,
            }
        ]
    return [
        {"id": f"{decision.id}:accepted", "type": EventType.ACCEPTED.value, **common},
        {
            "id": f"{decision.id}:sal",
            "type": EventType.ENTERED_STAGE.value,
            "stage": Stage.SAL.value,
            **common,
        },
    ]


def _keep_feedback(
    connection: Connection, person: Person, lead: HandedOver, feedback: Feedback, revision: int
) -> None:
    feedback_id = lead_feedback.put(
        connection, lead, feedback, person_id=person.id, at=clock.now_text(), revision=revision
    )
    journal(connection, person, "lead:feedback", "lead_feedback", feedback_id, after={"lead": lead.lead_id})


def _too_late(passed_over: Sequence[tuple[str, str]]) -> StaleVersion:
    lead_id, why = passed_over[0]
    if len(passed_over) == 1:
        return StaleVersion(f"Nothing was decided on {lead_id}: {why}. Go on with the next lead.")
    return StaleVersion(
        f"Nothing was decided: none of the {len(passed_over):,} leads waits any more. Of {lead_id}: {why}. "
        "Look at the list again."
    )


def _require_sales(person: Person) -> None:
    if person.id == "machine":
        raise NotPermitted(_BY_MACHINE)
    if not decides(person):
        raise NotPermitted("Only sales decides on leads. You see here what it decided and why.")


def _checked_ids(lead_ids: Sequence[str]) -> list[str]:
    if isinstance(lead_ids, str) or not all(
        isinstance(one, str) and 0 < len(one) <= LONGEST_LEAD_ID for one in lead_ids
    ):
        raise InvalidInput("Leads are named by their ids. Choose them from the list.")
    ids = list(dict.fromkeys(lead_ids))
    if not ids:
        raise InvalidInput("No lead is chosen. Choose at least one.")
    if len(ids) > MOST_AT_ONCE:
        raise InvalidInput(f"{len(ids):,} leads at once are too many; decide on at most {MOST_AT_ONCE:,}.")
    return ids
