"""The measures of the hand-over, under the company's settings and the definitions that both teams signed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from actions import clock, settings
from actions.kept_results import KeptResults
from actions.permissions import authorise
from alignment import definitions as agreements
from alignment import instants, rules
from alignment.errors import InvalidInput
from alignment.people import Actor
from db.queries import definitions
from db.store import Connection, store
from leads import figures_process

if TYPE_CHECKING:  # Ibis takes a second to load: only where figures are really asked for
    from leads.metrics.question import DefinitionInForce, Measure, MetricQuestion

TEST_LEAD = "test_lead"
"""The key of the glossary's term “Test lead”, where a company has one: leads that meet its rule count nowhere."""
_NO_SLICES = ("company", "job_title", "currency")
"""Texts that are other for nearly every lead, or say nothing about one."""
_kept: "KeptResults[list[Measure]]" = KeptResults(64)


def read_metrics(
    actor: Actor,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    window_days: int | None = None,
    as_of: date | None = None,
    restate: str | None = None,
    start: str = "mql",
    only: tuple[str, str] | None = None,
) -> "list[Measure]":
    """Every measure of the leads that came from `first_day` to `last_day`, both included, in total and by group.

    `by` is definition, week, month, or a field of the leads such as source, campaign or owner. `as_of` a day means with all that happened on it; None means the last import. `restate`
    is the label of a definition to judge all leads by. `start` (mql, assigned or created) is when the follow-up
    clock begins. `only` is a field and the value that leads have to have in it. Raises InvalidInput for a choice that is none.
    """
    authorise(actor, "metrics:read")
    return measure(
        store().read(),
        first_day=first_day,
        last_day=last_day,
        by=by,
        window_days=window_days,
        as_of=as_of,
        restate=restate,
        start=start,
        only=only,
    )


def read_weekly_volume(
    actor: Actor,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    as_of: date | None = None,
    restate: str | None = None,
) -> "list[Measure]":
    """MQLs per week and definition version, oldest first: `group` has `week`, the day of its Monday, and `definition`."""
    authorise(actor, "metrics:read")
    from leads.metrics.measuring import weekly_volume

    question = ask(store().read(), first_day=first_day, last_day=last_day, as_of=as_of, restate=restate)
    return list(_computed("weekly", question, as_of is None, weekly_volume))


def list_leads_behind(
    actor: Actor,
    key: str,
    *,
    part: str = "counted",
    group: str | None = None,
    page: int = 1,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    window_days: int | None = None,
    as_of: date | None = None,
    restate: str | None = None,
    only: tuple[str, str] | None = None,
    size: int = 50,
) -> list[str]:
    """Ids of the leads behind a figure, `size` a page, at most 500: `key` is `Measure.key`, `part` counted, hit or excluded.

    `group` is the value the figure is split by, such as a source, None for the total. The rest as in `read_metrics`.
    """
    authorise(actor, "metrics:read")
    from leads.metrics.measuring import leads_behind_figure

    question = ask(
        store().read(),
        first_day=first_day,
        last_day=last_day,
        by=by,
        window_days=window_days,
        as_of=as_of,
        restate=restate,
        only=only,
    )
    return figures_process.run(leads_behind_figure, question, key, part, group, page, size)


def list_definitions(actor: Actor) -> list[str]:
    """The labels of the definitions of an MQL that were, are or will be in force, oldest first: for restating."""
    authorise(actor, "metrics:read")
    return [found.label for found in _definitions(store().read())]


def list_slices(actor: Actor) -> dict[str, str]:
    """The fields that figures can be split by and kept to: name → label, the usual ones first; texts only."""
    authorise(actor, "metrics:read")
    from leads.store import warehouse

    facts = warehouse()
    return dict(_SLICES.get((facts.folder, facts.revision()), _read_slices))


def list_values(actor: Actor, field: str) -> list[str]:
    """The most frequent values of a field of the leads, at most 50; `(blank)` for none. Raises InvalidInput for no field."""
    authorise(actor, "metrics:read")
    from leads.overview import frequent_values
    from leads.store import warehouse

    facts = warehouse()
    key = (facts.folder, facts.revision(), field)
    return list(_VALUES.get(key, lambda: figures_process.run(frequent_values, field)))


def _read_slices() -> Mapping[str, str]:
    from leads.overview import text_fields

    texts = [found for found in figures_process.run(text_fields) if found.name not in _NO_SLICES]
    return {found.name: found.label[:1].upper() + found.label[1:] for found in texts}


_SLICES: KeptResults[Mapping[str, str]] = KeptResults(4)
_VALUES: KeptResults[tuple[str, ...]] = KeptResults(32)


def measure(
    connection: Connection, names: Collection[str] | None = None, *, as_of: date | None = None, **choices: Any
) -> "list[Measure]":
    """The measures of these names or keys, by default every one, for actions that have authorised; `choices` as in
    `read_metrics`."""
    from leads.metrics.measuring import measure_all

    question = ask(connection, as_of=as_of, **choices)
    what = "all" if names is None else " ".join(sorted(names))
    return list(_computed(what, question, as_of is None, partial(measure_all, names=names)))


def ask(
    connection: Connection,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    window_days: int | None = None,
    as_of: date | None = None,
    restate: str | None = None,
    start: str = "mql",
    only: tuple[str, str] | None = None,
) -> "MetricQuestion":
    """The question with the company's settings and definitions filled in, for actions that have authorised.

    `only` is a field and a value that leads have to have in it, `(blank)` for none.
    """
    from leads.metrics.question import MetricQuestion, StartOfClock, end_of

    company = settings.company_of(connection)
    timezone = company.hours.timezone
    if by is not None and (not isinstance(by, str) or len(by) > 100):
        raise InvalidInput("Figures are split by the name of a field, by week, month or definition.")
    if start not in list(StartOfClock):
        raise InvalidInput(f"The clock cannot start at “{start}”. Use one of: {', '.join(StartOfClock)}.")
    return MetricQuestion(
        as_of=known_until() if as_of is None else end_of(as_of, timezone),
        first_day=first_day,
        last_day=last_day,
        window_days=window_days,
        by=by or None,
        hours=company.hours,
        follow_up_minutes=company.follow_up_minutes,
        feedback_hours=company.feedback_hours,
        timezone=timezone,
        definitions=_definitions(connection),
        restate=restate,
        start=StartOfClock(start),
        only=_rule_of(only),
        exclude=_test_leads(connection),
    )


def known_until() -> datetime:
    """Now (aware), but not later than the last import: what has happened since is not known, and silence is no decision."""
    from leads.store import warehouse

    imported_at = warehouse().imported_at()
    now = clock.now()
    return now if imported_at is None else min(now, instants.from_text(imported_at))


def rounded(question: "MetricQuestion") -> "MetricQuestion":
    """The question as of the last full five minutes: what figures that are asked as of now are kept under."""
    moment = question.as_of
    moment = moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
    return replace(question, as_of=moment)


def _rule_of(only: tuple[str, str] | None) -> rules.Rule | None:
    from leads.metrics.question import BLANK

    if only is None:
        return None
    if len(only) != 2 or not all(isinstance(part, str) for part in only):
        raise InvalidInput("Leads are kept to those of one field and one value.")
    field, value = only
    if value == BLANK:
        return rules.Rule(rules.Condition(field, rules.Operator.IS_UNKNOWN))
    return rules.Rule(rules.Condition(field, rules.Operator.EQUAL, value))


def _test_leads(connection: Connection) -> rules.Rule | None:
    """The filter of test and internal leads that both teams agreed: the rule in force of the term for them, if there is one."""
    force = agreements.in_force(definitions.in_force_history(connection, TEST_LEAD), clock.now_text())
    return rules.parse(force.rule) if force is not None and force.rule is not None else None


def _definitions(connection: Connection) -> "tuple[DefinitionInForce, ...]":
    from leads.metrics.question import DefinitionInForce

    return tuple(
        DefinitionInForce(
            version.label,
            rules.parse(version.rule) if version.rule is not None else None,
            version.in_force_from,
            version.in_force_until,
        )
        for version in definitions.in_force_history(connection, "mql")
        if version.in_force_from is not None
    )


def _computed(
    what: str,
    question: "MetricQuestion",
    as_of_now: bool,
    compute: "Callable[[MetricQuestion], list[Measure]]",
) -> "list[Measure]":
    """The figures, computed once per version of the facts and question; 'now' is at most five minutes old."""
    from leads.store import warehouse

    facts = warehouse()
    key = (what, facts.folder, facts.revision(), rounded(question) if as_of_now else question)
    return _kept.get(key, lambda: figures_process.run(compute, question))
