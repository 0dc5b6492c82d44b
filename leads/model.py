"""What a lead is here: its fields, the stages it goes through, and the events that are recorded about it.

A lead (a prospect) has one row of fields: the canonical ones below and custom attributes under names of the
company's own. What happens to it stands in an event log that only grows; nothing is read from a 'current stage'.
All instants are UTC. Where a source gives only a day, the event stands at the start of that day in the source's
zone and is marked as `day_only`.
"""

import re
from dataclasses import dataclass

from alignment.rules import FieldType


@dataclass(frozen=True)
class LeadField:
    """A field of a lead. `custom` fields are kept as text; `type` is then what all its values look like."""

    name: str
    type: FieldType
    label: str
    custom: bool = False


CANONICAL_FIELDS = (
    LeadField("source", FieldType.TEXT, "Source"),
    LeadField("campaign", FieldType.TEXT, "Campaign"),
    LeadField("content", FieldType.TEXT, "Content"),
    LeadField("company", FieldType.TEXT, "Company"),
    LeadField("company_size", FieldType.TEXT, "Company size"),
    LeadField("employees", FieldType.NUMBER, "Employees"),
    LeadField("industry", FieldType.TEXT, "Industry"),
    LeadField("country", FieldType.TEXT, "Country"),
    LeadField("job_title", FieldType.TEXT, "Job title"),
    LeadField("job_level", FieldType.TEXT, "Job level"),
    LeadField("owner", FieldType.TEXT, "Owner"),
    LeadField("value", FieldType.NUMBER, "Value"),
    LeadField("currency", FieldType.TEXT, "Currency"),
    LeadField("created_at", FieldType.DATE, "Created"),
)
CANONICAL_NAMES = tuple(field.name for field in CANONICAL_FIELDS)

MOST_ATTRIBUTES = 200
ATTRIBUTE_PREFIX = "attribute_"
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


def is_attribute_name(name: str) -> bool:
    """Whether a custom field may have this name: a letter, then letters, digits and underscores; not a canonical one."""
    return bool(_ATTRIBUTE_NAME.fullmatch(name)) and name not in (*CANONICAL_NAMES, "lead_id")


def column_of(field: str) -> str:
    """The column of the lead table that holds a field, canonical or custom."""
    return field if field in (*CANONICAL_NAMES, "lead_id") else ATTRIBUTE_PREFIX + field
