"""What sales says of marketing's leads, put together by source, campaign and content."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from actions import clock, metrics, settings
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput
from alignment.lead_decisions import Aspect, ContentVerdict, Objection
from alignment.people import Actor
from db.queries import lead_feedback
from db.queries.lead_feedback import GROUPS, Given
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where figures are really asked for
    from leads.metrics.question import Measure

PAGE = 10
_NAMES = frozenset({"acceptance_rate", "feedback_coverage", "rejection_reason"})
_MOST_KEPT = 16
_EVER = ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")
_kept: OrderedDict[Any, "list[Measure]"] = OrderedDict()


@dataclass(frozen=True)
class Group:
    """The leads that came one way: how sales decided on them, and of how many it said more. `acceptance` has no value where
    nothing was decided; `due` is None where no decision was due yet."""

    value: str
    acceptance: "Measure"
    due: "Measure | None"
    said: int


@dataclass(frozen=True)
class ContentSaid:
    """How often sales said of a content that it helped, made no difference, or hindered."""

    name: str
    helped: int
    no_difference: int
    hindered: int

    @property
    def total(self) -> int:
        """How often it was judged."""
        return self.helped + self.no_difference + self.hindered


@dataclass(frozen=True)
class FeedbackView:
    """What sales says of the leads handed over in a period: all together, and by group, those with most decisions first.

    `reasons` are why it turned leads away, code → leads; the counts of aspects and objections are hand-overs. `notes` is one
    page of what was written, the latest first, of `note_count`.
    """

    total: Group
    groups: tuple[Group, ...]
    reasons: Mapping[str, int]
    worked: Mapping[Aspect, int]
    failed: Mapping[Aspect, int]
    objections: Mapping[Objection, int]
    contents: tuple[ContentSaid, ...]
    notes: tuple[Given, ...]
    note_count: int


def read_feedback(
    actor: Actor,
    *,
    by: str = "source",
    value: str | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    page: int = 1,
) -> FeedbackView | None:
    """What sales says of the leads handed over from `first_day` to `last_day`, both included; None while there are no leads.

    Split `by` source, campaign or content; `value` keeps everything but the split to the leads that came that way,
    `(blank)` to those of which it is not known. Raises InvalidInput for a split that is none.
    """
    authorise(actor, "metrics:read")
    if by not in GROUPS:
        raise InvalidInput(f"Feedback is put together by {', '.join(GROUPS)}, not by “{str(by)[:60]}”.")
    from leads.store import warehouse

    if not warehouse().revision():
        return None
    connection = store().read()
    split = _figures(connection, by, None, first_day, last_day)
    chosen = split if value is None else _figures(connection, by, value, first_day, last_day)
    since, until = _span(connection, first_day, last_day)
    about: dict[str, Any] = {
        "since": since,
        "until": until,
        "group": by if value is not None else None,
        "value": value,
    }
    said = lead_feedback.counts_by(connection, by, since=since, until=until)
    codes = lead_feedback.code_counts(connection, **about)
    note_count = lead_feedback.count(connection, **about, with_note=True)
    page = max(1, page)
    return FeedbackView(
        total=_group("", chosen, {}, lead_feedback.count(connection, **about)),
        groups=tuple(
            sorted(
                (
                    _group(name, split, {by: name}, said.get(name, 0))
                    for name in {found.group[by] for found in split if by in found.group}
                ),
                key=lambda group: (-group.acceptance.denominator, group.value),
            )
        ),
        reasons={
            found.group["reason"]: found.numerator
            for found in chosen
            if found.name == "rejection_reason" and by not in found.group
        },
        worked={code: codes["worked"][code] for code in Aspect if code in codes["worked"]},
        failed={code: codes["failed"][code] for code in Aspect if code in codes["failed"]},
        objections={code: codes["objection"][code] for code in Objection if code in codes["objection"]},
        contents=_contents(lead_feedback.content_counts(connection, **about)),
        notes=tuple(
            lead_feedback.latest(connection, **about, with_note=True, limit=PAGE, offset=(page - 1) * PAGE)
        ),
        note_count=note_count,
    )


def read_revision(actor: Actor) -> str:
    """A text that changes with whatever changes what sales says: what live screens poll."""
    authorise(actor, "metrics:read")
    from leads.store import warehouse

    return f"{warehouse().revision()} {lead_feedback.last_change(store().read())}"


def _group(name: str, measures: "list[Measure]", group: Mapping[str, str], said: int) -> Group:
    by_name = {found.name: found for found in measures if dict(found.group) == dict(group)}
    return Group(name, by_name["acceptance_rate"], by_name.get("feedback_coverage"), said)


def _contents(counts: Mapping[str, Mapping[str, int]]) -> tuple[ContentSaid, ...]:
    found = [
        ContentSaid(name, *(verdicts.get(verdict.value, 0) for verdict in ContentVerdict))
        for name, verdicts in counts.items()
    ]
    return tuple(sorted(found, key=lambda content: (-content.total, content.name)))


def _figures(
    connection: Connection, by: str, value: str | None, first_day: date | None, last_day: date | None
) -> "list[Measure]":
    """The measures of acceptance, computed once per version of the facts and question."""
    from leads.metrics.measuring import measure_all
    from leads.store import warehouse

    question = metrics.ask(
        connection,
        first_day=first_day,
        last_day=last_day,
        by=by if value is None else None,
        only=None if value is None else (by, value),
    )
    facts = warehouse()
    key = (facts.folder, facts.revision(), metrics.rounded(question))
    if key not in _kept:
        _kept[key] = measure_all(question, _NAMES)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return _kept[key]


def _span(connection: Connection, first_day: date | None, last_day: date | None) -> tuple[str, str]:
    """The instants from which and up to which hand-overs lie in the period."""
    zone = settings.company_of(connection).hours.timezone
    since = _EVER[0] if first_day is None else instants.day_start(first_day, zone)
    if last_day is None or last_day >= clock.now().date():
        return since, _EVER[1]
    return since, instants.day_start(date.fromordinal(last_day.toordinal() + 1), zone)
