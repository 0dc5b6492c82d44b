"""The words in which lead facts are handed in; `leads.model` says what they mean, and a test holds the two together."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a lead can be."""

    LEAD = "lead"
    MQL = "mql"
    SAL = "sal"
    SQL = "sql"
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"


class EventType(StrEnum):
    """What can happen to a lead."""

    ENTERED_STAGE = "entered_stage"
    ASSIGNED = "assigned"
    CONTACT_ATTEMPTED = "contact_attempted"
    CONTACTED = "contacted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class RejectionReason(StrEnum):
    """Why sales turns a lead down, in the order in which chances are listed."""

    NOT_A_FIT = "not_a_fit"
    NO_AUTHORITY = "no_authority"
    UNREACHABLE = "unreachable"
    BAD_TIMING = "bad_timing"
    NO_BUDGET = "no_budget"
    NO_NEED = "no_need"
    BAD_DATA = "bad_data"
    DUPLICATE = "duplicate"
    OTHER = "other"
