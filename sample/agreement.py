"""What the sample company put to the vote in its first cycle, and what it agreed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alignment.promises import Answer, DeliveryTerms, ResponseTerms, Terms
from sample.handoffs import MIN_EMPLOYEES, MIN_PRICING_VIEWS

MQL_RULE: Mapping[str, Any] = {
    "version": 1,
    "all": [
        {"field": "employees", "op": ">=", "value": MIN_EMPLOYEES},
        {
            "any": [
                {"field": "demo_requested", "op": "=", "value": True},
                {"field": "pricing_page_views", "op": ">=", "value": MIN_PRICING_VIEWS},
                {"field": "webinar", "op": "=", "value": True},
            ]
        },
    ],
}


@dataclass(frozen=True)
class Put:
    """A topic of the workshop, by the question it comes from, and what was put to the vote; `text` '' parks it.

    `yes` is how many of the eleven people of sales and of marketing say yes; the first of the rest abstains.
    """

    question_key: str
    term_key: str = ""
    text: str = ""
    rule: Mapping[str, Any] | None = None
    yes: tuple[int, int] = (0, 0)

    @property
    def carried(self) -> bool:
        """Whether more than half of each team say yes."""
        return min(self.yes) >= 6


TOPICS = (
    Put(
        "min_employees",
        "mql",
        f"A marketing qualified lead works for a company of at least {MIN_EMPLOYEES} people and has asked for a demo, "
        f"looked at our prices at least {MIN_PRICING_VIEWS} times, or come to a webinar. Marketing hands it over on the "
        "same day.",
        MQL_RULE,
        (9, 8),
    ),
    Put(
        "response_hours",
        "sal",
        "A sales accepted lead is an MQL that somebody of sales has called and takes on. The first call comes within one "
        "business hour; the decision, with a reason where it is no, within two working days.",
        None,
        (7, 11),
    ),
    Put(
        "guide_only",
        "mql",
        "A lead that has downloaded two of our guides is a marketing qualified lead, whatever the size of its company.",
        {"version": 1, "all": [{"field": "guide_downloads", "op": ">=", "value": 2}]},
        (1, 8),
    ),
    Put("not_now"),
)

DISQUALIFIED = (
    "A lead is disqualified when it is outside the countries we serve, works for a competitor or a supplier, studies, or "
    "looks for a job. Sales records the reason; marketing does not hand it over again."
)

GROWTH = (
    "Call within the hour on Mondays too, when the weekend's leads wait.\n"
    "Settle what happens to good leads that are not ready yet; the topic was parked.\n"
    "Ask what a private e-mail address and a distant purchase mean: the teams seem to see both differently."
)

_LARGE = {"field": "employees", "op": ">=", "value": MIN_EMPLOYEES}
_DEMO = {"field": "demo_requested", "op": "=", "value": True}
_PRICES = {"field": "pricing_page_views", "op": ">=", "value": MIN_PRICING_VIEWS}
_WEBINAR = {"field": "webinar", "op": "=", "value": True}
_GUIDES = {"field": "guide_downloads", "op": ">=", "value": 2}


def _score(threshold: int, *points: tuple[Mapping[str, Any], int]) -> Mapping[str, Any]:
    return {"version": 1, "points": [{"if": one, "add": add} for one, add in points], "threshold": threshold}


SALES_CAN_WORK = 60
"""Leads a week."""

# what each side would give before they agreed, and what both team leads signed
SALES_POINTS = _score(60, (_LARGE, 35), (_DEMO, 30), (_PRICES, 25), (_WEBINAR, 5))
MARKETING_POINTS = _score(45, (_LARGE, 15), (_DEMO, 30), (_PRICES, 20), (_WEBINAR, 25), (_GUIDES, 15))
SCORE = _score(50, (_LARGE, 30), (_DEMO, 30), (_PRICES, 25), (_WEBINAR, 15), (_GUIDES, 5))
SCORE_TEXT = "Whoever reaches fifty points is called first. Size counts as much as a demo; guides alone do not make a lead ready."

# promise → what both team leads signed after the first workshop
PROMISED: Mapping[str, Terms] = {
    "follow_up": ResponseTerms(60, at_least=0.6),
    "feedback": ResponseTerms(16 * 60, Answer.DECISION, at_least=0.8),
    "delivery": DeliveryTerms(270, 0.6),
}
# … and one more of sales, for leads of one kind
REFERRED = "Referred leads"
PROMISED_FOR_REFERRED = ResponseTerms(120, at_least=0.7, only=("source", "Referral"))
