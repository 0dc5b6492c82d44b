"""Made-up lead histories for tests, and plain Python that says what the measures of them have to be.

The reference works lead by lead on lists of events and shares no code with the engine's expressions.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from alignment.business_hours import business_minutes, to_minutes
from tests.loaded_once import load_once

ORDER = ["lead", "mql", "sal", "sql", "opportunity", "won"]
SOURCES = ["ads", "referral", "unknown", None]


@dataclass
class History:
    """Leads as dicts, events as dicts with `lead_id`, `type`, `stage`, `at`, `day_only`, `reason`, `automatic`."""

    leads: list = field(default_factory=list)
    events: list = field(default_factory=list)

    def lead(self, lead_id, source="ads", **fields):
        self.leads.append({"lead_id": lead_id, "source": source, **fields})
        return self

    def event(self, lead_id, type_, at, stage=None, day_only=False, reason=None, automatic=False):
        self.events.append(
            {
                "lead_id": lead_id,
                "type": type_,
                "stage": stage,
                "at": at,
                "day": at.astimezone(ZoneInfo("Europe/Berlin")).date(),
                "day_only": day_only,
                "reason": reason,
                "automatic": automatic,
            }
        )
        return self

    def enter(self, lead_id, stage, at, day_only=False):
        return self.event(lead_id, "entered_stage", at, stage, day_only)

    def load(self):
        names = list(dict.fromkeys(name for lead in self.leads for name in lead))
        leads = pa.table(
            {
                name: pa.array(
                    [lead.get(name) for lead in self.leads],
                    pa.timestamp("us", "UTC") if name == "created_at" else None,
                )
                for name in names
            }
        )
        if leads["source"].type == pa.null():
            leads = leads.set_column(1, "source", leads["source"].cast(pa.string()))
        types = {
            "lead_id": pa.string(),
            "type": pa.string(),
            "stage": pa.string(),
            "at": pa.timestamp("us", "UTC"),
            "day": pa.date32(),
            "day_only": pa.bool_(),
            "reason": pa.string(),
            "automatic": pa.bool_(),
        }
        events = pa.table(
            {name: pa.array([event[name] for event in self.events], kind) for name, kind in types.items()}
        )
        load_once(leads, events, datetime(2026, 7, 1, tzinfo=UTC))
        return self


def random_history(seed, leads=250, zone="Europe/Berlin", more=False):
    """Histories with recycled leads, skipped and reversed stages, day-only dates, repeats and silence.

    With `more` also leads of the company itself, values in two currencies, owners, and records of the same prospect.
    """
    draw = random.Random(seed)
    history = History()
    for number in range(leads):
        lead_id = f"lead-{number:04d}"
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=draw.randrange(120 * 24 * 60))
        history.lead(
            lead_id,
            draw.choice(SOURCES),
            employees=draw.choice([None, 5.0, 20.0, 80.0]),
            country=draw.choice(["DE", "FR", None]),
            created_at=start,
        )
        if draw.random() < 0.8:
            history.enter(lead_id, "lead", start)
        at = start
        for _ in range(draw.choice([0, 1, 1, 1, 1, 2])):
            at += timedelta(minutes=draw.randrange(0, 5 * 24 * 60))
            _episode(history, draw, lead_id, at, zone)
            at += timedelta(days=40)
    if more:
        _add_more(history, random.Random(seed + 1), zone)
    return history


def _add_more(history, draw, zone):
    for lead in list(history.leads):
        lead["internal"] = "yes" if draw.random() < 0.06 else "no"
        lead["value"] = draw.choice([None, 0.0, 500.0, 1500.0, 8000.0])
        lead["currency"] = draw.choice(["EUR", "eur ", "EUR", "USD", None])
        lead["campaign"] = draw.choice(["spring", "autumn", None])
        lead["merged_into"] = None
        of = lead
        while draw.random() < 0.08:
            twin = {**of, "lead_id": of["lead_id"] + "x", "merged_into": of["lead_id"]}
            twin["source"] = draw.choice(SOURCES)
            twin["created_at"] = of["created_at"] + timedelta(minutes=draw.randrange(-5000, 90000))
            history.leads.append(twin)
            _episode(history, draw, twin["lead_id"], twin["created_at"] + timedelta(days=1), zone)
            of = twin
    history.leads[0]["merged_into"] = history.leads[1]["lead_id"]
    history.leads[1]["merged_into"] = history.leads[0]["lead_id"]
    history.leads[2]["merged_into"] = "nobody knows this one"


def _episode(history, draw, lead_id, at, zone):
    def day(instant):
        local = instant.astimezone(ZoneInfo(zone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)

    day_only = draw.random() < 0.2
    if draw.random() < 0.95:
        history.enter(lead_id, "mql", day(at) if day_only else at, day_only)
    if draw.random() < 0.5:
        history.event(lead_id, "assigned", at + timedelta(minutes=draw.randrange(-30, 600)))
    if draw.random() < 0.2:
        history.event(lead_id, "contact_attempted", at + timedelta(minutes=1), automatic=True)
    for _ in range(draw.choice([0, 1, 1, 2])):
        after = timedelta(minutes=draw.choice([-20, 5, 40, 200, 3000, 20000]))
        history.event(lead_id, draw.choice(["contact_attempted", "contacted"]), at + after)
    decision = draw.random()
    decided_at = at + timedelta(minutes=draw.randrange(1, 8 * 24 * 60))
    if decision < 0.3:
        history.event(lead_id, "rejected", decided_at, reason=draw.choice(["no_budget", "other", None]))
    elif decision < 0.6:
        history.event(lead_id, "accepted", decided_at)
    moment = decided_at
    for stage in ("sal", "sql", "opportunity", "won"):
        moment += timedelta(minutes=draw.randrange(-600, 6 * 24 * 60))
        if draw.random() < (0.6 if stage != "won" else 0.4):
            exact = draw.random() < 0.9
            history.enter(lead_id, stage, moment if exact else day(moment), not exact)
    if draw.random() < 0.25:
        history.enter(lead_id, "lost", moment + timedelta(days=1))


# what has to come out -----------------------------------------------------------------------------------------------


def episodes(history, as_of):
    """Episodes as dicts: lead, number, first time of each stage (imputed where skipped), decisions, attempts."""
    into = survivors(history.leads)
    by_lead = defaultdict(list)
    for lead in history.leads:
        by_lead[into[lead["lead_id"]]].append(lead)
    told = defaultdict(list)
    for event in history.events:
        told[into[event["lead_id"]]].append(event)
    happened = {
        lead_id: [event for event in told_once(told[lead_id]) if event["at"] <= as_of] for lead_id in by_lead
    }
    used = {event["stage"] for events in happened.values() for event in events if event["stage"]}
    found = []
    for lead_id, records in by_lead.items():
        lead, events = one_prospect(lead_id, records), happened[lead_id]
        entries = []
        for record in records:
            own = {e["at"] for e in events if e["lead_id"] == record["lead_id"] and e["stage"] == "mql"}
            entries = [min(times) for times in zip_longest_without_none(entries, sorted(own))]
        for number in range(max(1, len(entries))):
            begins = entries[number] if number else None
            ends = entries[number + 1] if number + 1 < len(entries) else None
            inside = [
                event
                for event in events
                if (begins is None or event["at"] >= begins) and (ends is None or event["at"] < ends)
            ]
            found.append(_folded(lead, number + 1, inside, ends, used))
    return found


def told_once(events):
    """The events without days of which the time is also told."""
    ordered = sorted(events, key=lambda event: (event["at"], event["day_only"]))
    kept = []
    for number, event in enumerate(ordered):
        same = [
            e for e in ordered[number + 1 :] if (e["type"], e["stage"]) == (event["type"], event["stage"])
        ]
        if not (event["day_only"] and same and same[0]["at"] - event["at"] < timedelta(days=1)):
            kept.append(event)
    return kept


def zip_longest_without_none(*lists):
    return [[one[n] for one in lists if n < len(one)] for n in range(max(map(len, lists)))]


def survivors(leads):
    """By id, the lead that stands for it: follow `merged_into` as long as it leads to a known one, and not in a circle."""
    known = {lead["lead_id"]: lead.get("merged_into") for lead in leads}
    found = {}
    for lead_id in known:
        seen, at = {lead_id}, lead_id
        while known[at] in known and known[at] != at:
            at = known[at]
            if at in seen:
                at = lead_id
                break
            seen.add(at)
        found[lead_id] = at
    return found


def one_prospect(lead_id, records):
    """The fields of all records of a prospect: the first known source by age, the earliest creation, own value first."""
    own = next(record for record in records if record["lead_id"] == lead_id)
    if len(records) == 1:
        return own
    by_age = sorted(records, key=lambda record: (record["created_at"], record["lead_id"]))
    lead = dict(own, created_at=by_age[0]["created_at"])
    for name in ("source", "campaign", "content"):
        lead[name] = next((record[name] for record in by_age if record.get(name)), None)
    for name in ("owner", "value", "currency"):
        lead[name] = next((r[name] for r in [own, *by_age] if r.get(name) is not None), None)
    return lead


def _folded(lead, number, events, ends, used):
    def first(keep):
        return min((event["at"] for event in events if keep(event)), default=None)

    episode = {"of": lead, "number": number, "until": ends}
    day_only = {}
    for stage in [*ORDER, "lost"]:
        at = first(lambda event, stage=stage: event["stage"] == stage)
        episode[stage] = at
        day_only[stage] = any(
            event["day_only"] for event in events if event["stage"] == stage and event["at"] == at
        )
    episode["day_only"] = day_only
    episode["imputed"] = set()
    later = None
    for stage in reversed(ORDER):
        if stage in used:
            if episode[stage] is None and later is not None and (stage != "lead" or number == 1):
                episode[stage], day_only[stage] = later
                episode["imputed"].add(stage)
            later = (episode[stage], day_only[stage]) if episode[stage] else None
    episode["attempt"] = first(
        lambda event: event["type"] in ("contact_attempted", "contacted") and not event["automatic"]
    )
    episode["contact"] = first(lambda event: event["type"] == "contacted" and not event["automatic"])
    episode["assigned"] = first(lambda event: event["type"] == "assigned")
    accepted = first(lambda event: event["type"] == "accepted" or event["stage"] == "sal")
    rejected = first(lambda event: event["type"] == "rejected")
    reasons = sorted(
        (event["at"], event["reason"]) for event in events if event["type"] == "rejected" and event["reason"]
    )
    implied = None
    if accepted is None and rejected is None:
        reached = [episode[stage] for stage in ("sal", "sql", "opportunity", "won") if episode[stage]]
        implied = min(reached, default=None)
    accepted = accepted or implied
    decided = min((at for at in (accepted, rejected) if at), default=None)
    episode["rejected_at"] = rejected
    episode["decided_at"] = decided
    episode["accepted"] = accepted is not None and (rejected is None or accepted <= rejected)
    episode["reason"] = reasons[0][1] if reasons else "(none)"
    return episode


class Reference:
    """What the measures of a question have to be, lead by lead."""

    def __init__(self, history, question, passes=None):
        self.question = question
        self.zone = ZoneInfo(question.timezone)
        self.passes = passes or (lambda episode: ("(none)", True))
        self.episodes = episodes(history, question.as_of)

    def in_period(self, at):
        if at is None:
            return False
        local = at.astimezone(self.zone).date()
        question = self.question
        return (question.first_day is None or local >= question.first_day) and (
            question.last_day is None or local <= question.last_day
        )

    def qualified(self, episode):
        """None where the definition holds, else the reason why the episode does not count."""
        verdict = self.passes(episode)[1]
        return (
            None if verdict is True else ("fails_definition" if verdict is False else "unknown_by_definition")
        )

    def counted(self, at, hit, left_out=lambda episode: None):
        """(numerator, denominator, excluded) by group, '' for the total."""
        numerator, denominator = defaultdict(int), defaultdict(int)
        excluded = defaultdict(lambda: defaultdict(int))
        for episode in self.episodes:
            if not self.in_period(at(episode)):
                continue
            reason = self.qualified(episode) or left_out(episode)
            for group in {"", self.group(episode)}:
                if reason:
                    excluded[group][reason] += 1
                else:
                    denominator[group] += 1
                    numerator[group] += bool(hit(episode))
        return {
            group: (numerator[group], denominator[group], dict(excluded[group]))
            for group in {*denominator, *excluded, ""}
        }

    def group(self, episode):
        return episode["of"]["source"] or "(blank)"

    def days(self, episode, start, end):
        if episode["day_only"][start] or episode["day_only"][end]:
            return (
                episode[end].astimezone(self.zone).date() - episode[start].astimezone(self.zone).date()
            ).days
        return (episode[end] - episode[start]) / timedelta(days=1)

    def conversion(self, start, end, window):
        def immature(episode):
            if episode["day_only"][start] or episode["day_only"][end]:
                today = self.question.as_of.astimezone(self.zone).date()
                old_enough = (today - episode[start].astimezone(self.zone).date()).days >= window
            else:
                old_enough = episode[start] + timedelta(days=window) <= self.question.as_of
            return None if old_enough else "immature"

        return self.counted(
            lambda episode: episode[start],
            lambda episode: episode[end] is not None and self.days(episode, start, end) <= window,
            immature,
        )

    def minutes(self, start, end):
        passed = business_minutes(self.question.hours, to_minutes(start), to_minutes(end))
        return max(0, int(passed))

    def waits(self, start=lambda episode: episode["mql"], answer="attempt"):
        """(episode, minutes, answered, closed before an answer) of those whose clock started in the period."""
        for episode in self.episodes:
            if self.in_period(start(episode)) and self.qualified(episode) is None:
                answered = episode[answer] is not None
                closed = min(
                    (at for at in (episode["rejected_at"], episode["lost"], episode["until"]) if at),
                    default=None,
                )
                end = episode[answer] if answered else (closed or self.question.as_of)
                yield (
                    episode,
                    self.minutes(start(episode), end),
                    answered,
                    closed is not None and not answered,
                )


def product_limit(waits, q):
    """The first time at which the share still waiting is at most 1 − q; None if it is never."""
    share = 1.0
    for time in sorted({minutes for _, minutes, answered, _ in waits if answered}):
        at_risk = sum(minutes >= time for _, minutes, _, _ in waits)
        through = sum(minutes == time and answered for _, minutes, answered, _ in waits)
        share *= 1 - through / at_risk
        if share <= 1 - q + 1e-12:
            return time
    return None
