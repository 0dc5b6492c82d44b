"""How the sample company's people judge lead cards, and what they say about judging.

Sales takes leads of a size who ask for something and can decide; marketing passes on those who have shown interest. Each
card's chance to be called qualified follows from what stands on it; quotas decide how many of a team say so.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from alignment.lead_cards import LeadCard
from alignment.people import Team
from alignment.questionnaires import CardVerdict
from sample.leanings import Leanings, both

_DECIDERS = ("Owner or C-level", "Vice president", "Director or head of")
_REASONS = {
    (Team.SALES, CardVerdict.NOT_QUALIFIED): (
        "Too small for us.",
        "Nobody has asked for anything yet.",
        "Cannot decide.",
    ),
    (Team.SALES, CardVerdict.QUALIFIED): (
        "Right size, and asked for us.",
        "Decides, and looked at the prices.",
    ),
    (Team.MARKETING, CardVerdict.NOT_QUALIFIED): (
        "Hardly any interest so far.",
        "Private address, no company.",
    ),
    (Team.MARKETING, CardVerdict.QUALIFIED): (
        "Keeps coming back to our content.",
        "Showed interest more than once.",
    ),
}
_GIVE_A_REASON = 0.2
# how much of one mind a team is: so much that the teams differ whichever leads are drawn, which are others every day
_OF_ONE_MIND = 2.5

_WHO = "The contact's position"
_SIZE = "Size of the company"
_SHOWN = "What the lead asked for or looked at"
_SOURCE = "Where the lead came from"
_RECENT = "How recent it is"

ABOUT_JUDGING: dict[str, Leanings] = {
    "looked_first": Leanings(
        {(_SIZE, _WHO, _SHOWN): 6, (_SIZE, _SHOWN, _WHO): 3, (_WHO, _SIZE, _SHOWN): 2},
        {(_SHOWN, _SOURCE, _SIZE): 5, (_SHOWN, _SIZE, _SOURCE): 4, (_SHOWN, _RECENT, _SIZE): 2},
    ),
    "how_sure": both({3: 3, 4: 6, 2: 2}),
    "guess:how_sure": both({4: 5, 5: 6}),
}

WOULD_NEED: dict[Team, tuple[str, ...]] = {
    Team.SALES: (
        "What they use today.",
        "Whether there is a budget this year.",
        "Who else in the company is involved.",
        "A word on why they came to us.",
        "When they want to decide.",
        "A telephone number that somebody answers.",
    ),
    Team.MARKETING: (
        "Which pages they read before.",
        "How sales fared with similar ones.",
        "Whether a colleague of theirs is a lead, too.",
        "How long they have been reading along.",
        "What became of them when we called last time.",
    ),
}


def judge(
    cards: Sequence[LeadCard], members: Mapping[Team, Sequence[str]], seed: int
) -> dict[str, dict[str, Any]]:
    """Everybody's judgement of every card: person → card number → verdict, some with a reason."""
    sheets: dict[str, dict[str, Any]] = {label: {} for labels in members.values() for label in labels}
    for card in cards:
        facts = dict(card.facts)
        for team, labels in members.items():
            random = Random(f"{seed} card {card.number} {team.value}")
            order = random.sample(list(labels), len(labels))
            unsure = 2 if facts.get("Employees", "not known") == "not known" else random.randint(0, 1)
            agreeing = round(_chance(team, facts) * (len(order) - unsure))
            for place, label in enumerate(order):
                verdict = (
                    CardVerdict.CANT_TELL
                    if place < unsure
                    else CardVerdict.QUALIFIED
                    if place < unsure + agreeing
                    else CardVerdict.NOT_QUALIFIED
                )
                judged = {"verdict": verdict.value}
                reasons = _REASONS.get((team, verdict), ())
                if reasons and random.random() < _GIVE_A_REASON:
                    judged["reason"] = random.choice(reasons)
                sheets[label][str(card.number)] = judged
    return sheets


def _chance(team: Team, facts: Mapping[str, str]) -> float:
    """The share of a team that calls a lead with these facts qualified, from 0.05 to 0.95."""
    size = _number(facts, "Employees")
    asked = facts.get("Demo requested") == "yes" or facts.get("Trial started") == "yes"
    views, guides = _number(facts, "Pricing page views") or 0, _number(facts, "Guide downloads") or 0
    webinar = facts.get("Content", "").startswith("Webinar")
    private = facts.get("Private email") == "yes"
    if team is Team.SALES:
        points = 0.3 * asked + 0.2 * (views >= 3) - 0.2 * private
        points += 0.1 if size is None else 0.4 if size >= 50 else -0.3
        points += 0.15 * (facts.get("Job level") in _DECIDERS)
    else:
        points = (
            0.15 + 0.4 * asked + 0.3 * webinar + 0.25 * (views >= 1) + 0.2 * (guides >= 1) - 0.1 * private
        )
        points += 0.1 if size is None or size >= 20 else -0.15
    return min(0.95, max(0.05, 0.5 + _OF_ONE_MIND * (points - 0.5)))


def _number(facts: Mapping[str, str], label: str) -> float | None:
    digits = facts.get(label, "").replace(",", "")
    return float(digits) if digits.isdigit() else None
