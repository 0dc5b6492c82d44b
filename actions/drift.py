"""How far leads and the signed definition of an MQL have drifted apart, the limits for that, and telling people once."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from actions import clock, messages, metrics, settings
from actions.journal import journal
from actions.kept_results import KeptResults
from actions.permissions import authorise
from alignment import definitions as agreements
from alignment.definitions import DefinitionVersion
from alignment.drift import (
    QUIET,
    WEEKS_JUDGED,
    DriftKind,
    DriftLimits,
    DriftShare,
    DriftWeek,
    check_limits,
    drift_in_words,
    judged_weeks,
    reason_label,
    reasons_of,
    share_of,
)
from alignment.messages import MessageKind, drift_found
from alignment.people import Actor, Person, Role
from db.queries import definitions, objections, people
from db.queries import settings as setting_rows
from db.store import Connection, store
from leads import figures_process

WEEKS_SHOWN = 26
_SETTING = "drift"
_FRESH = timedelta(days=1)


@dataclass(frozen=True)
class Drift:
    """What is known of drift: the complete weeks, oldest first, those that are judged, and the shares over these by kind.

    `labels` are the versions in force in the judged weeks, `replaced` says what has taken their place since, '' for nothing.
    `weeks` is empty where no definition with a rule was in force.
    """

    weeks: tuple[DriftWeek, ...]
    judged: tuple[DriftWeek, ...]
    limits: DriftLimits
    limits_revision: int = 0
    current: DefinitionVersion | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The versions by which the judged weeks' leads were judged."""
        return tuple(sorted({label for week in self.judged for label in week.labels}))

    @property
    def replaced(self) -> str:
        """That a version is in force by which none of the judged leads was judged, '' where there is none."""
        if self.current is None or not self.labels or self.current.label in self.labels:
            return ""
        of_it = "too early to tell" if self.current.rule is not None else "it has no rule to judge leads by"
        return f"replaced by {self.current.label} since; {of_it}"

    def share(self, kind: DriftKind) -> DriftShare:
        """The share over the judged weeks."""
        return share_of(kind, self.judged)


def read_drift(actor: Actor) -> Drift:
    """The drift of the last half year, by the definition of an MQL in force when each lead was handed over."""
    authorise(actor, "drift:read")
    return _read(store().read())


def set_limits(actor: Actor, breaks: float, uncovered: float, seen: int | None = None) -> None:
    """Set the shares, as fractions of 1, above which people are told. Raises InvalidInput, StaleVersion if `seen` is old."""
    person = authorise(actor, "drift:limit")
    limits = check_limits(breaks, uncovered)

    def transaction(connection: Connection) -> None:
        before, _ = _limits(connection)
        setting_rows.put(connection, _SETTING, asdict(limits), seen)
        journal(
            connection,
            person,
            "drift:limits",
            "setting",
            _SETTING,
            before=asdict(before),
            after=asdict(limits),
        )

    store().write(transaction)


def alert_drift(actor: Actor) -> int:
    """Tell the team leads of both sides where a share of the last complete weeks is over its limit; how many kinds were told.

    For the timer. Of each kind once, and then not for as long as it takes until the weeks are other ones; never while the
    lead facts are more than a day old.
    """
    person = authorise(actor, "timer:run")
    connection = store().read()
    if clock.now() - metrics.known_until() > _FRESH:
        return 0
    kinds = [kind for kind in DriftKind if _may_tell(connection, kind)]
    if not kinds:
        return 0
    found = _read(connection)
    return sum(
        _tell(person, found, kind) for kind in kinds if found.share(kind).is_over(found.limits.of(kind))
    )


def _tell(person: Person, found: Drift, kind: DriftKind) -> bool:
    """Claim the alert of a kind for the weeks that are judged and put it into the team leads' inboxes; whether it was due."""
    week = found.judged[-1].monday
    sentence = drift_in_words(kind, found.share(kind), found.limits.of(kind))
    reasons = reasons_of(found.judged) if kind is DriftKind.UNCOVERED else {}
    lines = [
        f"In the last {WEEKS_JUDGED} complete weeks {sentence}",
        *([f"{' and '.join(found.labels)}: {found.replaced}."] if found.replaced else []),
        *(f"{reason_label(reason)}: {count:,}" for reason, count in reasons.items()),
    ]
    wording = drift_found(f"Leads and {' and '.join(found.labels)} drift apart", "\n".join(lines))

    def transaction(connection: Connection) -> bool:
        if not objections.claim_drift_alert(connection, kind, week, clock.now_text()):
            return False  # another server was faster
        everyone = people.everyone(connection)
        heads = [someone for someone in everyone if someone.active and someone.role is Role.TEAM_LEAD]
        messages.notify(connection, heads, MessageKind.ALERT, wording, "reality")
        told = {"week": week.isoformat(), "told": sentence}
        journal(connection, person, "drift:alert", "drift", kind.value, after=told)
        return True

    return store().write(transaction)


def _may_tell(connection: Connection, kind: DriftKind) -> bool:
    last = objections.last_drift_alert(connection, kind)
    today = _today(connection)
    this_monday = today - timedelta(days=today.weekday())
    return last is None or this_monday - date.fromisoformat(last) > QUIET


_COUNTED: "KeptResults[list[DriftWeek]]" = KeptResults(8)


def _read(connection: Connection) -> Drift:
    from leads.store import warehouse

    today = _today(connection)
    limits, revision = _limits(connection)
    facts = warehouse()
    version = facts.revision()
    if not version:
        return Drift((), (), limits, revision)
    monday = today - timedelta(days=today.weekday())
    question = metrics.ask(
        connection, first_day=monday - timedelta(weeks=WEEKS_SHOWN), last_day=monday - timedelta(days=1)
    )

    def count() -> list[DriftWeek]:
        from leads.drift import count_drift

        return figures_process.run(count_drift, question)

    weeks = _COUNTED.get((facts.folder, version, metrics.rounded(question)), count)
    mql = agreements.timeline(one for one in definitions.versions(connection) if one.term_key == "mql")
    current = agreements.in_force(mql, clock.now_text())
    return Drift(tuple(weeks), tuple(judged_weeks(weeks, today)), limits, revision, current)


def _limits(connection: Connection) -> tuple[DriftLimits, int]:
    document, revision = setting_rows.get(connection, _SETTING)
    return (DriftLimits(**document) if document else DriftLimits()), revision


def _today(connection: Connection) -> date:
    return clock.now().astimezone(ZoneInfo(settings.company_of(connection).hours.timezone)).date()
