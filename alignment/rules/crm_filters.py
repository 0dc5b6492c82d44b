"""Rules in the words of a CRM: HubSpot's list filters, and the WHERE of Salesforce's SOQL.

Both choose the leads that pass: one that the rule leaves open is not among them, as one that fails. Their filters know two
values only, so `not` is carried down to the conditions first, and each of these is written so that it is true only of a lead
that has a value. Whatever a CRM cannot say is refused with all that stands in the way; what it says a little differently stands
in the notes.

HubSpot: developers.hubspot.com, Lists API, list filters. Salesforce: SOQL and SOSL Reference, condition expressions.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any

from alignment.errors import InvalidInput
from alignment.rules.evaluation import as_day
from alignment.rules.tree import (
    AllOf,
    AnyOf,
    Condition,
    Decay,
    FieldType,
    Node,
    Not,
    Operator,
    Points,
    Rule,
    identity_of,
)
from alignment.rules.wording import sentence

MOST_GROUPS = 60
"""More groups of filters than this are nothing that anybody would keep up by hand."""

HUBSPOT_NAMES = {
    "source": "hs_analytics_source",
    "campaign": "hs_analytics_source_data_1",
    "employees": "numberofemployees",
    "company_size": "numemployees",
    "job_title": "jobtitle",
    "job_level": "seniority",
    "owner": "hubspot_owner_id",
    "created_at": "createdate",
}
_HUBSPOT_KNOWN = {*HUBSPOT_NAMES, "company", "industry", "country"}
_HUBSPOT_CHOICES = {"hs_analytics_source", "industry", "numemployees", "hubspot_owner_id"}
SALESFORCE_NAMES = {
    "source": "LeadSource",
    "company": "Company",
    "employees": "NumberOfEmployees",
    "industry": "Industry",
    "country": "Country",
    "job_title": "Title",
    "owner": "OwnerId",
    "created_at": "CreatedDate",
}
_ALIKE = "Capitals make no difference there: “Referral” is the same as “referral”."
_TODAY = "“Within … days” looks back from today there, in whole days, and not from the day on which a lead was decided on."


class NotExpressible(InvalidInput):
    """What a target has no words for."""


@dataclass(frozen=True)
class Written:
    """A rule as another system reads it, and what is to be known about it there."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Atom:
    """A condition, or (`wanted` False) that it is known to be false."""

    condition: Condition
    wanted: bool


_Tree = _Atom | tuple[str, tuple["_Tree", ...]]


def to_hubspot(
    rule: Rule, fields: Mapping[str, FieldType], names: Mapping[str, str] | None = None
) -> Written:
    """The rule as the `filterBranch` of a HubSpot list, in JSON.

    `fields` are the types of the leads' fields, `names` HubSpot's own names of them where they are others than usual.
    Raises NotExpressible.
    """
    called = {**HUBSPOT_NAMES, **(names or {})}
    notes: list[str] = []
    tree = _pushed(_logic(rule, "HubSpot's lists", "Use HubSpot's own lead scoring for it"), True)
    groups = _alternatives(_spread(tree))
    if len(groups) > MOST_GROUPS:
        raise NotExpressible(
            f"HubSpot's lists have groups of filters one level deep only; this rule would be {len(groups):,} of them. "
            "Split it into several, or use fewer groups within groups."
        )
    branches = []
    for group in groups:
        filters = [
            {
                "filterType": "PROPERTY",
                "property": called.get(atom.condition.field, atom.condition.field),
                "operation": _hubspot_operation(atom, fields, called, notes),
            }
            for atom in group
        ]
        branches.append({"filterBranchType": "AND", "filterBranches": [], "filters": filters})
    own = sorted(
        {atom.condition.field for group in groups for atom in group} - _HUBSPOT_KNOWN - set(names or {})
    )
    if own:
        notes.append(f"Properties of your own, to be called as in HubSpot: {', '.join(own)}.")
    document = {"filterBranchType": "OR", "filterBranches": branches, "filters": []}
    return Written(json.dumps(document, indent=2, ensure_ascii=False), tuple(dict.fromkeys(notes)))


def to_soql(rule: Rule, fields: Mapping[str, FieldType], names: Mapping[str, str] | None = None) -> Written:
    """The rule as the condition that follows WHERE in SOQL; arguments and NotExpressible as for `to_hubspot`.

    A field of the company's own gets the ending `__c`.
    """
    usual = {**SALESFORCE_NAMES, **(names or {})}
    notes: list[str] = []
    own: set[str] = set()

    def called(field: str) -> str:
        if field in usual:
            return usual[field]
        name = f"{field}__c"
        if not name.isidentifier() or not name.isascii():
            raise NotExpressible(f"Salesforce has no field that is called {field!r}. Say which one is meant.")
        own.add(name)
        return name

    tree = _spread(_pushed(_logic(rule, "SOQL", "Let a formula field of Salesforce add them up"), True))
    text = _soql(tree, lambda atom: _soql_condition(atom, fields, called, notes), outermost=True)
    if own:
        notes.append(f"Fields of your own, to be called as in Salesforce: {', '.join(sorted(own))}.")
    return Written(text, tuple(dict.fromkeys(notes)))


# ── two values, with `not` at the conditions only ────────────────────────────────────────────────────────────────────


def _logic(rule: Rule, target: str, instead: str) -> Node:
    if not isinstance(rule.root, Points):
        return rule.root
    fading = any(isinstance(entry.decay, Decay) for entry in rule.root.entries)
    what = "add up points, let alone such that fade" if fading else "add up points"
    raise NotExpressible(f"{target} cannot {what}: {sentence(rule)}. {instead}, or take the rule's SQL.")


def _pushed(node: Node, wanted: bool) -> _Tree:
    match node:
        case Condition():
            return _Atom(node, wanted)
        case Not(part):
            return _pushed(part, not wanted)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(node, AllOf) is wanted
            return ("all" if every else "any", tuple(_pushed(part, wanted) for part in parts))
    raise TypeError(f"not part of a rule: {node!r}")


_OPPOSITE = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.IN: Operator.NOT_IN,
    Operator.GREATER: Operator.AT_MOST,
    Operator.AT_LEAST: Operator.LESS,
    Operator.IS_KNOWN: Operator.IS_UNKNOWN,
}
_OPPOSITE |= {opposite: operator for operator, opposite in _OPPOSITE.items()}


def _spread(tree: _Tree) -> _Tree:
    """Without `not` where an operator says it, and with `between` as two bounds."""
    if not isinstance(tree, _Atom):
        return (tree[0], tuple(_spread(part) for part in tree[1]))
    condition, operator = tree.condition, tree.condition.operator
    if operator is Operator.BETWEEN and isinstance(condition.value, tuple):
        low, high = condition.value
        bounds = (
            _spread(_Atom(Condition(condition.field, Operator.AT_LEAST, low), tree.wanted)),
            _spread(_Atom(Condition(condition.field, Operator.AT_MOST, high), tree.wanted)),
        )
        return ("all" if tree.wanted else "any", bounds)
    if not tree.wanted and operator in _OPPOSITE:
        return _Atom(Condition(condition.field, _OPPOSITE[operator], condition.value), True)
    return tree


def _alternatives(tree: _Tree) -> list[tuple[_Atom, ...]]:
    """The tree as alternatives of conditions that all hold; stops counting far above what is allowed."""
    if isinstance(tree, _Atom):
        return [(tree,)]
    joined, parts = tree
    found = [_alternatives(part) for part in parts]
    if joined == "any":
        return [group for part in found for group in part]
    count = 1
    for part in found:
        count *= len(part)
    if count > 10_000:
        raise NotExpressible(
            f"HubSpot's lists have groups of filters one level deep only; this rule would be {count:,} of them. "
            "Split it into several, or use fewer groups within groups."
        )
    return [
        tuple(
            {(atom.wanted, identity_of(atom.condition)): atom for group in chosen for atom in group}.values()
        )
        for chosen in product(*found)
    ]


# ── HubSpot ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _hubspot_operation(
    atom: _Atom, fields: Mapping[str, FieldType], called: Mapping[str, str], notes: list[str]
) -> dict[str, Any]:
    condition, operator = atom.condition, atom.condition.operator
    value = condition.value

    def operation(kind: str, name: str, **values: Any) -> dict[str, Any]:
        return {"operationType": kind, "operator": name, **values, "includeObjectsWithNoValueSet": False}

    if operator in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
        return operation("ALL_PROPERTY", operator.name)
    if operator is Operator.WITHIN_DAYS:
        notes.append(_TODAY)
        if not atom.wanted:
            raise NotExpressible(
                f"HubSpot's lists cannot say of one filter that {_said(condition)} does not hold. Ask for it the other way round."
            )
        return operation(
            "TIME_RANGED",
            "IS_BETWEEN",
            lowerBoundTimePoint=_hubspot_moment("TODAY", -int(str(value))),
            upperBoundTimePoint=_hubspot_moment("NOW"),
            lowerBoundEndpointBehavior="INCLUSIVE",
            upperBoundEndpointBehavior="INCLUSIVE",
        )
    several = value if isinstance(value, tuple) else (value,)
    first = several[0]
    if operator is Operator.CONTAINS:
        notes.append(_ALIKE)
        return operation(
            "MULTISTRING", "CONTAINS" if atom.wanted else "DOES_NOT_CONTAIN", values=[str(first)]
        )
    if isinstance(first, bool):
        wanted = {bool(item) for item in several}
        if operator in (Operator.NOT_EQUAL, Operator.NOT_IN):
            wanted = {True, False} - wanted
        if len(wanted) != 1:
            raise NotExpressible(
                f"HubSpot's lists cannot ask whether {_said(condition)}. Ask for yes or for no."
            )
        return operation("BOOL", "IS_EQUAL_TO", value=wanted.pop())
    if isinstance(first, date) or fields.get(condition.field) is FieldType.DATE:
        return _hubspot_day(condition, several, operation)
    if isinstance(first, int | float):
        return _hubspot_number(condition, several, operation)
    name = called.get(condition.field, condition.field)
    positive = operator in (Operator.EQUAL, Operator.IN)
    texts = [str(item) for item in several]
    if name in _HUBSPOT_CHOICES:
        notes.append(
            f"“{name}” is a list of choices in HubSpot, compared by their internal values: {', '.join(texts[:5])} have to be "
            "written as those."
        )
        return operation("ENUMERATION", "IS_ANY_OF" if positive else "IS_NONE_OF", values=texts)
    notes.append(_ALIKE)
    return operation("MULTISTRING", "IS_EQUAL_TO" if positive else "IS_NOT_EQUAL_TO", values=texts)


def _hubspot_number(
    condition: Condition, several: tuple[Any, ...], operation: Callable[..., Any]
) -> dict[str, Any]:
    words = {
        Operator.EQUAL: "IS_EQUAL_TO",
        Operator.NOT_EQUAL: "IS_NOT_EQUAL_TO",
        Operator.GREATER: "IS_GREATER_THAN",
        Operator.AT_LEAST: "IS_GREATER_THAN_OR_EQUAL_TO",
        Operator.LESS: "IS_LESS_THAN",
        Operator.AT_MOST: "IS_LESS_THAN_OR_EQUAL_TO",
    }
    operator = condition.operator
    if operator in (Operator.IN, Operator.NOT_IN) and len(several) == 1:
        operator = Operator.EQUAL if operator is Operator.IN else Operator.NOT_EQUAL
    if operator not in words:
        raise NotExpressible(
            f"HubSpot's lists compare a number with one other: {_said(condition)} is more. Ask for each in a condition of its own."
        )
    return operation("NUMBER", words[operator], value=several[0])


def _hubspot_day(
    condition: Condition, several: tuple[Any, ...], operation: Callable[..., Any]
) -> dict[str, Any]:
    days = [_day_of(item) for item in several]
    operator = condition.operator
    if None in days or len(days) > 1 or operator in (Operator.NOT_EQUAL, Operator.NOT_IN):
        raise NotExpressible(
            f"HubSpot's lists cannot compare days like this: {_said(condition)}. Ask for days from, up to or within."
        )
    day = {
        "timeType": "DATE",
        "timezoneSource": "CUSTOM",
        "zoneId": "UTC",
        "year": days[0].year,  # type: ignore[union-attr]
        "month": days[0].month,  # type: ignore[union-attr]
        "day": days[0].day,  # type: ignore[union-attr]
    }
    if operator in (Operator.EQUAL, Operator.IN):
        return operation(
            "TIME_RANGED",
            "IS_BETWEEN",
            lowerBoundTimePoint=day,
            upperBoundTimePoint=day,
            lowerBoundEndpointBehavior="INCLUSIVE",
            upperBoundEndpointBehavior="INCLUSIVE",
        )
    after = operator in (Operator.GREATER, Operator.AT_LEAST)
    inclusive = operator in (Operator.AT_LEAST, Operator.AT_MOST)
    return operation(
        "TIME_POINT",
        "IS_AFTER" if after else "IS_BEFORE",
        timePoint=day,
        endpointBehavior="INCLUSIVE" if inclusive else "EXCLUSIVE",
    )


def _hubspot_moment(reference: str, days: int = 0) -> dict[str, Any]:
    moment: dict[str, Any] = {
        "timeType": "INDEXED",
        "timezoneSource": "CUSTOM",
        "zoneId": "UTC",
        "indexReference": {"referenceType": reference},
    }
    return {**moment, "offset": {"days": days}} if days else moment


# ── Salesforce ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _soql(tree: _Tree, written: Callable[[_Atom], str], outermost: bool = False) -> str:
    if isinstance(tree, _Atom):
        return written(tree)
    joined, parts = tree
    text = (" AND " if joined == "all" else " OR ").join(_soql(part, written) for part in parts)
    return text if outermost or len(parts) == 1 else f"({text})"


def _soql_condition(
    atom: _Atom, fields: Mapping[str, FieldType], called: Callable[[str], str], notes: list[str]
) -> str:
    condition, operator, value = atom.condition, atom.condition.operator, atom.condition.value
    name = called(condition.field)
    if operator in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
        return f"{name} {'!=' if operator is Operator.IS_KNOWN else '='} null"
    known = f"{name} != null AND "
    if operator is Operator.WITHIN_DAYS:
        notes.append(_TODAY)
        days = int(str(value))
        since = f"{name} >= LAST_N_DAYS:{days}" if days else f"{name} >= TODAY"
        before = f"{name} < LAST_N_DAYS:{days}" if days else f"{name} < TODAY"
        return f"({since} AND {name} <= TODAY)" if atom.wanted else f"({known}({before} OR {name} > TODAY))"
    several = value if isinstance(value, tuple) else (value,)
    if operator is Operator.CONTAINS:
        notes.append(_ALIKE)
        looked = f"{name} LIKE '%{_soql_text(str(value), like=True)}%'"
        return looked if atom.wanted else f"({known}(NOT {looked}))"
    if fields.get(condition.field) is FieldType.DATE or isinstance(several[0], date):
        return _soql_days(condition, several, name, known, whole_days=condition.field != "created_at")
    if isinstance(several[0], str):
        notes.append(_ALIKE)
    items = [_soql_value(item) for item in several]
    if operator in (Operator.IN, Operator.NOT_IN):
        if isinstance(several[0], bool):  # IN takes no checkboxes
            sign, joint = ("=", " OR ") if operator is Operator.IN else ("!=", " AND ")
            return f"({joint.join(f'{name} {sign} {item}' for item in items)})"
        listed = f"({', '.join(items)})"
        return f"{name} IN {listed}" if operator is Operator.IN else f"({known}{name} NOT IN {listed})"
    compared = f"{name} {operator.value} {items[0]}"
    return (
        f"({known}{compared})"
        if operator in (Operator.NOT_EQUAL, Operator.LESS, Operator.AT_MOST)
        else compared
    )


def _soql_days(
    condition: Condition, several: tuple[Any, ...], name: str, known: str, whole_days: bool
) -> str:
    """Comparisons of days. A field with a time of day is compared with the instants at which days begin, in UTC."""
    days = [_day_of(item) for item in several]
    if None in days:
        raise NotExpressible(f"SOQL cannot compare a day with other text: {_said(condition)}. Use days.")

    def start(day: date) -> str:
        return day.isoformat() if whole_days else f"{day.isoformat()}T00:00:00Z"

    def on(day: date) -> str:
        if whole_days:
            return f"{name} = {start(day)}"
        return f"({name} >= {start(day)} AND {name} < {start(day + timedelta(days=1))})"

    def off(day: date) -> str:
        if whole_days:
            return f"{name} != {start(day)}"
        return f"({name} < {start(day)} OR {name} >= {start(day + timedelta(days=1))})"

    found: list[date] = [day for day in days if day is not None]
    after = found[0] + timedelta(days=1)
    match condition.operator:
        case Operator.EQUAL | Operator.IN:
            return on(found[0]) if len(found) == 1 else f"({' OR '.join(map(on, found))})"
        case Operator.NOT_EQUAL | Operator.NOT_IN:
            return f"({known}{' AND '.join(map(off, found))})"
        case Operator.AT_LEAST:
            return f"{name} >= {start(found[0])}"
        case Operator.GREATER:
            return f"{name} >= {start(after)}"
        case Operator.LESS:
            return f"({known}{name} < {start(found[0])})"
        case Operator.AT_MOST:
            return f"({known}{name} < {start(after)})"
    raise TypeError(f"not a comparison of days: {condition!r}")


def _soql_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f"'{_soql_text(str(value))}'"


def _soql_text(text: str, like: bool = False) -> str:
    """A text within quotes. Source: SOQL, quoted string escape sequences."""
    for character in ("\\", "'", '"', *(("%", "_") if like else ())):
        text = text.replace(character, "\\" + character)
    return text


# ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _day_of(value: Any) -> date | None:
    found = as_day(value)
    return found if isinstance(found, date) else None


def _said(condition: Condition) -> str:
    return sentence(Rule(condition))
