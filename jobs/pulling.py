"""Pulling leads from other systems, in a thread of its own: a long pull keeps no mail waiting."""

import structlog

from actions import pulls
from alignment.people import MACHINE
from jobs.recurring import Recurring

EVERY = 2.0  # seconds
_REST_AFTER_FAULT = 30.0

log = structlog.get_logger("concord")


class Pulling(Recurring):
    """Pulls of what is due. Stopping waits for the page under way."""

    def __init__(self, *, every: float = EVERY) -> None:
        """Nothing is pulled yet; `every` is the time between two looks at what is due, in seconds."""
        super().__init__("pulling", every)

    def work(self) -> float:
        """Pull what is due; a rest after a fault."""
        try:
            done = pulls.pull_due(MACHINE, may_go_on=self.may_go_on)
            if done:
                log.info("pulled", sources=done)
        except Exception as error:
            log.error("timed work failed", work="pull leads", kind=type(error).__name__, exc_info=error)
            return _REST_AFTER_FAULT
        return 0.0
