"""Made-up leads that were won or lost for reasons, a survey about what they should look like, and both in plain Python."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from people import make_actor

from actions import answers, surveys
from alignment.people import MACHINE
from leads.store import warehouse
from tests.lead_histories import History

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
ZONE = "Europe/Berlin"
TOML = """
title = "What is a qualified lead?"
mode = "confidential"
min_group = 3

[[questions]]
key = "size"
topic = "fit"
type = "number"
unit = "employees"
field = "employees"
title = "Smallest company"
text = "From how many employees on?"

[[questions]]
key = "sources"
topic = "fit"
type = "choices"
field = "source"
options = ["ads", "referral", "fair", "radio"]
text = "Which sources bring buyers?"

[[questions]]
key = "demo"
topic = "signs"
type = "yes_no"
field = "demo"
text = "Does it take a demo?"

[[questions]]
key = "score"
topic = "signs"
type = "scale"
field = "visits"
text = "How much do visits tell?"

[[questions]]
key = "rule"
topic = "signs"
type = "rule"
required = false
text = "Your rule"

[[questions]]
key = "gone"
topic = "signs"
type = "number"
field = "a_field_nobody_has"
text = "And of what nobody records?"

[[questions]]
key = "odd"
topic = "signs"
type = "number"
field = "industry"
text = "And of what is no number?"

[[questions]]
key = "mood"
topic = "mood"
type = "scale"
text = "How do you feel?"
"""


def condition(field, operator, value):
    return {"field": field, "op": operator, "value": value}


SALES = {
    "size": 100.0,
    "sources": ["referral"],
    "demo": True,
    "score": 5,
    "rule": {
        "version": 1,
        "all": [condition("employees", ">=", 50), condition("demo", "=", True)],
    },
    "gone": 10.0,
    "odd": 5.0,
    "mood": 3,
}
MARKETING = {
    "size": 10.0,
    "sources": ["ads", "fair", "referral"],
    "demo": False,
    "score": 2,
    "rule": {"version": 1, **condition("employees", ">=", 10)},
    "gone": 5.0,
    "odd": 2.0,
    "mood": 3,
}


_imported = {}


def made_up_leads(count=900, seed=1, days=700):
    """The leads of `made_up_history`, imported; the same ones a second time by copying the files of their first import."""
    folder = warehouse().folder
    files = _imported.get((count, seed, days))
    if files is None or folder.exists():
        history, fresh = made_up_history(count, seed, days), not folder.exists()
        history.load()
        warehouse().close()
        if fresh:
            _imported[count, seed, days] = {path.name: path.read_bytes() for path in folder.iterdir()}
        return history
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return made_up_history(count, seed, days)


def made_up_history(count, seed, days):
    """Leads of the `days` days before AS_OF: the large ones and those that had a demo are won more often.

    Some came in the hour in which a quarter has begun in Berlin and not yet in UTC.
    """
    draw = random.Random(seed)
    history = History()
    for number in range(count):
        lead_id = f"L{number:05d}"
        created = AS_OF - timedelta(minutes=draw.randrange(1, days * 24 * 60))
        if number % 60 == 7:
            created = draw.choice([AS_OF, AS_OF - timedelta(days=91)]) - timedelta(minutes=draw.randrange(60))
        employees = draw.choice([2.0, 8.0, 30.0, 70.0, 150.0, 900.0, None])
        demo = draw.choice(["yes", "no", "no", ""])
        history.lead(
            lead_id,
            draw.choice(["ads", "ads", "referral", "fair", None]),
            employees=employees,
            industry=draw.choice(["machines", "retail", "software"]),
            owner=draw.choice(["Anna Berg", "Tom Reed"]),
            created_at=created,
            demo=demo,
            visits=str(draw.randrange(12)),
            invoice_sum="",
            contact_email=f"someone{number}@example.com",
        )
        came = created
        if number % 60 != 7 and draw.random() < 0.9:
            came = created + timedelta(hours=draw.randrange(72))
            history.enter(lead_id, "mql", came)
        chance = 0.15 + 0.35 * ((employees or 0) >= 50) + 0.2 * (demo == "yes")
        fate = draw.random()
        ended = came + timedelta(days=draw.randrange(1, 60))
        if ended < AS_OF and fate < chance:
            history.enter(lead_id, "won", ended)
        elif ended < AS_OF and fate < 0.85:
            history.enter(lead_id, "lost", ended)
            if draw.random() < 0.05:
                history.enter(lead_id, "won", ended + timedelta(days=1))
    return history


def in_plain_words(history):
    """Each lead as a dict: its `fields`, the day and the instant at which it `came`, `won`, `lost`, when it `closed`."""
    found = []
    happened = defaultdict(list)
    for event in history.events:
        happened[event["lead_id"]].append(event)
    for lead in history.leads:
        events = happened[lead["lead_id"]]

        def first(stage, events=events):
            return min((event["at"] for event in events if event["stage"] == stage), default=None)

        came = first("mql") or lead["created_at"]
        won, lost = first("won"), first("lost")
        found.append(
            {
                "id": lead["lead_id"],
                "fields": lead,
                "came": came,
                "day": came.astimezone(ZoneInfo(ZONE)).date(),
                "won": won is not None,
                "lost": lost is not None and won is None,
                "closed": won or lost,
            }
        )
    return found


def closed_survey(sales=SALES, marketing=MARKETING, people=6, toml=TOML, few=0):
    """A survey that so many people of each team answered as their team does, closed; `few` of sales instead."""
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=toml).id)
    for team, given, count in (("sales", sales, few or people), ("marketing", marketing, people)):
        for _ in range(count):
            who = make_actor(team=team)
            for key, value in given.items():
                answers.save_answer(who, survey.id, key, value)
            answers.submit_answers(who, survey.id)
    return surveys.close_survey(MACHINE, survey.id)
