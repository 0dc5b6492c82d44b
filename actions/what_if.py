"""What rules would have done with past leads: the windows to look at, what a rule says of them, and who changes side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actions import clock, settings
from actions.held_leads import KEPT
from actions.kept_results import KeptResults
from actions.permissions import authorise
from alignment import rules
from alignment.errors import InvalidInput
from alignment.field_spread import FieldSpread
from alignment.people import Actor
from alignment.rules import Condition, FieldType, Rule, canonical_hash, fields_of
from alignment.what_if import Outcomes, RuleChange, Verdicts, Window, pick_window, without_each
from db.store import store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.backtest import BacktestWarning
    from leads.condition_bitmaps import HeldWindow
    from leads.field_spread import CountedSpread
    from leads.listing import LeadPage

MOST_TAKEN_OUT = 20
"""Conditions of a longer rule are not taken out one by one."""

RuleDocument = str | Mapping[str, Any]
"""A rule as JSON text or as a document."""


@dataclass(frozen=True)
class Trial:
    """What a rule says of the leads of a window. `warnings` are what may mislead: fields filled in after the outcome."""

    rule: Rule
    window: Window
    verdicts: Verdicts
    warnings: "tuple[BacktestWarning, ...]"


@dataclass(frozen=True)
class Ablation:
    """What a rule says without one of its conditions. `verdicts` is None where the rule is nothing but this condition."""

    condition: Condition
    words: str
    verdicts: Verdicts | None


@dataclass(frozen=True)
class Tried:
    """Rules that were read, the window that they are tried on, and its leads, where these are held with all that the rules
    look at."""

    rules: tuple[Rule, ...]
    window: Window
    zone: str
    held: "HeldWindow | None"


def judge_rule(actor: Actor, rule: RuleDocument, window: Window | None = None) -> Trial:
    """What a rule says of the leads of a window of `list_windows`, or of the usual one; at once where the leads are held.

    Raises InvalidInput while there are no leads or for another window, InvalidRule as `what_if_change`.
    """
    authorise(actor, "rule:test")
    tried = read_leads(actor, [rule], window)
    [read] = tried.rules
    return Trial(read, tried.window, *_judge(tried, read))


def take_out_each(actor: Actor, rule: RuleDocument, window: Window | None = None) -> tuple[Ablation, ...]:
    """What the rule says without each of its conditions in turn; () for a rule of more than twenty. Raises as `judge_rule`."""
    authorise(actor, "rule:test")
    tried = read_leads(actor, [rule], window)
    held = tried.held
    without = without_each(tried.rules[0])
    if len(without) > MOST_TAKEN_OUT:
        return ()
    rest = [left for _, left in without if left is not None]
    counted = [held.verdicts(left) for left in rest] if held is not None else _verdicts(tried.window, rest)
    found = iter(counted)
    return tuple(
        Ablation(condition, rules.sentence(Rule(condition)), None if left is None else next(found))
        for condition, left in without
    )


def compare_rules(
    actor: Actor, before: RuleDocument, after: RuleDocument, window: Window | None = None
) -> RuleChange:
    """Who changes side where the rule `after` takes the place of `before`, in a window. Raises as `judge_rule`."""
    authorise(actor, "rule:test")
    return _compare(_read_leads([before, after], window))


def list_leads_told_apart(
    actor: Actor,
    passing: RuleDocument,
    failing: RuleDocument,
    window: Window | None = None,
    page: int = 1,
    size: int = 20,
) -> "LeadPage":
    """The leads of a window that pass the one rule and fail the other, won ones first. Raises as `judge_rule`."""
    authorise(actor, "rule:test")
    if not all(isinstance(one, int) and not isinstance(one, bool) and one >= 1 for one in (page, size)):
        raise InvalidInput("Pages and their sizes are whole numbers from 1 on.")
    tried = read_leads(actor, [passing, failing], window, hold=False)
    from leads.closed_periods import Period
    from leads.listing import leads_told_apart
    from leads.store import warehouse

    one, other = tried.rules
    period = Period(tried.window.first_day, tried.window.last_day)
    with warehouse().read() as facts:
        return leads_told_apart(facts, one, other, period, tried.zone, page=page, size=size)


def read_field_spread(
    actor: Actor, field: str, window: Window | None = None, marks: Sequence[float] = ()
) -> FieldSpread | None:
    """How a field's numbers are spread over the leads of a window, by what became of them; `marks` are to be seen among them.

    None where no lead has a number in it. Raises InvalidInput as `judge_rule`, and for a field that the leads do not have.
    """
    authorise(actor, "rule:test")
    _check_there_are_leads()
    labels = _LABELS.get(_version(), _count_labels)
    if field not in labels:
        raise InvalidInput("The leads have no such field. Choose one of those that they have.")
    window, held = _held(window, [field])
    if held is not None and held.codes(field):
        counted = held.spread(field, marks)
    else:
        key = (*_counted_on(window, _zone()), field, tuple(marks))
        counted = _SPREADS.get(key, lambda: _spread(field, window, marks))
    if counted is None:
        return None
    return FieldSpread(
        field=field,
        label=labels[field],
        edges=counted.classes.edges,
        labels=counted.classes.labels,
        won=counted.won,
        lost=counted.lost,
        open=counted.open,
        unknown=counted.unknown,
        thresholds={},
        logarithmic=counted.classes.logarithmic,
        first_day=window.first_day,
        last_day=window.last_day,
    )


def read_leads(
    actor: Actor, documents: Sequence[RuleDocument], window: Window | None = None, *, hold: bool = True
) -> Tried:
    """Read rules for a window, and unless `hold` is False its leads, for those who try more than one thing on them.

    Raises as `judge_rule`.
    """
    authorise(actor, "rule:test")
    return _read_leads(documents, window, hold=hold)


def what_if_change(
    actor: Actor, before: RuleDocument | None, after: RuleDocument | None
) -> RuleChange | None:
    """Which past leads change side, and how many of them were won, where the rule `after` takes the place of `before`.

    Looks at the last closed window that tells something (`alignment.what_if.pick_window`). None where there are no leads yet
    or one of the two has no rule. Raises InvalidRule for what is no rule, or looks at fields that the leads do not have.
    """
    authorise(actor, "metrics:read")
    if before is None or after is None or not _revision():
        return None
    return _compare(_read_leads([before, after]))


def find_evidence(
    actor: Actor, rule: RuleDocument, before: RuleDocument | None = None
) -> dict[str, Any] | None:
    """What past leads say of a rule, as plain values to be kept with a version that is signed.

    `window` with the version of the data, `verdicts`, the fields that may mislead (`warnings`), the day on which this was
    looked at (`as_of`), and where there is a rule `before` it, `change`. None where there are no leads yet. Raises as
    `what_if_change`.
    """
    authorise(actor, "metrics:read")
    if not _revision():
        return None
    tried = _read_leads([rule])
    verdicts, warnings = _judge(tried, tried.rules[0])
    change = what_if_change(actor, before, rule)
    return {
        "as_of": clock.now_text(),
        "window": tried.window.to_document(),
        "verdicts": verdicts.to_document(),
        "warnings": [vars(warning) for warning in warnings],
        "change": None if change is None else change.to_document(),
    }


def list_windows(
    actor: Actor, waiting: Callable[[], None] | None = None
) -> tuple[tuple[Window, Outcomes], ...]:
    """The windows that a rule can be tried on: the last closed quarter, twelve months, and all leads; () without leads.

    Of millions of leads, the first who asks waits for all of them to be read, which then serves everything that is tried.
    `waiting` is called ten times a second meanwhile; what it raises ends the waiting, and the reading where nobody else waits.
    """
    authorise(actor, "metrics:read")
    if not _revision():
        return ()
    KEPT.get((), waiting)
    return _counted_windows()


def _counted_windows() -> tuple[tuple[Window, Outcomes], ...]:
    """The windows of `list_windows`; some leads are there."""
    key = (*_version(), clock.now().date(), _zone())
    return _WINDOWS.get(key, _count_windows)


def usual_window() -> Window:
    """The first window that tells something; see `pick_window`."""
    counted = _counted_windows()
    return counted[pick_window(counted)][0]


def read_rule(rule: RuleDocument, fields: Mapping[str, FieldType]) -> Rule:
    """A rule from its JSON text or document. Raises InvalidRule, for fields that the leads do not have as well."""
    return rules.parse_json(rule, fields) if isinstance(rule, str) else rules.parse(rule, fields)


_WINDOWS: KeptResults[tuple[tuple[Window, Outcomes], ...]] = KeptResults(4)
_CHANGES: KeptResults[RuleChange] = KeptResults(256)
_VERDICTS: KeptResults[tuple[Verdicts, ...]] = KeptResults(64)
_WARNINGS: "KeptResults[tuple[BacktestWarning, ...]]" = KeptResults(64)
_SPREADS: "KeptResults[CountedSpread | None]" = KeptResults(64)
_FIELDS: KeptResults[dict[str, FieldType]] = KeptResults(4)
_LABELS: KeptResults[dict[str, str]] = KeptResults(4)
"""By version of the lead facts, window with its zone, and what is asked of its leads."""


def _counted_on(window: Window, zone: str) -> tuple[Path, str, str, Window]:
    """What a count of a window's leads hangs on: the days of a window begin and end in the company's zone."""
    return (*_version(), zone, window)


def _version() -> tuple[Path, str]:
    """Where the facts are, and the version of them that rules are tried on."""
    from leads.store import warehouse

    return warehouse().folder, KEPT.revision()


def _revision() -> str:
    return _version()[1]


def _fields() -> Mapping[str, FieldType]:
    return _FIELDS.get(_version(), _count_fields)


def _count_fields() -> dict[str, FieldType]:
    from leads.store import warehouse

    with warehouse().read() as facts:
        return facts.rule_fields()


def _zone() -> str:
    return settings.company_of(store().read()).hours.timezone


def _count_windows() -> tuple[tuple[Window, Outcomes], ...]:
    held = KEPT.get(())
    if held is not None:
        return held.windows(clock.now(), _zone())
    from leads.backtest import count_windows
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count_windows(facts, clock.now(), _zone())


def _count_change(before: Rule, after: Rule, window: Window) -> RuleChange:
    from leads.backtest import count_change
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count_change(facts, before, after, window, _zone())


def _check_there_are_leads() -> None:
    if not _revision():
        raise InvalidInput("There are no leads to try a rule on. Bring some in first.")


def _checked(window: Window | None) -> Window:
    if window is None:
        return usual_window()
    for found, _ in _counted_windows():
        if (found.first_day, found.last_day) == (window.first_day, window.last_day):
            return found  # the data may have moved on since it was chosen
    raise InvalidInput("Choose one of the windows that are offered.")


def _read_leads(
    documents: Sequence[RuleDocument], window: Window | None = None, *, hold: bool = True
) -> Tried:
    _check_there_are_leads()
    fields = _fields()
    read = tuple(read_rule(document, fields) for document in documents)
    looked_at = {name for rule in read for name in fields_of(rule)}
    window, held = _held(window, looked_at) if hold else (_checked(window), None)
    judged = held is not None and all(held.judges(rule) for rule in read)
    return Tried(read, window, _zone(), held if judged else None)


def _held(window: Window | None, fields: Iterable[str]) -> "tuple[Window, HeldWindow | None]":
    """A window as it is offered, and its leads with some fields as far as these can be held; None where the engine has to be
    asked."""
    held = KEPT.get(fields)
    window = _checked(window)  # of the version that is held now
    return window, None if held is None else held.window(window, _zone())


def _judge(tried: Tried, rule: Rule) -> "tuple[Verdicts, tuple[BacktestWarning, ...]]":
    if tried.held is not None:
        return tried.held.verdicts(rule), tried.held.warnings(rule)
    key = _counted_on(tried.window, tried.zone)
    [verdicts] = _VERDICTS.get((*key, canonical_hash(rule)), lambda: _verdicts(tried.window, [rule]))
    return verdicts, _WARNINGS.get((*key, fields_of(rule)), lambda: _warn(rule, tried.window))


def _compare(tried: Tried) -> RuleChange:
    before, after = tried.rules
    if tried.held is not None:
        return tried.held.change(before, after)
    key = (*_counted_on(tried.window, tried.zone), canonical_hash(before), canonical_hash(after))
    return _CHANGES.get(key, lambda: _count_change(before, after, tried.window))


def _verdicts(window: Window, tried: Sequence[Rule]) -> tuple[Verdicts, ...]:
    from leads.backtest import count_verdicts
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count_verdicts(facts, tried, window, _zone())


def _warn(rule: Rule, window: Window) -> "tuple[BacktestWarning, ...]":
    from leads.backtest import warn_of_fields
    from leads.store import warehouse

    with warehouse().read() as facts:
        return warn_of_fields(facts, [rule], window, _zone())


def _spread(field: str, window: Window, marks: Sequence[float]) -> "CountedSpread | None":
    from leads.closed_periods import Period
    from leads.field_spread import spread_of
    from leads.store import warehouse

    with warehouse().read() as facts:
        return spread_of(facts, field, Period(window.first_day, window.last_day), _zone(), marks)


def _count_labels() -> dict[str, str]:
    from leads.store import warehouse

    with warehouse().read() as facts:
        return {field.name: field.label for field in facts.fields()}
