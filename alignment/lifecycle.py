"""The life of a lead: the stages it goes through, what happens to it, and why sales turns it away."""

from enum import StrEnum


class Stage(StrEnum):
    """The stages of the lifecycle. `lost` can follow any of them; the others are in order."""

    LEAD = "lead"
    MQL = "mql"
    SAL = "sal"
    SQL = "sql"
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"

    @property
    def label(self) -> str:
        """The stage as it stands on screen."""
        return {"mql": "MQL", "sal": "SAL", "sql": "SQL"}.get(self.value, self.value)


ORDERED_STAGES = (Stage.LEAD, Stage.MQL, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.WON)


class EventType(StrEnum):
    """What can happen to a lead.

    `decision_withdrawn` takes back what was decided on the lead at that very instant: the acceptance or rejection, and the
    entry into SAL that went with it.
    """

    ENTERED_STAGE = "entered_stage"
    ASSIGNED = "assigned"
    CONTACT_ATTEMPTED = "contact_attempted"
    CONTACTED = "contacted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DECISION_WITHDRAWN = "decision_withdrawn"


class RejectionReason(StrEnum):
    """Codes for why sales turned a lead away. Other codes are kept as they come."""

    NOT_A_FIT = "not_a_fit"
    NO_AUTHORITY = "no_authority"
    UNREACHABLE = "unreachable"
    BAD_TIMING = "bad_timing"
    NO_BUDGET = "no_budget"
    NO_NEED = "no_need"
    BAD_DATA = "bad_data"
    DUPLICATE = "duplicate"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The reason as it stands on screen."""
        return {"no_authority": "Cannot decide"}.get(self.value, self.value.replace("_", " ").capitalize())
