"""What sales says of a lead it was handed: the decision, and what worked, what did not, and which objections came up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from alignment.company import BusinessHours
from alignment.errors import InvalidInput
from alignment.lifecycle import RejectionReason
from alignment.texts import optional_text

_Code = TypeVar("_Code", bound=StrEnum)

LONGEST_NOTE = 1_000
LONGEST_CONTENT = 200
LONGEST_LEAD_ID = 500


class Verdict(StrEnum):
    """What sales decided."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Aspect(StrEnum):
    """What can have worked with a lead, or not."""

    RIGHT_PERSON = "right_person"
    FITTING_COMPANY = "fitting_company"
    REAL_NEED = "real_need"
    TIMING = "timing"
    KNEW_THE_OFFER = "knew_the_offer"
    COMPLETE_DATA = "complete_data"
    SPEED_OF_HANDOVER = "speed_of_handover"

    @property
    def label(self) -> str:
        """The aspect as it stands on screen."""
        return _ASPECTS[self]


class Objection(StrEnum):
    """What a prospect says against buying."""

    PRICE = "price"
    NO_PRIORITY = "no_priority"
    COMPETITOR = "competitor"
    MISSING_FEATURE = "missing_feature"
    EFFORT = "effort"
    TRUST = "trust"
    NEEDS_OTHERS = "needs_others"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The objection as it stands on screen."""
        return _OBJECTIONS[self]


class ContentVerdict(StrEnum):
    """What a piece of content did for the conversation."""

    HELPED = "helped"
    NO_DIFFERENCE = "no_difference"
    HINDERED = "hindered"

    @property
    def label(self) -> str:
        """The verdict as it stands on screen."""
        return {"no_difference": "Made no difference"}.get(self.value, self.value.capitalize())


_ASPECTS = {
    Aspect.RIGHT_PERSON: "Right person",
    Aspect.FITTING_COMPANY: "Fitting company",
    Aspect.REAL_NEED: "Real need",
    Aspect.TIMING: "Timing",
    Aspect.KNEW_THE_OFFER: "Knew what we offer",
    Aspect.COMPLETE_DATA: "Complete data",
    Aspect.SPEED_OF_HANDOVER: "Speed of the hand-over",
}
_OBJECTIONS = {
    Objection.PRICE: "Price",
    Objection.NO_PRIORITY: "No priority now",
    Objection.COMPETITOR: "Uses a competitor",
    Objection.MISSING_FEATURE: "Something is missing",
    Objection.EFFORT: "Too much effort to change",
    Objection.TRUST: "Trust or risk",
    Objection.NEEDS_OTHERS: "Others have to agree",
    Objection.OTHER: "Another one",
}


@dataclass(frozen=True)
class HandedOver:
    """A lead that entered MQL at `at` (an instant in the store's form), and where it came from then."""

    lead_id: str
    at: str
    source: str | None = None
    campaign: str | None = None
    content: str | None = None


@dataclass(frozen=True)
class Decision:
    """One decision of one person on one hand-over. `reason` is a code, '' for an acceptance.

    `batch_id` is shared by those made at once. Taken back, it has `undone_at` and who did it. Instants are in the
    store's form.
    """

    id: str
    batch_id: str
    lead: HandedOver
    verdict: Verdict
    reason: str
    note: str
    person_id: str
    person_name: str
    decided_at: str
    undone_at: str | None = None


@dataclass(frozen=True)
class Feedback:
    """What sales says of one hand-over beside the decision.

    `content` is the piece of content that was used in the conversation, '' for none, and `content_verdict` what it did.
    """

    worked: tuple[Aspect, ...] = ()
    failed: tuple[Aspect, ...] = ()
    objections: tuple[Objection, ...] = ()
    content: str = ""
    content_verdict: ContentVerdict | None = None
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is said. A content alone, without what it did, says nothing."""
        return not (self.worked or self.failed or self.objections or self.content_verdict or self.note)


def read_reason(reason: str) -> RejectionReason:
    """The reason of a rejection. Raises InvalidInput when none is given or it is not known."""
    if not reason:
        raise InvalidInput("A rejection needs a reason. Choose the one that fits best.")
    try:
        return RejectionReason(reason)
    except ValueError:
        raise InvalidInput(
            f"“{str(reason)[:60]}” is no reason. Use one of: {', '.join(RejectionReason)}."
        ) from None


def read_note(note: object) -> str:
    """A note, trimmed. Raises InvalidInput when it is no text or too long."""
    return optional_text(note, "The note", LONGEST_NOTE)


def read_feedback(
    *,
    worked: Iterable[str] = (),
    failed: Iterable[str] = (),
    objections: Iterable[str] = (),
    content: str = "",
    content_verdict: str | None = None,
    note: str = "",
) -> Feedback:
    """What a person said, checked: each code once, in the order of the lists on screen.

    Raises InvalidInput for a code that is not known, for an aspect that both worked and did not, for a verdict on no
    content, and for text that is too long.
    """
    good = _codes(Aspect, worked, "worked")
    bad = _codes(Aspect, failed, "did not work")
    both = [aspect.label for aspect in good if aspect in bad]
    if both:
        raise InvalidInput(f"“{both[0]}” cannot have worked and not worked. Choose one of both.")
    name = optional_text(content, "The content", LONGEST_CONTENT)
    if content_verdict and content_verdict not in list(ContentVerdict):
        raise InvalidInput(
            f"“{str(content_verdict)[:60]}” is no verdict on content. Use one of: {', '.join(ContentVerdict)}."
        )
    if content_verdict and not name:
        raise InvalidInput("Say which content you mean, or take back what you said of it.")
    return Feedback(
        worked=good,
        failed=bad,
        objections=_codes(Objection, objections, "is an objection"),
        content=name if content_verdict else "",
        content_verdict=ContentVerdict(content_verdict) if content_verdict else None,
        note=read_note(note),
    )


def overdue_before(hours: BusinessHours, limit_minutes: int, now: datetime) -> datetime:
    """The latest instant from which `limit_minutes` open minutes have passed by `now` (aware): who has waited since then, or
    longer, has waited too long.

    Where the calendar is not open for so long within ten years, it is the beginning of those.
    """
    import numpy as np

    from alignment.business_hours import from_minutes, open_intervals, to_minutes

    today, span = now.date(), 14 + limit_minutes // 240
    while True:
        first = today - timedelta(days=min(span, 3_660))
        intervals = open_intervals(hours, first, today + timedelta(days=2))
        target = int(intervals.elapsed(to_minutes(now))) - limit_minutes
        if target >= 0 and len(intervals.opens):
            index = int(np.searchsorted(intervals.before, target, side="right")) - 1
            return from_minutes(int(intervals.opens[index] + target - intervals.before[index]))
        if span >= 3_660:
            return now - timedelta(days=3_660)
        span *= 4


def _codes(kind: type[_Code], given: Iterable[str], what: str) -> tuple[_Code, ...]:
    chosen = set(given or ())
    unknown = chosen - set(kind)
    if unknown:
        raise InvalidInput(
            f"“{str(min(unknown, key=str))[:60]}” is nothing that {what}. Use some of: {', '.join(kind)}."
        )
    return tuple(code for code in kind if code in chosen)
