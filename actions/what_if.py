"""What rules would have done with past leads: the windows to look at, what a rule says of them, and who changes side."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actions import clock, settings
from actions.kept_results import KeptResults
from actions.permissions import authorise
from alignment import rules
from alignment.people import Actor
from alignment.rules import FieldType, Rule, canonical_hash
from alignment.what_if import Outcomes, RuleChange, Verdicts, Window, pick_window
from db.store import store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.backtest import BacktestWarning

RuleDocument = str | Mapping[str, Any]
"""A rule as JSON text or as a document."""


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
    fields = _fields()
    first, second = read_rule(before, fields), read_rule(after, fields)
    window = usual_window()
    key = (*_version(), window, canonical_hash(first), canonical_hash(second))
    return _CHANGES.get(key, lambda: _count_change(first, second, window))


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
    read = read_rule(rule, _fields())
    window = usual_window()
    verdicts, warnings = _VERDICTS.get(
        (*_version(), window, canonical_hash(read)), lambda: _count_verdicts(read, window)
    )
    change = what_if_change(actor, before, rule)
    return {
        "as_of": clock.now_text(),
        "window": window.to_document(),
        "verdicts": verdicts.to_document(),
        "warnings": [vars(warning) for warning in warnings],
        "change": None if change is None else change.to_document(),
    }


def list_windows(actor: Actor) -> tuple[tuple[Window, Outcomes], ...]:
    """The windows that a rule can be tried on: the last closed quarter, twelve months, and all leads; () without leads."""
    authorise(actor, "metrics:read")
    return _counted_windows() if _revision() else ()


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


_WINDOWS: "KeptResults[tuple[tuple[Window, Outcomes], ...]]" = KeptResults(4)
_CHANGES: "KeptResults[RuleChange]" = KeptResults(256)
_VERDICTS: "KeptResults[tuple[Verdicts, tuple[BacktestWarning, ...]]]" = KeptResults(64)
"""By version of the lead facts, window and rules."""


def _version() -> tuple[Path, str]:
    from leads.store import warehouse

    facts = warehouse()
    return facts.folder, facts.revision()


def _revision() -> str:
    return _version()[1]


def _fields() -> dict[str, FieldType]:
    from leads.store import warehouse

    with warehouse().read() as facts:
        return facts.rule_fields()


def _zone() -> str:
    return settings.company_of(store().read()).hours.timezone


def _count_windows() -> tuple[tuple[Window, Outcomes], ...]:
    from leads.backtest import count_windows
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count_windows(facts, clock.now(), _zone())


def _count_change(before: Rule, after: Rule, window: Window) -> RuleChange:
    from leads.backtest import count_change
    from leads.store import warehouse

    with warehouse().read() as facts:
        return count_change(facts, before, after, window, _zone())


def _count_verdicts(rule: Rule, window: Window) -> "tuple[Verdicts, tuple[BacktestWarning, ...]]":
    from leads.backtest import count_verdicts, warn_of_fields
    from leads.store import warehouse

    with warehouse().read() as facts:
        [verdicts] = count_verdicts(facts, [rule], window, _zone())
        return verdicts, warn_of_fields(facts, [rule], window, _zone())
