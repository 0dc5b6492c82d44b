"""What a rule says of one lead: True, False, or None where a missing field leaves it open (Kleene's logic).

The same meaning is compiled to an engine expression in `leads.rule_expressions`; a property test holds the two
together. How values are read:

- Missing: None, empty text, or a number that is none. A condition on a missing field is open, except `is_known`
  and `is_unknown`, which always decide.
- Text is compared exactly, capitals included.
- A number is compared with a number, or with text that is written like one (`12`, `-3.5`); other text leaves it open.
- Yes or no is compared with a boolean, or with text that says so (`true`, `yes`, `1`, `false`, `no`, `0`).
- A day, or text that is one (`2026-01-31`), is compared with the UTC day of a date or instant. A day is also
  compared with text in ISO form.
- `within_days` n is true from n times 24 hours before the decision up to the decision; without a decision time it is open.
- Points with a decay count days in UTC, from the day that the field `since` names to the day of the decision. Points `add`
  over `linear_days` d are add × (d − age) / d, at least 0; with `half_life_days` d they are add × ½^(age / d). Both start
  from the original points and are rounded to hundredths, halves away from 0. What happens after the decision adds nothing;
  where the day or the decision is unknown, anything from nothing to all of the points is possible.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from alignment.rules.tree import (
    AllOf,
    AnyOf,
    Condition,
    Fading,
    Node,
    Not,
    Operator,
    Points,
    PointsEntry,
    Rule,
)

NUMBER_PATTERN = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
# only days that exist, so that every engine may simply read what matches
DAY_PATTERN = (
    r"((19|20)[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    r"|((19|20)(0[48]|[2468][048]|[13579][26])|2000)-02-29)"
)
INSTANT_PATTERN = r"^" + DAY_PATTERN + r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?Z?)?$"
# points and threshold are bounded, so that after as many half-lives not half a hundredth is left of any
MOST_HALF_LIVES = 40
TRUE_WORDS = ("true", "yes", "1", "TRUE", "True", "Yes", "YES")
FALSE_WORDS = ("false", "no", "0", "FALSE", "False", "No", "NO")

_NUMBER = re.compile(NUMBER_PATTERN)
_DAY = re.compile(DAY_PATTERN)
_INSTANT = re.compile(INSTANT_PATTERN)


def evaluate(rule: Rule, lead: Mapping[str, Any], decided_at: datetime | None = None) -> bool | None:
    """True if the lead passes, False if it fails, None if a missing field leaves it open.

    `lead` maps field names to text, numbers, booleans, dates, aware datetimes (naive ones are UTC) or None.
    `decided_at` is the aware instant of the decision, which `within_days` needs.
    """
    if isinstance(rule.root, Points):
        return _points(rule.root, lead, decided_at)
    return _node(rule.root, lead, decided_at)


@dataclass(frozen=True)
class Score:
    """The points of a lead in hundredths: what is certain, as the least and the most that missing fields still allow."""

    lowest: int
    highest: int


def score_of(points: Points, lead: Mapping[str, Any], decided_at: datetime | None = None) -> Score:
    """The points of one lead; arguments as for `evaluate`."""
    lowest = highest = 0
    for entry in points.entries:
        outcome = _node(entry.node, lead, decided_at)
        if outcome is False:
            continue
        left = points_left(entry, lead, decided_at)
        if outcome is True and left is not None:
            lowest += left
            highest += left
        else:
            most = entry.add_hundredths if left is None else left
            lowest += min(most, 0)
            highest += max(most, 0)
    return Score(lowest, highest)


def points_left(entry: PointsEntry, lead: Mapping[str, Any], decided_at: datetime | None) -> int | None:
    """What decay has left of the entry's points, in hundredths; None where it cannot be told."""
    if entry.decay is None:
        return entry.add_hundredths
    since = _as_instant(lead.get(entry.decay.since))
    if since is None or decided_at is None:
        return None
    if since > decided_at:
        return 0
    age = (decided_at.astimezone(UTC).date() - since.date()).days
    points, days = abs(entry.add_hundredths), entry.decay.days
    if entry.decay.fading is Fading.LINEAR:
        left = (2 * points * max(days - age, 0) + days) // (2 * days)
    else:
        left = math.floor(points * 0.5 ** (min(age, MOST_HALF_LIVES * days) / days) + 0.5)
    return left if entry.add_hundredths > 0 else -left


def _points(points: Points, lead: Mapping[str, Any], decided_at: datetime | None) -> bool | None:
    score = score_of(points, lead, decided_at)
    if score.lowest >= points.threshold_hundredths:
        return True
    if score.highest < points.threshold_hundredths:
        return False
    return None


def _node(node: Node, lead: Mapping[str, Any], decided_at: datetime | None) -> bool | None:
    match node:
        case Condition():
            return _condition(node, lead.get(node.field), decided_at)
        case Not(part):
            outcome = _node(part, lead, decided_at)
            return None if outcome is None else not outcome
        case AllOf(parts):
            outcomes = [_node(part, lead, decided_at) for part in parts]
            return False if False in outcomes else (None if None in outcomes else True)
        case AnyOf(parts):
            outcomes = [_node(part, lead, decided_at) for part in parts]
            return True if True in outcomes else (None if None in outcomes else False)
    raise TypeError(f"not part of a rule: {node!r}")


def _condition(condition: Condition, value: Any, decided_at: datetime | None) -> bool | None:
    missing = value is None or value == "" or (isinstance(value, float) and not math.isfinite(value))
    operator, wanted = condition.operator, condition.value
    if operator is Operator.IS_KNOWN:
        return not missing
    if operator is Operator.IS_UNKNOWN:
        return missing
    if missing:
        return None
    if operator is Operator.WITHIN_DAYS:
        instant = _as_instant(value)
        if instant is None or decided_at is None or not isinstance(wanted, int):
            return None
        return decided_at - timedelta(days=wanted) <= instant <= decided_at
    several: tuple[Any, ...] = wanted if isinstance(wanted, tuple) else (wanted,)
    if isinstance(value, date) and operator is not Operator.CONTAINS:
        several = tuple(as_day(item) for item in several)
        wanted = several[0] if not isinstance(wanted, tuple) else several
        if None in several:
            return None
    found = _as_kind_of(several[0], value)
    if found is None:
        return None
    match operator:
        case Operator.EQUAL:
            return bool(found == wanted)
        case Operator.NOT_EQUAL:
            return bool(found != wanted)
        case Operator.IN:
            return found in several
        case Operator.NOT_IN:
            return found not in several
        case Operator.CONTAINS:
            return str(wanted) in found
        case Operator.GREATER:
            return bool(found > wanted)
        case Operator.AT_LEAST:
            return bool(found >= wanted)
        case Operator.LESS:
            return bool(found < wanted)
        case Operator.AT_MOST:
            return bool(found <= wanted)
        case Operator.BETWEEN:
            return bool(several[0] <= found <= several[1])
    raise TypeError(f"not an operator: {operator!r}")


def as_day(wanted: Any) -> Any:
    """A value of a condition as it is compared with a day: text in ISO form is one, other text is none."""
    if not isinstance(wanted, str):
        return wanted
    return date.fromisoformat(wanted) if _DAY.fullmatch(wanted) else None


def _as_kind_of(wanted: Any, value: Any) -> Any:
    if isinstance(wanted, bool):
        return _as_boolean(value)
    if isinstance(wanted, int | float):
        return _as_number(value)
    if isinstance(wanted, date):
        instant = _as_instant(value)
        return None if instant is None else instant.date()
    return value if isinstance(value, str) else None


def _as_boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if value in TRUE_WORDS:
        return True
    return False if value in FALSE_WORDS else None


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return None


def _as_instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return None
