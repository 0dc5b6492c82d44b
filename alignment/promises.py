"""Promises of the two teams to each other: their terms as data, their versions, and whether they were kept.

Sales answers leads within a time (the first call, the decision); marketing delivers a number of qualified leads a month of
which sales accepts an agreed share. A version in force never changes; it is signed by both sides like a definition, and
what it says holds for every lead whose clock started, and every day that began, while it was in force.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from alignment.agreements import AgreementKind, AgreementVersion, Subject, spoken_day
from alignment.business_hours import open_days, open_intervals
from alignment.calendars import hours_on, longest_closure, minutes_a_week, spoken_minutes, versions_of
from alignment.company import BusinessHours
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.texts import optional_text, quoted

FOLLOW_UP = "follow_up"
FEEDBACK = "feedback"
DELIVERY = "delivery"
FOR_ALL_LEADS = frozenset({FOLLOW_UP, FEEDBACK, DELIVERY})
"""The promises by which figures of all leads are judged; only others may be limited to some leads."""
WITHOUT_VALUE = "(blank)"
FROM_THE_BEGINNING = "0001-01-01T00:00:00.000000Z"
LONGEST_MINUTES = 366 * 24 * 60
MOST_LEADS = 1_000_000
_LOOKED_AHEAD = timedelta(days=366)
_BOTH = "To promise something for some leads, choose both a field and its value, or neither."


class PromiseKind(StrEnum):
    """What kind of promise it is, and by that whose."""

    RESPONSE = "response"  # sales answers each lead within a time
    DELIVERY = "delivery"  # marketing delivers so many qualified leads a month

    @property
    def side(self) -> Team:
        """The team that promises."""
        return Team.SALES if self is PromiseKind.RESPONSE else Team.MARKETING


class Answer(StrEnum):
    """What keeps a promise to answer."""

    ATTEMPT = "attempt"
    CONTACT = "contact"
    DECISION = "decision"
    QUALIFICATION = "qualification"

    @property
    def words(self) -> str:
        """What sales does, as in 'sales … within an hour'."""
        return {
            "attempt": "tries to reach each lead",
            "contact": "speaks with each lead",
            "decision": "accepts or rejects each lead",
            "qualification": "qualifies each lead",
        }[self.value]

    @property
    def label(self) -> str:
        """The answer as a choice on screen."""
        return {
            "attempt": "A first attempt to reach the lead",
            "contact": "A first conversation, both ways",
            "decision": "A decision: accepted, or rejected with a reason",
            "qualification": "The qualification as an SQL",
        }[self.value]


class Start(StrEnum):
    """When the clock of an answer starts."""

    MQL = "mql"
    ASSIGNED = "assigned"
    CREATED = "created"

    @property
    def words(self) -> str:
        """As in 'within an hour after …'."""
        return {"mql": "it became an MQL", "assigned": "it was assigned", "created": "it was created"}[
            self.value
        ]

    @property
    def label(self) -> str:
        """The start as a choice on screen."""
        return {"mql": "The lead becomes an MQL", "assigned": "It is assigned", "created": "It is created"}[
            self.value
        ]


class Clock(StrEnum):
    """Which time counts."""

    BUSINESS = "business"
    ROUND_THE_CLOCK = "round_the_clock"

    @property
    def label(self) -> str:
        """The clock as a choice on screen."""
        return {"business": "Business hours", "round_the_clock": "Round the clock"}[self.value]


@dataclass(frozen=True)
class ResponseTerms:
    """Sales gives `answer` within `limit_minutes` from `start`, by `clock`, for `at_least` (a share) of the leads.

    `only` is a field of the leads and its value, where the promise is for some of them: `(blank)` for those without a value.
    """

    limit_minutes: int
    answer: Answer = Answer.ATTEMPT
    start: Start = Start.MQL
    clock: Clock = Clock.BUSINESS
    at_least: float = 1.0
    only: tuple[str, str] | None = None


@dataclass(frozen=True)
class DeliveryTerms:
    """Marketing delivers `leads_a_month` qualified leads, of which sales accepts at least the share `acceptance`.

    `only` is a field of the leads and its value, where the promise is of some of them: `(blank)` for those without a value.
    """

    leads_a_month: int
    acceptance: float
    only: tuple[str, str] | None = None


Terms = ResponseTerms | DeliveryTerms


@dataclass(frozen=True)
class Promise:
    """Something one team promises the other; what exactly stands in its versions."""

    key: str
    name: str
    kind: PromiseKind

    @property
    def side(self) -> Team:
        """The team that promises."""
        return self.kind.side


@dataclass(frozen=True, kw_only=True)
class PromiseVersion(AgreementVersion):
    """One version of a promise. `note` is what the teams want to say about it.

    A version that was taken over from the settings has no signatures.
    """

    kind = AgreementKind.PROMISE

    promise: Promise
    terms: Terms
    note: str

    @classmethod
    def of(cls, subject: Subject, content: Mapping[str, Any], **common: Any) -> Self:
        """The version of a promise; the subject's detail is its kind."""
        promise = Promise(subject.key, subject.name, PromiseKind(subject.detail))
        terms = from_document(promise.kind, content["terms"])
        return cls(promise=promise, terms=terms, note=content["note"], **common)

    @property
    def subject(self) -> Subject:
        """The promise."""
        return Subject(self.kind, self.promise.key, self.promise.name, self.promise.kind.value)

    @property
    def content(self) -> dict[str, Any]:
        """Terms and note."""
        return content_of(self.terms, self.note)

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """What is promised, the note, and the day."""
        return (
            ("Promise", self.sentence),
            ("Note", self.note),
            ("Takes effect on", spoken_day(self.effective_from)),
        )

    @property
    def sentence(self) -> str:
        """What is promised, in one sentence."""
        return sentence(self.terms)

    @property
    def taken_over(self) -> bool:
        """Whether it came from the settings, before there were signatures."""
        return self.in_force_from == FROM_THE_BEGINNING


def sentence(terms: Terms) -> str:
    """What is promised, in one sentence."""
    whose = whose_in_words(terms)
    if isinstance(terms, DeliveryTerms):
        whose = f" {whose}" if whose else ""
        return (
            f"Marketing delivers {terms.leads_a_month:,} qualified leads a month{whose}, of which sales accepts at least "
            f"{_percent(terms.acceptance)}."
        )
    within = limit_in_words(terms.limit_minutes, terms.clock)
    does = f"{terms.answer.words} {whose}".rstrip()
    these = "these" if whose else "the"
    share = (
        ""
        if terms.at_least >= 1
        else f" That holds for at least {_percent(terms.at_least)} of {these} leads."
    )
    return f"Sales {does} within {within} after {terms.start.words}.{share}"


def limit_in_words(minutes: int, clock: Clock) -> str:
    """A time limit as people say it: `1 business hour`, `90 business minutes`, `24 hours, nights and weekends included,`."""
    number, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    business = "business " if clock is Clock.BUSINESS else ""
    round_the_clock = "" if business else ", nights and weekends included,"
    return f"{number:,} {business}{unit}{'' if number == 1 else 's'}{round_the_clock}"


def whose_in_words(terms: Terms) -> str:
    """Which leads a promise is about, as it follows 'lead' or 'leads': `with segment “Enterprise”`; '' for all."""
    if terms.only is None:
        return ""
    field, value = terms.only
    name, said = field.replace("_", " "), quoted(value or "…")
    return f"without a value for {name}" if value == WITHOUT_VALUE else f"with {name} {said}"


def to_document(terms: Terms) -> dict[str, Any]:
    """The terms as plain values. `only` is left out where it is for all leads, so that what was signed before stays as it was."""
    document = asdict(terms)
    only = document.pop("only")
    return document if only is None else {**document, "only": list(only)}


def from_document(kind: PromiseKind, document: Mapping[str, Any]) -> Terms:
    """The terms that `to_document` wrote."""
    only = document.get("only")
    if only is not None:
        field, value = only
        only = (field, value)
    if kind is PromiseKind.DELIVERY:
        return DeliveryTerms(document["leads_a_month"], document["acceptance"], only)
    return ResponseTerms(
        limit_minutes=document["limit_minutes"],
        answer=Answer(document["answer"]),
        start=Start(document["start"]),
        clock=Clock(document["clock"]),
        at_least=document["at_least"],
        only=only,
    )


def content_of(terms: Terms, note: str) -> dict[str, Any]:
    """What is signed of a promise but the day, as plain values."""
    return {"terms": to_document(terms), "note": note}


def frozen_in_words(document: Mapping[str, Any]) -> str:
    """What was kept of past leads with a version when it was proposed or signed, as a sentence; '' where it tells nothing."""
    if "cannot_tell" in document:
        return f"They cannot tell: {document['cannot_tell']}"
    result = document.get("result") or {}
    if result.get("due"):
        return f"{result['in_time']:,} of {result['due']:,} leads would have been in time ({_percent(round(result['share'], 3))})."
    if result.get("delivered") is None:
        return ""
    told = f"{result['delivered']:,} of {result['wanted']:,.0f} leads would have been delivered"
    accepted = result["accepted"]
    return f"{told}, {_percent(round(accepted, 3))} of them accepted." if accepted is not None else f"{told}."


def check_terms(kind: PromiseKind, terms: Any, hours: BusinessHours, day: date) -> Terms:
    """The terms, if they can be kept from `day` on by the calendar. Raises InvalidInput with what to change.

    Refused is what the calendar makes impossible: a time round the clock that is shorter than the time in which nobody
    works every week, an answer that would not come due within a year, and a month without a single business day.
    """
    if kind is PromiseKind.DELIVERY:
        if not isinstance(terms, DeliveryTerms):
            raise InvalidInput("This promise takes a number of leads a month and a share that is accepted.")
        _whole(terms.leads_a_month, 1, MOST_LEADS, "The number of qualified leads a month")
        _share(terms.acceptance, "The share that sales accepts")
        _check_months(hours, day)
        return replace(terms, acceptance=float(terms.acceptance), only=_checked_only(terms.only))
    if not isinstance(terms, ResponseTerms):
        raise InvalidInput("This promise takes a time limit.")
    for value, allowed, what in (
        (terms.answer, Answer, "What counts as an answer"),
        (terms.start, Start, "The start of the clock"),
        (terms.clock, Clock, "The time that counts"),
    ):
        if value not in list(allowed):
            raise InvalidInput(f"{what} is none of the choices. Use one of: {', '.join(allowed)}.")
    _whole(terms.limit_minutes, 1, LONGEST_MINUTES, "The time limit in minutes")
    _share(terms.at_least, "The share of leads for which it is kept")
    _check_response(terms, hours, day)
    return ResponseTerms(
        terms.limit_minutes,
        Answer(terms.answer),
        Start(terms.start),
        Clock(terms.clock),
        float(terms.at_least),
        _checked_only(terms.only),
    )


def _checked_only(only: Any) -> tuple[str, str] | None:
    """Which leads a promise is about. A person is no kind of lead: what is promised is between the teams."""
    if only is None:
        return None
    if not isinstance(only, tuple) or len(only) != 2:
        raise InvalidInput(_BOTH)
    for part, what, most in zip(only, ("The field", "The value of the field"), (100, 500), strict=True):
        if not optional_text(part, what, most):
            raise InvalidInput(_BOTH)
    field, value = only  # to the letter, as leads have it
    if field == "owner":
        raise InvalidInput(
            "A promise is between the teams and not for one person's leads. Choose another field."
        )
    return field, value


def _check_response(terms: ResponseTerms, hours: BusinessHours, day: date) -> None:
    limit = spoken_minutes(terms.limit_minutes)
    if terms.clock is Clock.ROUND_THE_CLOCK:
        for version in _holding(hours, day):
            closed = longest_closure(version)
            if terms.limit_minutes < closed:
                raise InvalidInput(
                    f"{limit} round the clock can never be kept for every lead: by the business hours nobody works for "
                    f"{spoken_minutes(closed)} each week, and leads come in then, too. Promise business time, or at least "
                    f"{spoken_minutes(closed)}."
                )
        return
    intervals = open_intervals(hours, day, day + _LOOKED_AHEAD)
    in_a_year = int((intervals.closes - intervals.opens).sum())
    if terms.limit_minutes >= in_a_year:
        a_week = minutes_a_week(hours_on(versions_of(hours), day))
        raise InvalidInput(
            f"{limit} of business time would not come due within a year: the business hours have {spoken_minutes(a_week)} "
            f"a week. Promise less time, or open more hours."
        )


def _check_months(hours: BusinessHours, day: date) -> None:
    for month in months(day, day + _LOOKED_AHEAD)[1:-1]:
        if not open_days(hours, *month):
            raise InvalidInput(
                f"In {month[0]:%B %Y} there is not one business day, so no lead could be delivered then. Change the closed "
                "days, or the day the promise takes effect."
            )


def _holding(hours: BusinessHours, day: date) -> list[BusinessHours]:
    """The hours that hold on a day and the versions that are to follow."""
    versions = versions_of(hours)
    return [hours_on(versions, day)] + [
        found.hours for found in versions if found.from_day is not None and found.from_day > day
    ]


def _whole(value: Any, least: int, most: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{what} has to be a whole number from {least:,} to {most:,}.")


def _share(value: Any, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise InvalidInput(f"{what} has to be more than 0% and at most 100%.")


def _percent(share: float) -> str:
    return f"{100 * share:.10g}%"


@dataclass(frozen=True)
class LeadInTime:
    """One lead under a promise: when the clock started, what was promised, and what became of it.

    `minutes` have passed until the answer, or until now, by the clock of the promise; `due_at` is None where it lies more
    than a year ahead. `owner` is who had the lead when the answer was due; '' is nobody.
    """

    lead_id: str
    episode: int
    company: str
    source: str
    owner: str
    version: str
    start_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    minutes: int
    limit_minutes: int


# marketing's promise


class Verdict(StrEnum):
    """How a promise of delivery stands."""

    KEPT = "kept"
    BROKEN = "broken"
    ON_COURSE = "on_course"
    BEHIND = "behind"
    CANNOT_TELL = "cannot_tell"

    @property
    def label(self) -> str:
        """The verdict as it stands on screen."""
        return self.value.replace("_", " ").capitalize()


def months(first_day: date, last_day: date) -> list[tuple[date, date]]:
    """(first, last day) of each calendar month that the span touches, whole months, in order."""
    found = []
    month = first_day.replace(day=1)
    while month <= last_day:
        following = (month + timedelta(days=32)).replace(day=1)
        found.append((month, following - timedelta(days=1)))
        month = following
    return found


def target(leads_a_month: int, hours: BusinessHours, first_day: date, last_day: date) -> float:
    """What a monthly number amounts to over a span of days, both included: pro-rated by business days in each month.

    A month without a business day asks for nothing.
    """
    total = 0.0
    for month_first, month_last in months(first_day, last_day):
        in_month = open_days(hours, month_first, month_last)
        in_span = [day for day in in_month if first_day <= day <= last_day]
        total += leads_a_month * len(in_span) / len(in_month) if in_month else 0.0
    return total


def judge_delivery(
    delivered: int, wanted: float, accepted: int, decided: int, acceptance: float, *, over: bool
) -> Verdict:
    """Whether a promise of delivery was kept: enough leads, and enough of them accepted, so that volume alone is no way.

    `over` is whether the period has ended; before, it is on course or behind what is wanted by now. While leads are enough
    and nothing has been decided, it cannot be told.
    """
    enough = delivered >= wanted - 1e-9
    if enough and not decided:
        return Verdict.CANNOT_TELL
    good = enough and accepted >= acceptance * decided - 1e-9
    if over:
        return Verdict.KEPT if good else Verdict.BROKEN
    return Verdict.ON_COURSE if good else Verdict.BEHIND
