"""The cycle that everything hangs on: identify, plan, execute, recap, each with its questions and its gate."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """The phases in order; a closed cycle is history."""

    IDENTIFY = "identify"
    PLAN = "plan"
    EXECUTE = "execute"
    RECAP = "recap"
    CLOSED = "closed"

    @property
    def next(self) -> "Phase":
        """The phase after this one; raises ValueError after the last."""
        phases = list(Phase)
        if self is Phase.CLOSED:
            raise ValueError("a closed cycle has no next phase")
        return phases[phases.index(self) + 1]

    @property
    def label(self) -> str:
        """The phase as a heading."""
        return self.value.capitalize()


GUIDING_QUESTIONS: dict[Phase, tuple[str, ...]] = {
    Phase.IDENTIFY: (
        "What does each team call a qualified lead, and where do the two differ?",
        "Where do leads wait, get lost or come back between the teams?",
        "How do the numbers look today, before anything is changed?",
    ),
    Phase.PLAN: (
        "Which disagreement is worth settling first?",
        "Which definition can both teams sign?",
        "Who on each side looks after the plan?",
    ),
    Phase.EXECUTE: (
        "Is the signed definition what people work by?",
        "Does each side keep its promises on speed and feedback?",
        "What do the leads that were turned down have in common?",
    ),
    Phase.RECAP: (
        "Did the numbers move, and is that more than chance?",
        "What worked, and what would we not do again?",
        "Where can we grow next?",
    ),
}


@dataclass(frozen=True)
class Cycle:
    """One round of the four phases. Instants are texts in the store's form; `baseline` and `recap` are frozen documents."""

    id: str
    number: int
    name: str
    phase: Phase
    started_at: str
    plan_at: str | None = None
    execute_at: str | None = None
    recap_at: str | None = None
    closed_at: str | None = None
    sales_point_id: str | None = None
    marketing_point_id: str | None = None
    baseline: Mapping[str, Any] | None = None
    recap: Mapping[str, Any] | None = None
    growth: str = ""
    revision: int = 1

    def entered(self, phase: Phase) -> str | None:
        """When the cycle entered a phase, None if it has not."""
        return {
            Phase.IDENTIFY: self.started_at,
            Phase.PLAN: self.plan_at,
            Phase.EXECUTE: self.execute_at,
            Phase.RECAP: self.recap_at,
            Phase.CLOSED: self.closed_at,
        }[phase]


@dataclass(frozen=True)
class GateFacts:
    """What the gates look at, counted from the store and the warehouse at one moment.

    `shows_a_result` says whether the comparison of a closed questionnaire can be read: answers may have been submitted
    and yet not count.
    """

    surveys_closed: int = 0
    answered_sales: int = 0
    answered_marketing: int = 0
    min_group: int = 3
    shows_a_result: bool = False
    leads_imported: bool = False
    definitions_agreed: int = 0
    points_named: bool = False
    definition_in_force: bool = False
    recap_written: bool = False
    growth_written: bool = False


@dataclass(frozen=True)
class GateItem:
    """One condition of a gate: what is asked, whether it is met, and the page where it can be met."""

    text: str
    met: bool
    page: str


def gate(phase: Phase, facts: GateFacts) -> tuple[GateItem, ...]:
    """What has to be there before a cycle leaves `phase`; empty for a closed cycle."""
    match phase:
        case Phase.IDENTIFY:
            enough = min(facts.answered_sales, facts.answered_marketing) >= facts.min_group
            submitted = (
                f"At least {facts.min_group} people of each team have submitted it "
                f"(sales {facts.answered_sales}, marketing {facts.answered_marketing})"
            )
            unreadable = enough and facts.surveys_closed > 0 and not facts.shows_a_result
            return (
                GateItem(
                    "A questionnaire has been put to both teams and is closed",
                    facts.surveys_closed > 0,
                    "questionnaires",
                ),
                GateItem(
                    f"{submitted}, and its comparison shows a result (not yet: too few of their answers count)"
                    if unreadable
                    else submitted,
                    enough and not unreadable,
                    "questionnaires",
                ),
                GateItem(
                    "Leads are imported, so that a baseline can be frozen", facts.leads_imported, "leads"
                ),
            )
        case Phase.PLAN:
            return (
                GateItem(
                    "Both team leads have signed a definition in this cycle",
                    facts.definitions_agreed > 0,
                    "glossary",
                ),
                GateItem("Each side has a point person", facts.points_named, "cycle"),
            )
        case Phase.EXECUTE:
            return (
                GateItem("The signed definition is in force", facts.definition_in_force, "glossary"),
                GateItem(
                    "Leads are imported, so that there is something to look back on",
                    facts.leads_imported,
                    "leads",
                ),
            )
        case Phase.RECAP:
            return (
                GateItem("The recap is written down", facts.recap_written, "recap"),
                GateItem("Growth areas for the next cycle are noted", facts.growth_written, "recap"),
            )
        case _:
            return ()
