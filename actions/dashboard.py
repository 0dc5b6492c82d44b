"""The team leads' dashboard: all its figures from one version of the lead facts, with the goals that run."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, timedelta
from time import perf_counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from actions import goals, metrics, settings
from actions.goals import GoalProgress
from actions.permissions import authorise
from actions.shared_runs import SharedRuns
from alignment import instants
from alignment.errors import Refusal
from alignment.people import Actor
from alignment.promises import DeliveryTerms, target
from db.queries import goals as goal_rows
from db.queries import promises
from db.store import Connection, store
from leads import figures_process
from leads.stopping import Abandoned

if TYPE_CHECKING:  # Ibis takes a second to load: only where figures are really asked for
    from leads.dashboard import DashboardFigures, WeekOfLeads, WhereTheyStand
    from leads.metrics.question import Measure, MetricQuestion

_REST = 2.0
"""While leads keep coming, the engine rests at least so many times as long as it has worked since they were last looked at."""
_LONGEST_REST = 2.0
"""Seconds; more would keep what happened from being in the figures within five."""

_REST_AHEAD = 20.0
"""What is worked out before anybody asks takes no more than about so small a part of the time: one in twenty."""
USUAL_DAYS = 90
"""The days, today among them, whose leads the dashboard is about where nothing else is chosen."""


@dataclass(frozen=True)
class Dashboard:
    """What the dashboard shows. `figures` are the measures in total by key, `parts` those of each part by key.

    `promised` is how many qualified leads marketing has promised for the days of the period that are over; None where the
    period is open or its terms were not the same throughout.
    """

    figures: "Mapping[str, Measure]"
    parts: "Mapping[str, Sequence[Measure]]"
    reasons: "Sequence[Measure]"
    weeks: "Sequence[WeekOfLeads]"
    standing: "WhereTheyStand"
    goals: Sequence[GoalProgress]
    promised: float | None


_figures: "SharedRuns[DashboardFigures]" = SharedRuns(32)


def read_dashboard(
    actor: Actor,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    restate: str | None = None,
    only: tuple[str, str] | None = None,
    waiting: Callable[[], None] | None = None,
    beside: Callable[[], None] | None = None,
) -> Dashboard:
    """All figures of the leads that came from `first_day` to `last_day`, both included, in total and `by` a part.

    `by` is definition or a field of the leads, `restate` the label of a definition to judge all by, `only` a field and its value.

    The same for all who ask, computed once for each version of the facts. `waiting` is called every tenth of a second until
    the figures are there; what it raises ends the waiting, and the query with it when nobody else waits. `beside` is what
    else is asked of the leads of the period: where the figures are computed, it is called in a thread of its own once the
    engine holds those leads. Raises InvalidInput for a choice that is none.
    """
    authorise(actor, "metrics:read")
    from leads.store import warehouse

    connection = store().read()
    question = metrics.ask(
        connection, first_day=first_day, last_day=last_day, by=by, restate=restate, only=only
    )
    spans = goals.spans_of_running(connection)
    facts = warehouse()
    revision = _pulse.revision(facts.folder, facts.revision())
    key = (facts.folder, revision, metrics.rounded(question), tuple(spans.items()))

    def compute() -> "DashboardFigures":
        from leads import dashboard

        return figures_process.run(dashboard.compute, question, spans, held=_beginner(beside))

    found = _figures.get(key, compute, waiting)
    parts: dict[str, list[Measure]] = {}
    for figure in found.measures:
        if by is not None and by in figure.group:
            parts.setdefault(figure.key, []).append(figure)
    running = [goal for goal_id in spans if (goal := goal_rows.find(connection, goal_id)) is not None]
    return Dashboard(
        figures={figure.key: figure for figure in found.measures if not figure.group},
        parts=parts,
        reasons=tuple(figure for figure in found.measures if figure.name == "rejection_reason"),
        weeks=found.weeks,
        standing=found.standing,
        goals=goals.progress_of(connection, running, found.goals),
        promised=None if only or restate else _promised(connection, question),
    )


def _promised(connection: Connection, question: "MetricQuestion") -> float | None:
    if question.first_day is None:
        return None
    known = question.as_of.astimezone(ZoneInfo(question.timezone)).date()
    last = min(question.last_day or known, known) - timedelta(days=0 if question.last_day else 1)
    begins, ends = (
        instants.day_start(day, question.timezone) for day in (question.first_day, last + timedelta(days=1))
    )
    wanted = []
    for promise in promises.promises(connection):
        for version in promises.history(connection, promise.key):
            from_, until = version.in_force_from or "", version.in_force_until
            throughout = from_ <= begins and (until is None or until >= ends)
            if throughout and isinstance(version.terms, DeliveryTerms) and version.terms.only is None:
                wanted.append(target(version.terms.leads_a_month, question.hours, question.first_day, last))
    return wanted[0] if wanted and question.first_day <= last else None


def _beginner(beside: Callable[[], None] | None) -> Callable[[], None]:
    """What begins `beside` in a thread of its own, once; it ends with the run that it is beside."""
    context = copy_context()  # a replayed clock holds in there, too
    begun = threading.Event()

    def work() -> None:
        with suppress(Abandoned, Refusal):  # who asks for it is told
            if beside is not None:
                beside()

    def begin() -> None:
        if beside is not None and not begun.is_set():
            begun.set()
            threading.Thread(target=context.run, args=(work,), name="beside", daemon=True).start()

    return begin


def count_promises(actor: Actor, first_day: date | None, last_day: date) -> None:
    """Have the promises of a period counted as the dashboard shows them, so that who asks for them next need not wait."""
    authorise(actor, "promise:read")
    from actions import promises as answers

    answers.read_compliance(actor, first_day=first_day, last_day=last_day)
    answers.read_due(actor, most=0)


def look_ahead(actor: Actor, may_go_on: Callable[[], bool] = lambda: True) -> bool:
    """Have what the dashboard shows first worked out while nobody asks, so that who opens it next need not wait.

    What is kept of the version in force, the day and the settings is not worked out again. As soon as anybody asks the process
    of the figures anything, or `may_go_on` says no, this leaves off, and what it has begun is cut short. Returns whether
    everything is there; False where figures have no process of their own, there are no leads, these are a company's own
    warehouse, which is asked only for what somebody wants to know, and while it rests.
    """
    authorise(actor, "metrics:read")
    from leads.store import warehouse

    facts, began = warehouse(), perf_counter()
    if began < _ahead.rests_until or not (figures_process.serves() and facts.takes_in):
        return False

    def give_way() -> None:
        if figures_process.open_questions() > 1 or not may_go_on():
            raise Abandoned

    try:
        if not facts.revision():
            return False
        today = settings.today(actor)
        first_day = today - timedelta(days=USUAL_DAYS - 1)
        by = next(iter(metrics.list_slices(actor)), "definition")
        read_dashboard(actor, first_day=first_day, by=by, waiting=give_way)
        key = (facts.folder, facts.revision(), first_day)
        _ahead.promises.get(key, lambda: count_promises(actor, first_day, today), give_way)
    except (Abandoned, Refusal):  # who asks is told
        return False
    finally:
        ended = perf_counter()
        _ahead.rests_until = ended + _REST_AHEAD * (ended - began)
    return True


class _Ahead:
    """What is worked out before anybody asks for it: the promises that were counted last, and until when it rests."""

    def __init__(self) -> None:
        self.promises: SharedRuns[None] = SharedRuns(1)
        self.rests_until = 0.0


_ahead = _Ahead()


def start_engine() -> bool:
    """From here on figures are worked out in a process of its own (`leads.figures_process`), which is started where there are leads.

    Returns whether there are any.
    """
    from leads.pointer import WarehouseUnavailable
    from leads.store import warehouse

    try:
        there_are_leads = bool(warehouse().revision())
    except WarehouseUnavailable:
        there_are_leads = False
    figures_process.serve(now=there_are_leads)
    return there_are_leads


def load_engine() -> None:
    """Load what the other screens look at leads with, so that the first who asks need not wait for it."""
    import leads.dashboard
    import leads.metrics.promises  # noqa: F401
    from leads import facts

    facts.load_engine()


def stop_engine() -> None:
    """End the process of the figures."""
    figures_process.end()


def list_leads_behind(
    actor: Actor,
    key: str,
    *,
    part: str = "counted",
    group: str | None = None,
    page: int = 1,
    size: int = 50,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    restate: str | None = None,
    only: tuple[str, str] | None = None,
) -> list[str]:
    """Ids of the leads behind a figure of the dashboard, `size` a page, at most 500: `key` is `Measure.key`.

    `part` is counted, hit or excluded; `group` the part the figure is of, or the reason of a rejection, None for the total.
    The rest as in `read_dashboard`. Raises NotFound for a figure that there is not.
    """
    authorise(actor, "metrics:read")
    from leads import dashboard

    question = metrics.ask(
        store().read(), first_day=first_day, last_day=last_day, by=by, restate=restate, only=only
    )
    return figures_process.run(dashboard.leads_behind, question, key, part, group, page, size)


class _Pulse:
    """The version of the facts that dashboards show: the newest one, but not sooner than the engine has rested."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: object = None
        self._shown = ""
        self._since = self._worked = 0.0

    def revision(self, folder: object, newest: str) -> str:
        now = perf_counter()
        with self._lock:
            worked = _figures.seconds - self._worked
            rested = now - self._since >= (1 + _REST) * worked or now - _figures.last_ended >= _LONGEST_REST
            if (folder, newest) != (self._folder, self._shown) and (rested or folder != self._folder):
                self._folder, self._shown, self._since = folder, newest, now
                self._worked = _figures.seconds
            return self._shown


_pulse = _Pulse()


def read_revision(actor: Actor) -> str:
    """A text that changes when the dashboard has something new to show; '' while there are no leads. Costs little.

    While leads keep coming, it moves on only after the engine has rested, at the same moment for all who look.
    """
    authorise(actor, "metrics:read")
    from leads.store import warehouse

    facts = warehouse()
    newest = facts.revision()
    if not newest:
        return ""
    return f"{_pulse.revision(facts.folder, newest)} {goal_rows.revision(store().read())}"
