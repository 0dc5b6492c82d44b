"""What each team of the sample company leans to, question by question of 'What is a qualified lead?' and of the promises.

A leaning maps an answer to its weight among the team; None is 'can't say'. For questions with several choices it
maps each option to the share of people who choose it; an order is a tuple, and a rule a Rule. `guess:…` is what a team
thinks that the other one answers. `FIRST` is the questionnaire of the finished cycle, before
anything was agreed; `SECOND` is what the teams say in the running one: closer on what was agreed, apart on new things.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alignment.people import Team
from alignment.rules import AllOf, AnyOf, Condition, Node, Operator, Rule
from sample.handoffs import MIN_EMPLOYEES, MIN_PRICING_VIEWS

Leaning = Mapping[Any, float]


@dataclass(frozen=True)
class Leanings:
    """One team's leaning and the other's, for one question."""

    sales: Leaning
    marketing: Leaning

    def of(self, team: Team) -> Leaning:
        """The leaning of a team."""
        return self.sales if team is Team.SALES else self.marketing


def both(leaning: Leaning) -> Leanings:
    """A question on which the teams lean the same way."""
    return Leanings(leaning, leaning)


_KIND = "They are the kind of company we sell to"
_INTEREST = "They fit and have shown interest"
_ASKED = "They fit and have asked to talk to us"
_KNOWN = "They fit, and need, budget and date are known"

_KEEP = "Sales keep in touch"
_BACK_CHANGE = "Back to marketing, until something changes"
_BACK_DATE = "Back to marketing, with a date to try again"
_CLOSED = "It is closed"

_AT_SCORE = "Marketing, at an agreed score"
_AFTER_READING = "Sales, after reading the record"
_AFTER_TALKING = "Sales, after talking to the lead"
_TOGETHER = "Both together, in a regular meeting"

_FIRST_TALK = "A first conversation took place"
_CONFIRMED = "Need and budget are confirmed"
_ASKED_OFFER = "They asked for an offer"
_SENT_OFFER = "An offer was sent"

_SOURCES_OF_SALES = {
    "Referral": 1.0,
    "Organic search": 0.8,
    "Paid search": 0.1,
    "Social media": 0.0,
    "E-mail campaign": 0.1,
    "Display ads": 0.0,
    "Event": 0.35,
    "Direct visit": 0.35,
}
_SOURCES_OF_MARKETING = {
    "Referral": 0.8,
    "Organic search": 0.8,
    "Paid search": 0.65,
    "Social media": 0.2,
    "E-mail campaign": 0.8,
    "Display ads": 0.1,
    "Event": 0.9,
    "Direct visit": 0.35,
}
_STAGES = {
    "New enquiry": 1.0,
    "MQL": 0.9,
    "SAL": 0.35,
    "SQL": 0.9,
    "Opportunity": 1.0,
    "Recycled to marketing": 0.3,
    "Disqualified": 0.75,
}

_SIZE = "Size of the company"
_FIELD = "Industry or country"
_WHO = "The contact's position"
_SOURCE = "Where the lead came from"
_SHOWN = "What the lead asked for or looked at"
_NEED = "Need, budget and date"


def _yes(field: str, value: bool = True) -> Condition:
    return Condition(field, Operator.EQUAL, value)


def _at_least(field: str, number: int) -> Condition:
    return Condition(field, Operator.AT_LEAST, number)


def _rule(employees: int, *signs: Node, also: tuple[Node, ...] = ()) -> Rule:
    """A company of a size, any one of the signs, and whatever else."""
    shown = signs[0] if len(signs) == 1 else AnyOf(signs)
    return Rule(AllOf((_at_least("employees", employees), shown, *also)))


_DEMO = _yes("demo_requested")
_WEBINAR = _yes("webinar")
_COMPANY_MAIL = _yes("private_email", False)


def _prices(views: int) -> Condition:
    return _at_least("pricing_page_views", views)


def _guides(count: int) -> Condition:
    return _at_least("guide_downloads", count)


FIRST: dict[str, Leanings] = {
    "qualified_when": Leanings(
        {_ASKED: 3, _KNOWN: 7, _INTEREST: 1}, {_INTEREST: 8, _ASKED: 2, _KIND: 1}
    ),  # split between
    "fit_or_interest": both({1: 1, 2: 3, 3: 6, 4: 1}),
    "budget": Leanings({1: 3, 2: 2, 4: 3, 5: 3}, {1: 2, 2: 7, 3: 2}),  # sales is divided
    "authority": both({3: 1, 4: 5, 5: 5}),
    "months_to_buy": both({3: 1, 5: 1, 6: 8, 12: 1}),
    "rule_outs": Leanings(
        {
            "Company too small": 0.45,
            "Outside our countries": 0.9,
            "Outside our industries": 0.35,
            "Private e-mail address only": 0.35,
            "No budget this year": 0.3,
            "Contact cannot decide": 0.25,
            "Student, job seeker or press": 1.0,
            "Competitor or supplier": 1.0,
        },
        {
            "Company too small": 0.2,
            "Outside our countries": 0.9,
            "Outside our industries": 0.3,
            "Private e-mail address only": 0.35,
            "No budget this year": 0.05,
            "Contact cannot decide": 0.1,
            "Student, job seeker or press": 1.0,
            "Competitor or supplier": 0.9,
        },
    ),
    "private_email": Leanings({True: 5, False: 6}, {True: 9, False: 2}),  # sales is divided
    "attempts": both({2: 1, 3: 5, 4: 5}),
    "not_now": Leanings({_KEEP: 4, _BACK_DATE: 5, _CLOSED: 2}, {_BACK_CHANGE: 3, _BACK_DATE: 8}),
    "min_employees": Leanings(
        {20: 1, 50: 5, 80: 1, 100: 3, 200: 1}, {5: 2, 10: 4, 20: 3, 25: 1, 50: 1}
    ),  # split between
    "job_levels": both(
        {
            "Owner or C-level": 1.0,
            "Vice president": 0.9,
            "Director or head of": 0.9,
            "Manager": 0.45,
            "Specialist": 0.1,
            "Assistant or trainee": 0.0,
        }
    ),
    "sources": Leanings(_SOURCES_OF_SALES, _SOURCES_OF_MARKETING),  # split between
    "signals": Leanings(
        {
            "Asked for a demo or a call": 1.0,
            "Started a trial": 0.9,
            "Looked at the pricing page": 0.65,
            "Came back several times in a week": 0.3,
            "Came to a webinar": 0.1,
            "Downloaded a guide": 0.0,
            "Opened several e-mails": 0.0,
            "Followed us on social media": 0.0,
        },
        {
            "Asked for a demo or a call": 1.0,
            "Started a trial": 0.9,
            "Looked at the pricing page": 0.75,
            "Came back several times in a week": 0.7,
            "Came to a webinar": 0.9,
            "Downloaded a guide": 0.75,
            "Opened several e-mails": 0.45,
            "Followed us on social media": 0.1,
        },
    ),  # split between
    "guide_only": Leanings({1: 6, 2: 4, 3: 1}, {2: 2, 3: 4, 4: 4, 5: 1}),  # split between
    "warm_days": both({None: 8, 7: 1, 14: 1, 60: 1}),  # nobody is sure
    "stages_used": both(_STAGES),
    "who_moves_to_sql": both({_AFTER_TALKING: 9, _AFTER_READING: 1, _TOGETHER: 1}),
    "opportunity_when": both({_CONFIRMED: 9, _ASKED_OFFER: 1, _FIRST_TALK: 1}),
    "response_hours": Leanings({2: 2, 4: 3, 8: 4, 24: 2}, {1: 6, 2: 3, 4: 2}),  # split between
    "needed_information": both(
        {
            "Telephone number": 0.9,
            "Job title": 0.85,
            "Company size": 0.8,
            "Industry": 0.3,
            "How they found us": 0.2,
            "What they looked at or asked for": 0.85,
            "Budget": 0.1,
            "When they want to buy": 0.2,
        }
    ),
    "reason_required": both({True: 10, False: 1}),
    "feedback_days": Leanings({2: 1, 5: 5, 10: 4, 20: 1}, {1: 2, 2: 5, 3: 2, 5: 2}),
    # sales looks at who it is and what they need, marketing at what they did
    "telling": Leanings(
        {
            (_NEED, _WHO, _SIZE): 5,
            (_NEED, _SIZE, _WHO): 3,
            (_WHO, _NEED, _SHOWN): 2,
            (_SIZE, _NEED, _FIELD): 1,
        },
        {
            (_SHOWN, _SIZE, _SOURCE): 5,
            (_SHOWN, _SOURCE, _WHO): 3,
            (_SHOWN, _WHO, _SIZE): 2,
            (_SOURCE, _SHOWN, _FIELD): 1,
        },
    ),
    "own_rule": Leanings(
        {
            _rule(50, _DEMO, _prices(3)): 3,
            _rule(100, _DEMO, _prices(3)): 3,
            _rule(50, _DEMO, _prices(2), also=(_COMPANY_MAIL,)): 2,
            _rule(80, _DEMO): 1,
        },
        {
            _rule(10, _DEMO, _prices(1), _WEBINAR): 4,
            _rule(20, _DEMO, _prices(1), _WEBINAR): 2,
            _rule(20, _DEMO, _prices(2), _WEBINAR, _guides(2)): 2,
            _rule(5, _DEMO, _guides(1)): 1,
        },
    ),
    # sales sees how marketing thinks; marketing believes that sales sees it much as it does itself
    "guess:qualified_when": Leanings(
        {_INTEREST: 7, _KIND: 3, _ASKED: 1}, {_INTEREST: 7, _ASKED: 3, _KNOWN: 1}
    ),
    "guess:budget": Leanings({1: 4, 2: 6, 3: 1}, {3: 1, 4: 4, 5: 6}),
    "guess:private_email": Leanings({True: 9, False: 2}, {True: 5, False: 6}),
    "guess:min_employees": Leanings({5: 3, 10: 5, 20: 3}, {10: 3, 20: 5, 50: 3}),
    "guess:guide_only": Leanings({4: 6, 5: 4, 3: 1}, {1: 5, 2: 5, 3: 1}),
    "guess:response_hours": Leanings({1: 7, 2: 3, 4: 1}, {1: 3, 2: 6, 4: 2}),
    "importance:definition": Leanings({4: 5, 5: 6}, {4: 7, 5: 4}),
    "importance:disqualification": Leanings({3: 3, 4: 5, 5: 3}, {2: 3, 3: 6, 4: 2}),
    "importance:traits": both({3: 4, 4: 5, 5: 2}),
    "importance:behaviour": Leanings({2: 3, 3: 6, 4: 2}, {4: 5, 5: 6}),
    "importance:stages": both({1: 2, 2: 5, 3: 4}),
    "importance:handoff": both({4: 4, 5: 7}),
}

SECOND: dict[str, Leanings] = FIRST | {
    # what the first cycle settled
    "qualified_when": both({_ASKED: 2, _INTEREST: 9}),
    "min_employees": both({50: 9, 40: 1, 60: 1}),
    "response_hours": both({1: 10, 2: 1}),
    "rule_outs": both(
        {
            "Company too small": 0.9,
            "Outside our countries": 0.8,
            "Outside our industries": 0.35,
            "Private e-mail address only": 0.2,
            "No budget this year": 0.1,
            "Contact cannot decide": 0.1,
            "Student, job seeker or press": 1.0,
            "Competitor or supplier": 1.0,
        }
    ),
    "who_moves_to_sql": both({_AFTER_TALKING: 10, _AFTER_READING: 1}),
    "opportunity_when": both({_CONFIRMED: 10, _ASKED_OFFER: 1}),
    "own_rule": Leanings(
        {
            _rule(MIN_EMPLOYEES, _DEMO, _prices(MIN_PRICING_VIEWS), _WEBINAR, also=(_COMPANY_MAIL,)): 6,
            _rule(MIN_EMPLOYEES, _DEMO, _prices(MIN_PRICING_VIEWS), _WEBINAR): 2,
            _rule(MIN_EMPLOYEES, _DEMO, _prices(MIN_PRICING_VIEWS + 1), also=(_COMPANY_MAIL,)): 1,
        },
        {
            _rule(MIN_EMPLOYEES, _DEMO, _prices(MIN_PRICING_VIEWS), _WEBINAR): 6,
            _rule(MIN_EMPLOYEES, _DEMO, _prices(MIN_PRICING_VIEWS), _WEBINAR, _guides(1)): 3,
        },
    ),
    "telling": Leanings(
        {(_NEED, _SIZE, _SHOWN): 5, (_SIZE, _NEED, _SHOWN): 4, (_NEED, _SHOWN, _SIZE): 2},
        {(_SHOWN, _SIZE, _NEED): 5, (_SIZE, _SHOWN, _NEED): 4, (_SHOWN, _NEED, _SIZE): 2},
    ),
    # old beliefs outlive what was settled: each thinks that the other has not moved
    "guess:qualified_when": both({_INTEREST: 9, _ASKED: 2}),
    "guess:min_employees": Leanings({10: 3, 20: 6, 50: 2}, {50: 9, 60: 2}),
    "guess:response_hours": Leanings({1: 10, 2: 1}, {4: 6, 8: 3, 2: 2}),
    "guess:private_email": Leanings({True: 4, False: 7}, {True: 3, False: 8}),
    # what divides the teams today
    "months_to_buy": Leanings({2: 1, 3: 6, 6: 3, 9: 1}, {3: 1, 6: 3, 9: 3, 12: 4}),
    "guide_only": Leanings({1: 6, 2: 4, 3: 1}, {2: 2, 3: 5, 4: 4}),
    "private_email": Leanings({True: 2, False: 9}, {True: 9, False: 2}),
    "feedback_days": both({2: 10, 3: 1}),
    "signals": Leanings(
        {**FIRST["signals"].sales, "Came to a webinar": 0.2},
        {**FIRST["signals"].marketing, "Downloaded a guide": 0.35, "Came to a webinar": 0.95},
    ),
    # what divides one team within itself
    "budget": Leanings({1: 4, 2: 1, 4: 1, 5: 5}, {1: 3, 2: 6, 3: 2}),
    "not_now": Leanings({_KEEP: 4, _BACK_DATE: 6, _CLOSED: 1}, {_BACK_DATE: 9, _BACK_CHANGE: 2}),
    "fit_or_interest": Leanings({2: 3, 3: 6, 4: 1, 1: 1}, {1: 3, 2: 3, 4: 2, 5: 3}),
}

PROMISES: dict[str, Leanings] = {
    "leads_per_month": Leanings({30: 2, 40: 5, 50: 3, 60: 1}, {60: 3, 80: 5, 100: 3}),  # split between
    "accepted_of_100": Leanings({60: 3, 70: 5, 80: 3}, {70: 4, 75: 3, 80: 4}),
    "more_or_better": Leanings({5: 7, 4: 4}, {3: 3, 4: 6, 5: 2}),
    "minimum_information": both(
        {
            "Name and e-mail address": 1.0,
            "Telephone number": 0.9,
            "Job title": 0.8,
            "Company and its size": 0.9,
            "Industry": 0.3,
            "How they found us": 0.2,
            "What they looked at or asked for": 0.8,
            "Need in their own words": 0.3,
            "Budget": 0.1,
            "When they want to buy": 0.1,
        }
    ),
    "complete_of_100": Leanings({90: 5, 95: 4, 100: 2}, {80: 5, 90: 5, 70: 1}),
    "first_contact_hours": both({1: 9, 2: 2}),
    "attempts": Leanings({3: 6, 4: 4, 2: 1}, {4: 2, 5: 6, 6: 3}),  # split between
    "different_speeds": both({True: 10, False: 1}),
    "urgent_minutes": both({15: 5, 30: 6}),
    "decision_days": both({2: 9, 3: 2}),
    "reason_from_list": both(
        {"A reason from a short list": 9, "A reason from a list, with a sentence of one's own": 2}
    ),
    "outcome_days": Leanings({5: 5, 10: 6}, {2: 6, 5: 5}),
    "when_not_kept": both(
        {
            "Whoever owns the lead is reminded": 0.9,
            "The team lead is told": 0.3,
            "Both teams see it in the figures": 0.8,
            "The two team leads talk about it": 0.4,
            "The promise itself is looked at again": 0.2,
        }
    ),
    "guess:leads_per_month": Leanings({80: 6, 100: 5}, {50: 5, 60: 6}),
    "guess:accepted_of_100": Leanings({80: 6, 90: 5}, {60: 6, 70: 5}),
    "guess:first_contact_hours": both({1: 9, 2: 2}),
    "guess:decision_days": both({2: 7, 3: 4}),
    "importance:volume": Leanings({3: 6, 4: 5}, {4: 6, 5: 5}),
    "importance:information": both({4: 7, 5: 4}),
    "importance:first_contact": both({4: 5, 5: 6}),
    "importance:feedback": Leanings({2: 4, 3: 5, 4: 2}, {4: 4, 5: 7}),
}

OWN_WORDS: dict[Team, tuple[str, ...]] = {
    Team.SALES: (
        "Somebody with a problem we solve, a budget, and a reason to act this quarter.",
        "I can reach the person who decides, and there is a budget.",
        "A company of a size where our price makes sense, and the budget is there.",
        "They have asked for us, not for a free guide.",
        "It is clear what they use today, why it hurts, and what budget they have.",
        "A real project with a date and a budget.",
        "They know roughly what we cost, have the budget and still want to talk.",
        "Enough people who would use it every day, and somebody who decides.",
        "A budget, and one or two others they compare us with right now.",
        "A contact who decides and invites colleagues to the demo.",
        "They call back, and the budget is not only a hope.",
    ),
    Team.MARKETING: (
        "They fit our profile, and their interest keeps coming back to our content.",
        "Somebody who came to a webinar out of interest and asked a question of their own.",
        "A company that looks like our happiest customers.",
        "They showed interest in any way that we can measure.",
        "Enough interest that a call will not come as a surprise.",
        "Interest in prices, not only in the topic.",
        "Several people of one company who show interest within a month.",
        "They told us what they want to change.",
        "Interest now, even if the purchase is next year.",
        "They came through a customer's recommendation, with interest of their own.",
        "A lead I would call myself.",
    ),
}

WISHES: dict[Team, tuple[str, ...]] = {
    Team.SALES: (
        "Tell me what the lead looked at, and give me a telephone number, before I call.",
        "Fewer leads, but with a telephone number.",
        "Please stop sending companies of five people.",
        "Ask for the job title and the telephone number in the form.",
        "Come along to a call once a month.",
        "Mark the ones that asked for a demo, and check the telephone number.",
        "No lead without a telephone number.",
        "A telephone number that somebody answers.",
    ),
    Team.MARKETING: (
        "Give us a reason when a lead is turned down, in one click.",
        "Call within the hour, while they still have the page open.",
        "Please do not let leads lie until they are cold.",
        "Say which guide the buyers had read, and the reason why they bought.",
        "Give leads that are not ready back to us with a reason instead of closing them.",
        "Share the questions that prospects ask, and the reason why they hesitate.",
        "A reason, even a short one, for every lead turned down.",
        "The true reason, not only ‘other’.",
    ),
}

PROMISE_WISHES: dict[Team, tuple[str, ...]] = {
    Team.SALES: (
        "Hand leads over the same day, with what they looked at.",
        "A telephone number on every lead.",
        "Tell us a week before a campaign starts.",
        "Fewer leads in the last week of a quarter.",
        "Say how sure you are of a lead.",
    ),
    Team.MARKETING: (
        "The first call within the hour.",
        "A reason for every lead turned down.",
        "Tell us of every win, and what decided it.",
        "Five attempts before a lead is left.",
        "Look at the leads on Mondays, too.",
    ),
}
