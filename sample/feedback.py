"""What the sample company's salespeople decide in the portal, and what they say of the leads they were handed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import Any

from actions import clock, lead_decisions, lead_feed, lead_inbox, lead_quality, leads
from actions.lead_decisions import accept_leads, give_feedback, reject_leads
from alignment.lead_decisions import Aspect, ContentVerdict, Objection
from alignment.lifecycle import RejectionReason
from alignment.people import Actor

MINIMUM = ("company", "country", "employees", "source")
SPOKEN_OF = {"won": 9, "opportunity": 7, "sql": 8, "lost": 12}
OLD_ONES = 20

_GOOD_NOTES = (
    "Knew the product tour and asked for an offer in the first call.",
    "The pricing page had answered the first questions; we talked about the roll-out.",
    "Had compared us with two others already and knew what they want.",
    "Somebody from the webinar, who brought a colleague along.",
    "",
    "",
)
_BAD_NOTES = (
    "Wanted the guide only. Nobody there looks for a tool this year.",
    "The number was wrong and the address a private one.",
    "Right company, but an intern who writes a thesis.",
    "Called three days late; by then they had signed elsewhere.",
    "Budget is decided in spring. Worth another try then.",
    "",
    "",
)
_LIKED = (Aspect.RIGHT_PERSON, Aspect.REAL_NEED, Aspect.KNEW_THE_OFFER, Aspect.FITTING_COMPANY)
_DISLIKED = (
    Aspect.TIMING,
    Aspect.COMPLETE_DATA,
    Aspect.REAL_NEED,
    Aspect.SPEED_OF_HANDOVER,
    Aspect.RIGHT_PERSON,
)


def speak_of_leads(
    machine: Actor,
    team_lead: Actor,
    sellers: Mapping[str, Actor],
    contents: Mapping[str, str | None],
    at: Callable[[int, float], datetime],
    seed: int,
) -> None:
    """Agree on the minimum information, speak of leads that were decided on, and decide on some that wait.

    `sellers` are the salespeople by the name that leads have as owner, `contents` what each lead has read by its id, `at` the
    instant so many days ago at an hour. Of what waits, all but the latest stay, and the oldest are turned away together.
    """
    random = Random(f"{seed} feedback")

    def yesterday() -> datetime:
        return at(1, 9 + random.uniform(0, 6))

    with clock.at(at(300, 11)):
        lead_quality.change_minimum(team_lead, list(MINIMUM), [], 0)
    for stage, count in SPOKEN_OF.items():
        for row in leads.find_leads(machine, stage=stage).rows[: 2 * count : 2]:
            seller = sellers.get(row.owner or "")
            if seller is not None and row.since is not None:
                latest = yesterday()
                moment = min(working_time_after(row.since.replace(tzinfo=UTC), latest.tzinfo, random), latest)
                with clock.at(moment):
                    said = _said(contents[row.lead_id], stage != "lost", random)
                    give_feedback(seller, row.lead_id, said, 0)
    with clock.at(at(1, 15.5)):
        _decide(machine, team_lead, sellers, random)
    lead_feed.apply_waiting(machine)


def working_time_after(instant: datetime, zone: tzinfo | None, random: Random) -> datetime:
    """A time between nine and three on the next day that is no weekend, in this zone."""
    day = instant.astimezone(zone) + timedelta(days=1)
    if day.weekday() >= 5:
        day += timedelta(days=7 - day.weekday())
    return day.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(hours=random.uniform(0, 6))


def _said(content: str | None, well: bool, random: Random) -> dict[str, Any]:
    """The arguments of `alignment.lead_decisions.read_feedback`."""
    worked = random.sample(_LIKED, random.randint(1, 3) if well else random.randint(0, 1))
    failed = [
        aspect
        for aspect in random.sample(_DISLIKED, random.randint(0, 1) if well else 2)
        if aspect not in worked
    ]
    verdicts: Sequence[ContentVerdict] = (
        (ContentVerdict.HELPED, ContentVerdict.HELPED, ContentVerdict.NO_DIFFERENCE)
        if well
        else (ContentVerdict.NO_DIFFERENCE, ContentVerdict.NO_DIFFERENCE, ContentVerdict.HINDERED)
    )
    return {
        "worked": worked,
        "failed": failed,
        "objections": random.sample(list(Objection)[:-1], random.randint(0, 2)),
        "content": content or "",
        "content_verdict": random.choice(verdicts) if content else None,
        "note": random.choice(_GOOD_NOTES if well else _BAD_NOTES),
    }


def _decide(machine: Actor, team_lead: Actor, sellers: Mapping[str, Actor], random: Random) -> None:
    inbox = lead_inbox.read_inbox(machine)
    for row in inbox.rows[4:10] if inbox is not None else ():
        seller = sellers.get(str(row.lead.fields.get("owner")))
        if seller is None:
            continue
        said = _said(row.lead.fields.get("content"), row.meets is True, random)
        if row.meets:
            accept_leads(seller, [row.lead.lead_id], note="Meets what we agreed.", feedback=said)
        else:
            reject_leads(seller, [row.lead.lead_id], RejectionReason.NOT_A_FIT.value, feedback=said)
    oldest = lead_inbox.list_waiting(machine, age="overdue", order="longest")[:OLD_ONES]
    if oldest:
        lead_decisions.reject_leads(
            team_lead,
            oldest,
            RejectionReason.UNREACHABLE.value,
            note="Nobody followed these up. Cleared together.",
        )
