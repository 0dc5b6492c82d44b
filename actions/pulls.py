"""Pulling leads: page by page, each kept together with the place to go on from, so that no end of the portal loses or doubles one.

A pull holds its system, so that two servers do not read it at once; whoever finds it held by nobody takes over where the
last page was kept. What cannot be done now is tried again later, after longer and longer; what a person has to mend
is told to the administrators once.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from actions import clock, connectors, lead_feed, messages
from actions.connectors import ConnectorRow, Run
from actions.journal import journal
from actions.lead_feed import Outcome
from actions.permissions import authorise
from alignment import instants
from alignment.errors import NotFound, Refusal, WrongState
from alignment.messages import MailState, Message, MessageKind
from alignment.people import Actor, Person, Role
from db.keys import new_id
from db.queries import connectors as rows
from db.queries import lead_inflow, people
from db.queries import messages as inbox
from db.store import Connection, store

if TYPE_CHECKING:
    from leads.connectors.source import Page

HELD_FOR = timedelta(minutes=10)
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
TOLD_AFTER = 3  # pulls in a row that did not come to their end because the system was not available
SOURCES_PAGE = "sources"
MOST_WAITING = (
    20_000  # items taken that are not in the figures yet; with more, a pull lets them come in first
)
_MOST_SURPRISES = 50
_NOTHING_MOVES = 15.0  # seconds
_GLANCE = 0.5  # seconds between two looks at whether to go on
_RENEW = 60.0

MayGoOn = Callable[[], bool]


def pull_due(actor: Actor, *, may_go_on: MayGoOn = lambda: True) -> int:
    """Pull from every system that is due, one after the other; how many pulls there were. For the timer."""
    authorise(actor, "timer:run")
    done = 0
    for connector_id in rows.due(store().read(), clock.now_text()):
        if not may_go_on():
            break
        try:
            pull(actor, connector_id, may_go_on=may_go_on)
        except (WrongState, NotFound):  # another server was faster, or it has just been removed
            continue
        done += 1
    return done


def pull(actor: Actor, connector_id: str, *, may_go_on: MayGoOn = lambda: True) -> Run:
    """Pull what is new from a system, now, and return what came of it; what goes wrong stands in the run.

    `may_go_on` is asked between pages and while waiting. Raises WrongState while another pull holds the system, NotFound, and
    what nobody has foreseen, after noting that it happened.
    """
    person = authorise(actor, "source:change")
    run, row = store().write(lambda connection: _begin(connection, connector_id))
    pulling = _Pulling(person, row, run, may_go_on)
    try:
        pulling.read_all()
    except Exception as error:
        pulling.end(error)
        if not pulling.is_foreseen(error):
            raise
    else:
        pulling.end(None)
    return pulling.run


class _Pulling:
    """One pull, from holding the system to letting it go."""

    def __init__(self, person: Person, row: ConnectorRow, run: Run, may_go_on: MayGoOn) -> None:
        self.run = run
        self._person = person
        self._row = row
        self._may_go_on = may_go_on
        self._renewed = time.monotonic()

    def read_all(self) -> None:
        """Read page by page to the last. Raises what the source raises, and PullStopped."""
        from leads.connectors.kinds import KINDS
        from leads.connectors.source import PullStopped

        source = KINDS[self._row.kind].open(connectors.plan_of(self._row), self._wait, clock.now_text())
        try:
            for page in source.pages(self._row.cursor):
                found = tuple(one.to_document() for one in source.surprises.take())
                store().write(partial(self._keep, page=page, surprises=found))
                self._renewed = time.monotonic()
                if page.last:
                    return
                if not self._may_go_on():
                    raise PullStopped
                self._let_others_through()
        finally:
            found = tuple(one.to_document() for one in source.surprises.take())
            self.run = replace(self.run, surprises=_added(self.run.surprises, found))
            source.close()

    def end(self, error: Exception | None) -> None:
        """Write how it ended, plan the next pull, and let go of the system."""
        store().write(lambda connection: self._end(connection, error))

    def is_foreseen(self, error: Exception) -> bool:
        """Whether an error is one of those that a pull can end with."""
        from leads.connectors.source import PullStopped

        return isinstance(error, Refusal | PullStopped)

    def _wait(self, seconds: float) -> None:
        """Let time pass while the system is held; raises PullStopped as soon as nobody wants the pull any more."""
        from leads.connectors.source import PullStopped

        until = time.monotonic() + seconds
        while True:
            if not self._may_go_on() or not self._is_held():
                raise PullStopped
            if time.monotonic() - self._renewed > _RENEW:
                store().write(self._hold)
                self._renewed = time.monotonic()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_GLANCE, left))

    def _let_others_through(self) -> None:
        """Wait while much of what was taken is not in the figures yet: what others send would come behind all of it.

        Not where nothing lets it in, as from the command line while no portal runs.
        """
        fewest, since = None, time.monotonic()
        while (left := _waiting()) > MOST_WAITING:
            if fewest is None or left < fewest:
                fewest, since = left, time.monotonic()
            elif time.monotonic() - since > _NOTHING_MOVES:
                return
            self._wait(_GLANCE)

    def _is_held(self) -> bool:
        row = rows.find(store().read(), self._row.id)
        return row is not None and row.claim == self.run.id

    def _hold(self, connection: Connection) -> None:
        from leads.connectors.source import PullStopped

        until = instants.to_text(clock.now() + HELD_FOR)
        if not rows.hold(connection, self._row.id, self.run.id, until):
            raise PullStopped

    def _keep(self, connection: Connection, page: "Page", surprises: Iterable[Mapping[str, Any]]) -> None:
        """A page and the place behind it, in one transaction."""
        self._hold(connection)
        taken = lead_feed.take(
            connection,
            f"{self._row.kind}:{self._row.id}",
            page.leads,
            page.events,
            whole=False,
            leave_out=True,
        )
        reasons = [item.reason for item in (*taken.leads, *taken.events) if item.outcome is Outcome.REFUSED]
        surplus = [
            {
                "code": "surplus_attribute",
                "text": f"“{name}” is left out of leads: {lead_feed.MOST_ATTRIBUTES} different attributes are kept already.",
                "count": 1,
                "example": str(lead["lead_id"]),
            }
            for lead, item in zip(page.leads, taken.leads, strict=True)
            for name in item.left_out
        ]
        refused = [
            {"code": "refused", "text": f"Not taken: {reason}", "count": 1, "example": ""}
            for reason in reasons
        ]
        self.run = replace(
            self.run,
            pages=self.run.pages + 1,
            read=self.run.read + page.read,
            leads=self.run.leads + sum(item.outcome is Outcome.TAKEN for item in taken.leads),
            events=self.run.events + sum(item.outcome is Outcome.TAKEN for item in taken.events),
            refused=self.run.refused + len(refused),
            surprises=_added(self.run.surprises, (*surprises, *surplus, *refused)),
        )
        rows.set_cursor(connection, self._row.id, page.cursor)
        rows.put_run(connection, self.run)

    def _end(self, connection: Connection, error: Exception | None) -> None:
        from leads.connectors.source import PullStopped, SourceUnavailable

        now = clock.now()
        row = rows.find(connection, self._row.id)
        if row is None:  # removed meanwhile, and its runs with it
            return
        ours = row.claim == self.run.id
        every = timedelta(minutes=row.every_minutes)
        failures, pause = 0, every
        state, sentence = "done", ""
        match error:
            case None:
                pass
            case PullStopped():
                state = "stopped" if not ours else "cut_off"
                failures, pause = row.failures, timedelta(0)
            case SourceUnavailable():
                state, sentence, failures = "later", str(error), row.failures + 1
                pause = PAUSES[min(failures, len(PAUSES)) - 1]
                if error.wait is not None:
                    pause = max(pause, timedelta(seconds=min(error.wait, 86_400)))
            case Refusal():
                state, sentence, failures = "failed", str(error), row.failures + 1
                pause = max(every, PAUSES[-1])
            case _:
                state, failures = "failed", row.failures + 1
                sentence = f"Something went wrong that nobody has foreseen ({type(error).__name__}). The log says more."
                pause = max(every, PAUSES[-1])
        self.run = replace(self.run, state=state, sentence=sentence, ended_at=instants.to_text(now))
        rows.put_run(connection, self.run)
        if ours:
            rows.let_go(connection, row.id, self.run.id)
            rows.set_failures(connection, row.id, failures)
            planned = row.enabled or state in ("later", "cut_off")
            rows.set_next_run(connection, row.id, instants.to_text(now + pause) if planned else None)
            if failures == (TOLD_AFTER if state == "later" else 1) and sentence:
                _tell(connection, row, sentence)
        journal(
            connection,
            self._person,
            "pull",
            "connector",
            row.id,
            after={
                "state": state,
                "read": self.run.read,
                "leads": self.run.leads,
                "events": self.run.events,
                "refused": self.run.refused,
            },
        )


def _waiting() -> int:
    """How many items were taken and are not in the figures yet."""
    from leads.store import warehouse

    return lead_inflow.waiting(store().read(), warehouse().pointer().upto)[0]


def _begin(connection: Connection, connector_id: str) -> tuple[Run, ConnectorRow]:
    row = rows.find(connection, connector_id)
    if row is None:
        raise NotFound("This source is gone. Somebody may have removed it.")
    now = clock.now()
    run_id = rows.claim(connection, connector_id, instants.to_text(now), instants.to_text(now + HELD_FOR))
    if run_id is None:
        raise WrongState(f"Leads are being pulled from {row.name} right now. Wait until it is done.")
    run = rows.find_run(connection, run_id)
    assert run is not None
    return run, row


def _tell(connection: Connection, row: ConnectorRow, sentence: str) -> None:
    """A message to every administrator."""
    mail = MailState.WAITING if messages.mail_is_set(connection) else MailState.NONE
    for person in people.everyone(connection):
        if person.active and person.role is Role.ADMIN:
            inbox.insert(
                connection,
                Message(
                    id=new_id(),
                    person_id=person.id,
                    survey_id=None,
                    kind=MessageKind.TROUBLE,
                    subject=f"No leads come from {row.name}",
                    body=f"{sentence}\n\nWhat was read before stays in the figures. Under Sources you see the last pulls.",
                    page=SOURCES_PAGE,
                    created_at=clock.now_text(),
                    mail=mail,
                ),
            )


def _added(
    before: Iterable[Mapping[str, Any]], more: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """Surprises with further ones, those of one text counted together, and no more than can be listed."""
    found = {one["text"]: dict(one) for one in before}
    for one in more:
        if one["text"] in found:
            found[one["text"]]["count"] += one["count"]
        elif len(found) < _MOST_SURPRISES:
            found[one["text"]] = dict(one)
    return tuple(found.values())
