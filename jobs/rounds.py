"""One round of what is due: open and close, invite who came late, remind, forget what has run out, send mail.

Every step can be repeated and can run in two servers on one store at the same time: each looks at the state within its
own transaction, or claims what it does before it does it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from actions import alerts, dashboard, drift, invitations, leads, mail, objections, schedules, surveys
from alignment.people import MACHINE

T = TypeVar("T")

log = structlog.get_logger("concord")


@dataclass(frozen=True)
class Round:
    """What one round did: counts of questionnaires, people and mails. `faults` are the steps that went wrong."""

    opened: int = 0
    closed: int = 0
    invited: int = 0
    reminded: int = 0
    alerted: int = 0
    objections_decided: int = 0
    drifts_told: int = 0
    mails_sent: int = 0
    mails_failed: int = 0
    faults: tuple[str, ...] = ()

    @property
    def did_something(self) -> bool:
        """Whether anything was due."""
        return any(
            (
                self.opened,
                self.closed,
                self.invited,
                self.reminded,
                self.alerted,
                self.objections_decided,
                self.drifts_told,
                self.mails_sent,
                self.mails_failed,
            )
        )


def run_round(*, route: str = mail.WELCOME_ROUTE, may_go_on: Callable[[], bool] = lambda: True) -> Round:
    """Do everything that is due now. A step that goes wrong is logged and keeps nothing else from being done.

    `route` is where personal links lead on this portal (see `actions.mail.deliver`); `may_go_on` ends the round early.
    """
    faults: list[str] = []

    def step(name: str, work: Callable[[], T], nothing: T) -> T:
        if not may_go_on():
            return nothing
        try:
            return work()
        except Exception as error:
            faults.append(name)
            log.error("timed work failed", work=name, kind=type(error).__name__, exc_info=error)
            return nothing

    opened, closed = step("open and close", lambda: schedules.open_and_close_due(MACHINE), (0, 0))
    invited = step("invite", lambda: invitations.invite_newcomers(MACHINE), 0)
    reminded = step("remind", lambda: invitations.remind_due(MACHINE), 0)
    alerted = decided = drifts = 0
    if step(
        "see whether leads are ready", lambda: leads.are_ready(MACHINE), False
    ):  # mail does not wait for them
        step("look ahead", lambda: dashboard.look_ahead(MACHINE, may_go_on), True)
        alerted = step("alert of promises", lambda: alerts.alert_due(MACHINE), 0)
        decided = step("decide objections", lambda: objections.decide_due(MACHINE), 0)
        drifts = step("look at drift", lambda: drift.alert_drift(MACHINE), 0)
    step("forget what was closed", lambda: surveys.forget_closed(MACHINE), True)
    step("forget old links", lambda: invitations.forget_old_links(MACHINE), None)
    mails_sent, mails_failed = step("send mail", lambda: _send(route, may_go_on), (0, 0))
    return Round(
        opened, closed, invited, reminded, alerted, decided, drifts, mails_sent, mails_failed, tuple(faults)
    )


def _send(route: str, may_go_on: Callable[[], bool]) -> tuple[int, int]:
    """Send what waits until nothing is due any more, or the mail service cannot be reached."""
    sent = failed = 0
    while may_go_on():
        done = mail.deliver(MACHINE, route=route, may_go_on=may_go_on)
        sent += done.sent
        failed += done.failed + done.again
        if not done.more:
            break
    return sent, failed
