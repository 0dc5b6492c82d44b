"""The clockwork of a running portal: every few seconds it looks at what is due."""

import structlog

from actions import mail
from jobs.recurring import Recurring
from jobs.rounds import run_round

EVERY = 20.0  # seconds

log = structlog.get_logger("concord")


class Clockwork(Recurring):
    """Rounds of what is due. Stopping waits for what is under way, at most one mail."""

    def __init__(self, *, every: float = EVERY) -> None:
        """A clockwork that stands still; `every` is the time between two rounds, in seconds."""
        super().__init__("clockwork", every)

    def work(self) -> float:
        """One round."""
        done = run_round(route=mail.SIGN_IN_ROUTE, may_go_on=self.may_go_on)
        if done.did_something:
            log.info(
                "timed work done",
                opened=done.opened,
                closed=done.closed,
                invited=done.invited,
                alerted=done.alerted,
                mails_sent=done.mails_sent,
                mails_failed=done.mails_failed,
            )
        return 0.0
