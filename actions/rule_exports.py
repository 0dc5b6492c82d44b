"""A rule to take away: as JSON, as a sentence, as SQL for other engines, or as filters of a CRM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.permissions import authorise
from alignment.errors import InvalidInput
from alignment.people import Actor
from alignment.rules import FieldType, Rule, parse, parse_json, sentence, to_json
from alignment.rules.crm_filters import Written, to_hubspot, to_soql

TARGETS: dict[str, str] = {
    "json": "JSON",
    "sentence": "Sentence",
    "duckdb": "SQL for DuckDB",
    "postgres": "SQL for PostgreSQL",
    "bigquery": "SQL for BigQuery",
    "snowflake": "SQL for Snowflake",
    "hubspot": "HubSpot list filters",
    "soql": "Salesforce SOQL",
}
"""What a rule can be exported as, with its name on screen."""


@dataclass(frozen=True)
class RuleExport:
    """A rule as `target` reads it. `notes` say what differs there and what to look after."""

    target: str
    text: str
    notes: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """The export as plain dicts and lists."""
        return {"target": self.target, "text": self.text, "notes": list(self.notes)}


def export_rule(
    actor: Actor, rule: str | Mapping[str, Any], target: str, names: Mapping[str, str] | None = None
) -> RuleExport:
    """A rule (a document, or its JSON) for one of `TARGETS`. `names` are a CRM's own names of fields.

    Raises InvalidRule for what is no rule or speaks of a field that the leads do not have, NotExpressible with all that the
    target has no words for, InvalidInput for another target.
    """
    authorise(actor, "rule:export")
    if target not in TARGETS:
        raise InvalidInput(
            f"Rules cannot be exported as “{target[:40]}”. Choose one of: {', '.join(TARGETS)}."
        )
    types, allowed = _fields()
    parsed = parse_json(rule, allowed) if isinstance(rule, str) else parse(rule, allowed)
    written = _write(parsed, target, types, names)
    return RuleExport(target, written.text, written.notes)


def _fields() -> tuple[dict[str, FieldType], dict[str, FieldType] | None]:
    """What the leads' fields hold, and what a rule may speak of: before the first import, of anything."""
    from leads.store import warehouse

    store = warehouse()
    with store.read() as facts:
        types = {field.name: field.type for field in facts.fields()}
        return types, facts.rule_fields() if store.revision() else None


def _write(rule: Rule, target: str, fields: dict[str, FieldType], names: Mapping[str, str] | None) -> Written:
    match target:
        case "json":
            return Written(to_json(rule) + "\n")
        case "sentence":
            return Written(f"A lead qualifies if {sentence(rule)}.\n")
        case "hubspot":
            return to_hubspot(rule, fields, names)
        case "soql":
            return to_soql(rule, fields, names)
    from leads.rule_exports import to_sql

    return to_sql(rule, target, fields)
