"""What the exports of well-known CRMs call things: kinds of file recognised by their headers, and what each column means.

Names are compared without case, space and punctuation, so that a label, an interface's name and a report's variant of
it can stand side by side. Of HubSpot: the contacts export and the properties of its interface; of Salesforce: lead
reports, the Lead object and LeadHistory; of Odoo: `crm.lead` with labels and with field names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alignment.lifecycle import EventType, Stage

LEAD_ID = "lead_id"
CREATED = "created"
"""Created, which is also when a lead entered the first stage."""
REASON = "rejection_reason"
ATTRIBUTE = "attribute"
MERGED_INTO = "merged_into"  # the custom field, as `leads.episodes` knows it
MERGED = f"attribute:{MERGED_INTO}"
"""The id of the lead into which one was merged."""
LEFT_OUT = ""


def of_field(name: str) -> str:
    """The meaning 'this canonical field'."""
    return f"field:{name}"


def of_stage(stage: Stage) -> str:
    """The meaning 'when a lead entered this stage'."""
    return f"stage:{stage.value}"


def of_event(kind: EventType) -> str:
    """The meaning 'when this happened'."""
    return f"event:{kind.value}"


def of_flag(stage: Stage) -> str:
    """The meaning 'says, by certain words, that a lead reached this stage'."""
    return f"flag:{stage.value}"


@dataclass(frozen=True)
class Conditional:
    """A date in one of `columns` that means `meaning` where one of the columns `where` says one of `equals`."""

    meaning: str
    columns: tuple[str, ...]
    where: tuple[str, ...]
    equals: tuple[str, ...]


@dataclass(frozen=True)
class Preset:
    """A kind of export. `name` is for the command line, `title` for people.

    `called` has for each meaning what its column may be called, the best first. A file is of this kind when it has an
    id and at least `least` of the columns in `signs`. `words` are what flags say, by meaning; `long` are the names of
    the columns of property, value and time of a long file.
    """

    name: str
    title: str
    called: Mapping[str, tuple[str, ...]]
    signs: tuple[tuple[str, ...], ...]
    least: int
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditionals: tuple[Conditional, ...] = ()
    missing: tuple[str, ...] = ()
    long: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None = None


HUBSPOT = Preset(
    name="hubspot",
    title="HubSpot contacts export",
    called={
        LEAD_ID: ("Record ID", "Contact ID", "Record ID - Contact", "hs_object_id", "vid"),
        of_field("source"): ("Original Source", "Original Traffic Source", "hs_analytics_source"),
        of_field("campaign"): (
            "First Touch Converting Campaign",
            "hs_analytics_first_touch_converting_campaign",
        ),
        of_field("content"): ("First Conversion", "first_conversion_event_name"),
        of_field("company"): ("Company Name", "Company", "Associated Company"),
        of_field("employees"): ("Number of Employees", "numberofemployees", "numemployees"),
        of_field("industry"): ("Industry",),
        of_field("country"): ("Country/Region", "Country"),
        of_field("job_title"): ("Job Title", "jobtitle"),
        of_field("job_level"): ("Seniority", "hs_seniority", "Employment Seniority"),
        of_field("owner"): ("Contact owner", "hubspot_owner_id", "HubSpot Owner"),
        of_field("value"): ("Recent Deal Amount", "recent_deal_amount", "Total Revenue", "total_revenue"),
        CREATED: ("Create Date", "createdate", "Created Date"),
        of_stage(Stage.LEAD): (
            "Became a Lead Date",
            "hs_lifecyclestage_lead_date",
            "hs_v2_date_entered_lead",
        ),
        of_stage(Stage.MQL): (
            "Became a Marketing Qualified Lead Date",
            "hs_lifecyclestage_marketingqualifiedlead_date",
            "hs_v2_date_entered_marketingqualifiedlead",
            "Date entered Marketing Qualified Lead (Lifecycle Stage Pipeline)",
        ),
        of_stage(Stage.SQL): (
            "Became a Sales Qualified Lead Date",
            "hs_lifecyclestage_salesqualifiedlead_date",
            "hs_v2_date_entered_salesqualifiedlead",
            "Date entered Sales Qualified Lead (Lifecycle Stage Pipeline)",
        ),
        of_stage(Stage.OPPORTUNITY): (
            "Became an Opportunity Date",
            "hs_lifecyclestage_opportunity_date",
            "hs_v2_date_entered_opportunity",
            "Date entered Opportunity (Lifecycle Stage Pipeline)",
        ),
        of_stage(Stage.WON): (
            "Became a Customer Date",
            "hs_lifecyclestage_customer_date",
            "hs_v2_date_entered_customer",
            "Date entered Customer (Lifecycle Stage Pipeline)",
        ),
        of_event(EventType.ASSIGNED): ("Owner Assigned Date", "hubspot_owner_assigneddate"),
        of_event(EventType.CONTACTED): ("Date of first engagement", "hs_sa_first_engagement_date"),
        of_flag(Stage.WON): ("Lifecycle Stage", "lifecyclestage"),
        ATTRIBUTE: ("HubSpot Score", "hubspotscore"),
    },
    signs=(
        ("Lifecycle Stage", "lifecyclestage"),
        ("Original Source", "Original Traffic Source", "hs_analytics_source"),
        ("Contact owner", "hubspot_owner_id", "HubSpot Owner"),
        ("HubSpot Score", "hubspotscore"),
        ("Lead Status", "hs_lead_status"),
        ("Became a Lead Date", "hs_lifecyclestage_lead_date"),
        ("Became a Marketing Qualified Lead Date", "hs_lifecyclestage_marketingqualifiedlead_date"),
        ("Became a Customer Date", "hs_lifecyclestage_customer_date"),
        ("Number of Associated Deals", "num_associated_deals"),
        ("Became a Subscriber Date", "hs_lifecyclestage_subscriber_date"),
    ),
    least=3,
    words={of_flag(Stage.WON): ("customer", "evangelist")},
    missing=("Select", "(No value)"),
)

SALESFORCE = Preset(
    name="salesforce",
    title="Salesforce lead export",
    called={
        LEAD_ID: ("Lead ID", "LeadId", "Id", "Case Safe ID"),
        of_field("source"): ("LeadSource", "Lead Source"),
        of_field("campaign"): ("Campaign Name", "Primary Campaign Source", "Campaign"),
        of_field("company"): ("Company", "Company / Account", "Company Account"),
        of_field("employees"): ("NumberOfEmployees", "Employees", "No. of Employees"),
        of_field("industry"): ("Industry",),
        of_field("country"): ("Country", "Country (text only)", "CountryCode"),
        of_field("job_title"): ("Title",),
        of_field("owner"): ("Lead Owner", "OwnerId", "Owner", "Owner Name"),
        of_field("value"): ("Opportunity Amount", "Amount"),
        CREATED: ("CreatedDate", "Created Date", "Create Date"),
        of_stage(Stage.OPPORTUNITY): ("ConvertedDate", "Converted Date"),
        of_event(EventType.CONTACT_ATTEMPTED): (
            "FirstCallDateTime",
            "First Call Date",
            "FirstEmailDateTime",
            "First Email Date",
        ),
        of_flag(Stage.OPPORTUNITY): ("IsConverted", "Converted"),
        of_flag(Stage.LOST): ("Status", "Lead Status"),
        of_flag(Stage.WON): ("IsWon", "Won"),
        MERGED: ("MasterRecordId", "Master Record ID"),
        ATTRIBUTE: ("Rating", "AnnualRevenue", "Annual Revenue"),
    },
    signs=(
        ("LeadSource", "Lead Source"),
        ("IsConverted", "Converted"),
        ("ConvertedDate", "Converted Date"),
        ("ConvertedOpportunityId", "Converted Opportunity ID"),
        ("Lead Owner", "OwnerId"),
        ("Status", "Lead Status"),
        ("SystemModstamp", "Last Modified", "LastModifiedDate"),
        ("NumberOfEmployees", "No. of Employees"),
        ("Company / Account", "Company"),
    ),
    least=4,
    words={
        of_flag(Stage.OPPORTUNITY): ("true", "1", "yes"),
        of_flag(Stage.WON): ("true", "1", "yes"),
        of_flag(Stage.LOST): ("closed - not converted", "unqualified", "disqualified"),
    },
)

SALESFORCE_HISTORY = Preset(
    name="salesforce-history",
    title="Salesforce lead history",
    called={LEAD_ID: ("LeadId", "Lead ID")},
    signs=(
        ("Field", "Field / Event"),
        ("NewValue", "New Value"),
        ("OldValue", "Old Value"),
        ("CreatedDate", "Edit Date", "Created Date"),
    ),
    least=4,
    long=(
        ("Field", "Field / Event"),
        ("NewValue", "New Value"),
        ("CreatedDate", "Edit Date", "Created Date"),
    ),
)

ODOO = Preset(
    name="odoo",
    title="Odoo CRM export",
    called={
        LEAD_ID: ("id", ".id", "External ID"),
        of_field("source"): ("source_id", "Source", "source_id/name"),
        of_field("campaign"): ("campaign_id", "Campaign", "campaign_id/name"),
        of_field("company"): ("partner_name", "Company Name"),
        of_field("country"): ("country_id", "Country", "country_id/name"),
        of_field("job_title"): ("function", "Job Position"),
        of_field("owner"): ("user_id", "Salesperson", "user_id/name"),
        of_field("value"): ("expected_revenue", "Expected Revenue"),
        CREATED: ("create_date", "Created on"),
        of_stage(Stage.OPPORTUNITY): ("date_conversion", "Conversion Date"),
        of_event(EventType.ASSIGNED): ("date_open", "Assignment Date"),
        of_flag(Stage.WON): ("stage_id", "Stage", "stage_id/name"),
        ATTRIBUTE: (
            "medium_id",
            "Medium",
            "medium_id/name",
            "team_id",
            "Sales Team",
            "team_id/name",
            "Lost Reason",
        ),
    },
    signs=(
        ("stage_id", "Stage", "stage_id/name"),
        ("user_id", "Salesperson", "user_id/name"),
        ("team_id", "Sales Team", "team_id/name"),
        ("date_last_stage_update", "Last Stage Update"),
        ("date_closed", "Closed Date"),
        ("date_open", "Assignment Date"),
        ("date_conversion", "Conversion Date"),
        ("expected_revenue", "Expected Revenue"),
        ("probability", "Probability"),
        ("lost_reason_id", "Lost Reason", "lost_reason_id/name"),
        ("email_from",),
        ("medium_id", "Medium"),
    ),
    least=4,
    words={of_flag(Stage.WON): ("won",)},
    conditionals=(
        Conditional(
            of_stage(Stage.WON),
            ("date_closed", "Closed Date"),
            ("probability", "Probability"),
            ("100", "100.0", "100.00"),
        ),
        Conditional(
            of_stage(Stage.LOST),
            ("date_closed", "Closed Date"),
            ("probability", "Probability"),
            ("0", "0.0", "0.00"),
        ),
    ),
)

LONG = Preset(
    name="long",
    title="History of changes",
    called={LEAD_ID: ("record_id", "lead_id", "object id", "contact id", "vid", "id", "mql_id")},
    signs=(),
    least=0,
    long=(
        ("property", "property name", "internal property name", "field", "field name", "attribute"),
        ("value", "property value", "new value"),
        ("timestamp", "at", "date", "changed at", "changed on", "date of change", "time", "created date"),
    ),
)

WIDE = Preset(
    name="wide",
    title="Table of leads",
    called={
        LEAD_ID: ("lead_id", "id", "record id", "mql_id", "contact id", "lead number", "lead no", "customer id"),
        of_field("source"): ("source", "origin", "lead source", "original source", "channel", "utm_source"),
        of_field("campaign"): ("campaign", "campaign name", "utm_campaign"),
        of_field("content"): ("content", "utm_content", "asset", "first conversion"),
        of_field("company"): ("company", "company name", "account", "account name", "organisation", "organization"),
        of_field("company_size"): ("company size", "size", "employee range"),
        of_field("employees"): ("employees", "number of employees", "headcount", "staff"),
        of_field("industry"): ("industry", "sector", "branch"),
        of_field("country"): ("country", "country/region", "country code"),
        of_field("job_title"): ("job title", "title", "position", "role"),
        of_field("job_level"): ("job level", "seniority", "level"),
        of_field("owner"): ("owner", "lead owner", "sales rep", "salesperson", "assigned to", "account executive"),
        of_field("value"): ("value", "amount", "deal value", "deal amount", "expected revenue", "revenue"),
        of_field("currency"): ("currency", "currency code"),
        CREATED: ("created", "created at", "created on", "create date", "created date", "date created"),
        of_stage(Stage.LEAD): ("lead", "lead date", "lead at", "became lead", "became a lead date"),
        of_stage(Stage.MQL): (
            "mql",
            "mql date",
            "mql at",
            "mql on",
            "became mql",
            "marketing qualified",
            "marketing qualified lead",
            "first contact date",
        ),
        of_stage(Stage.SAL): ("sal", "sal date", "sal at", "sal on", "sales accepted", "sales accepted lead"),
        of_stage(Stage.SQL): ("sql", "sql date", "sql at", "sql on", "sales qualified", "sales qualified lead"),
        of_stage(Stage.OPPORTUNITY): (
            "opportunity",
            "opportunity date",
            "opportunity at",
            "became opportunity",
            "converted date",
        ),
        of_stage(Stage.WON): (
            "won",
            "won date",
            "won at",
            "won on",
            "closed won",
            "closed won date",
            "customer",
            "customer date",
            "customer since",
        ),
        of_stage(Stage.LOST): ("lost", "lost date", "lost at", "lost on", "closed lost", "closed lost date"),
        of_event(EventType.ASSIGNED): ("assigned", "assigned at", "assigned on", "assignment date", "handed over"),
        of_event(EventType.CONTACT_ATTEMPTED): (
            "contact attempted",
            "first attempt",
            "first call",
            "called",
            "phoned",
            "first touch by sales",
        ),
        of_event(EventType.CONTACTED): ("contacted", "contacted at", "first contact", "first contacted", "reached"),
        of_event(EventType.ACCEPTED): ("accepted", "accepted at", "accepted on", "accepted date"),
        of_event(EventType.REJECTED): ("rejected", "rejected at", "rejected on", "rejected date"),
        REASON: (
            *("rejection reason", "reject reason", "reason of rejection", "reason for rejection", "reason"),
            *("disqualification reason", "disqualified reason", "lost reason"),
        ),
    },
    signs=(),
    least=0,
)  # fmt: skip

PRESETS = (HUBSPOT, SALESFORCE_HISTORY, SALESFORCE, ODOO, LONG, WIDE)

# what a stage or an event is called where it stands as a value: of a property, of a status
SAID: Mapping[str, tuple[str, ...]] = {
    of_stage(Stage.LEAD): ("lead", "new", "open - not contacted"),
    of_stage(Stage.MQL): ("marketingqualifiedlead", "marketing qualified", "mql"),
    of_stage(Stage.SAL): ("salesacceptedlead", "sales accepted", "sal"),
    of_stage(Stage.SQL): ("salesqualifiedlead", "sales qualified", "sql", "qualified"),
    of_stage(Stage.OPPORTUNITY): ("opportunity", "converted", "closed - converted"),
    of_stage(Stage.WON): ("customer", "evangelist", "won", "closed won"),
    of_stage(Stage.LOST): ("lost", "closed lost", "closed - not converted"),
    of_event(EventType.CONTACT_ATTEMPTED): ("attempted to contact", "attempting"),
    of_event(EventType.CONTACTED): ("connected", "contacted", "working - contacted"),
    of_event(EventType.ACCEPTED): ("accepted",),
    of_event(EventType.REJECTED): ("rejected", "unqualified", "disqualified"),
}
# the properties and columns that say where a lead stands
STATUS_NAMES = ("lifecyclestage", "leadstatus", "hsleadstatus", "status", "stage", "stageid", "leadstage")

_PERSONAL = (
    "email", "emailaddress", "emailfrom", "workemail", "firstname", "lastname", "fullname", "contactname", "name",
    "phone", "phonenumber", "mobile", "mobilephone", "mobilephonenumber", "fax", "street", "streetaddress", "address",
    "linkedin", "linkedinurl", "twitterusername", "ipaddress", "dateofbirth", "salutation",
)  # fmt: skip


def bare(name: str) -> str:
    """A name without case, space and punctuation."""
    return "".join(character for character in name.casefold() if character.isalnum())


def is_personal(column: str) -> bool:
    """Whether a column is called like what identifies a person."""
    return bare(column) in _PERSONAL


def preset(name: str) -> Preset | None:
    """The preset of this name; None if there is none."""
    return next((one for one in PRESETS if one.name == name), None)


def recognised(header: Sequence[str]) -> Preset:
    """The kind of export that a header is of; a table with a row for each lead if it is none that is known."""
    there = {bare(name) for name in header}

    def has(names: tuple[str, ...]) -> bool:
        return any(bare(name) in there for name in names)

    best, most = WIDE, 0.0
    for one in PRESETS:
        if not has(one.called[LEAD_ID]):
            continue
        if one.signs:
            seen = sum(has(names) for names in one.signs)
            if seen >= one.least and seen / len(one.signs) > most:
                best, most = one, seen / len(one.signs)
        elif one.long is not None and best is WIDE and all(has(names) for names in one.long):
            best = one
    return best


def column_for(header: Sequence[str], names: Sequence[str]) -> str | None:
    """The first column of a header that is called like one of the names, the first name first; None if none is."""
    by_name = {bare(column): column for column in reversed(header)}
    return next((by_name[bare(name)] for name in names if bare(name) in by_name), None)
