"""What has to become of a log of events: lead by lead in plain Python, and nothing of the engine.

Leads are dicts of fields by id, events dicts with the columns of the event log; instants are naive UTC.
"""

from collections import defaultdict
from datetime import timedelta
from itertools import zip_longest

STAGES = ["lead", "mql", "sal", "sql", "opportunity", "won", "lost"]
HANDED = ["mql", "sal", "sql", "opportunity", "won"]


def followed(leads, events):
    """Each lead's fields and what became of it, by id."""
    of_lead = defaultdict(list)
    for event in standing(events):
        of_lead[event["lead_id"]].append(event)
    found = {}
    for lead_id, fields in leads.items():
        own = of_lead[lead_id]

        def entered(stage, own=own):
            return [event["at"] for event in own if event["stage"] == stage]

        won, lost = entered("won"), entered("lost")
        ended = sorted(at for at in (won or lost) if at)
        qualified = sorted(at for at in entered("mql") if at)
        found[lead_id] = {
            **fields,
            "lead_id": lead_id,
            "came_at": qualified[0] if qualified else fields.get("created_at"),
            "closed_at": ended[0] if ended else None,
            "won": bool(won),
            "lost": bool(lost) and not won,
            "worked": any(map(is_work, own)),
        }
    return found


def is_work(event):
    """Whether somebody of sales did something: no automatic reply, and no entry to a stage before sales."""
    if event["type"] == "entered_stage":
        return event["stage"] not in ("lead", "mql")
    if event["type"] in ("contact_attempted", "contacted"):
        return not event["automatic"]
    return event["type"] in ("accepted", "rejected")


def standing(events):
    """The events without withdrawals and the decisions that they take back."""
    gone = {(event["lead_id"], event["at"]) for event in events if event["type"] == "decision_withdrawn"}
    decision = ("accepted", "rejected")
    return [
        event
        for event in events
        if event["type"] != "decision_withdrawn"
        and not (
            (event["type"] in decision or event["stage"] == "sal") and (event["lead_id"], event["at"]) in gone
        )
    ]


def episodes(leads, events):
    """The episodes of all prospects: a dict of the columns of `leads.schema.EPISODE` each."""
    into = {lead_id: survivor(lead_id, leads) for lead_id in leads}
    records, told = defaultdict(list), defaultdict(list)
    for lead_id, fields in leads.items():
        records[into[lead_id]].append({**fields, "lead_id": lead_id})
    for event in standing(events):
        if event["at"] is not None:
            told[into[event["lead_id"]]].append(event)
    found = []
    for lead_id, same in records.items():
        marked = told_once(told[lead_id])
        entries = begun(marked)
        happened = [event for event in marked if not event["twice"]]
        for number in range(1, max(1, len(entries)) + 1):
            ends = entries[number] if number < len(entries) else None
            inside = [
                event
                for event in happened
                if (number == 1 or event["at"] >= entries[number - 1])
                and (ends is None or event["at"] < ends)
            ]
            run = {"lead_id": lead_id, "number": number, "until_at": ends, "last": ends is None}
            found.append({**run, **prospect(lead_id, same), **times(inside)})
    return found


def survivor(lead_id, leads):
    """The lead that stands for one: where its merges lead to; itself, where that is nobody or a circle."""
    here, seen = lead_id, {lead_id}
    while True:
        ahead = leads[here].get("attribute_merged_into")
        if ahead is None or ahead == here or ahead not in leads:
            return here
        if ahead in seen:
            return lead_id
        seen.add(ahead)
        here = ahead


def told_once(events):
    """The events less the days beside which the same is told with a time on that day, or more is told of it.

    Of those that are left, and of those that are not, `told_at` is when that is.
    """
    kinds = defaultdict(list)
    for event in events:
        kinds[event["type"], event["stage"]].append(event)
    marked = []
    for same in kinds.values():
        in_order_of_telling(same)
        told_at = following = None
        for event in reversed(same):
            later = None if following is None else following - event["at"]
            twice = event["day_only"] and later is not None and later < timedelta(hours=24)
            following = event["at"]
            told_at = told_at if twice else event["at"]
            marked.append({**event, "twice": twice, "told_at": told_at})
    return marked


def in_order_of_telling(events):
    """Sort by time; of one instant those that tell least first: days before times, then what machines did, then by the words."""
    events.sort(key=lambda event: event["day"], reverse=True)
    for name in ("owner", "reason"):
        events.sort(key=lambda event, name=name: (event[name] is None, event[name] or ""), reverse=True)
    events.sort(key=lambda event: (event["at"], not event["day_only"], not event["automatic"]))


def begun(events):
    """When the episodes begin: of the n-th entries of all records the earliest."""
    entries = defaultdict(set)
    for event in events:
        if event["stage"] == "mql":
            entries[event["lead_id"]].add(event["told_at"])
    ordered = map(sorted, entries.values())
    return [min(at for at in same if at is not None) for same in zip_longest(*ordered)]


def prospect(lead_id, records):
    """The fields of a prospect: the first known source by age, the earliest creation, its own value before others'."""
    by_age = sorted(
        records, key=lambda one: (one.get("created_at") is None, one.get("created_at"), one["lead_id"])
    )
    own_first = sorted(by_age, key=lambda one: one["lead_id"] != lead_id)

    def first(name, of):
        return next((one[name] for one in of if one.get(name) is not None), None)

    return {
        "created_at": first("created_at", by_age),
        **{name: first(name, by_age) for name in ("source", "campaign", "content")},
        **{name: first(name, own_first) for name in ("owner", "value", "currency")},
    }


def times(events):
    """What the events of one run tell, and what their times tell together."""

    def first(keep):
        """The first of some; of those of one instant the one that is said with a time, on the earliest day, and tells most."""
        chosen = [event for event in events if keep(event)]
        at = min((event["at"] for event in chosen), default=None)
        return at, [event for event in chosen if event["at"] == at]

    row = {}
    for stage in STAGES:
        at, same = first(lambda event, stage=stage: event["stage"] == stage)
        row[f"{stage}_at"] = at
        row[f"{stage}_day"] = min((event["day"] for event in same), default=None)
        row[f"{stage}_day_only"] = all(event["day_only"] for event in same) if same else None

    def kind(*kinds):
        return first(lambda event: event["type"] in kinds and not event["automatic"])[0]

    row["assigned_at"] = first(lambda event: event["type"] == "assigned")[0]
    owners = first(lambda event: event["type"] == "assigned" and event["owner"] is not None)[1]
    row["assigned_to"] = min((event["owner"] for event in owners), default=None)
    row["attempted_at"], row["contacted_at"] = kind("contact_attempted", "contacted"), kind("contacted")
    accepted = first(lambda event: event["type"] == "accepted" or event["stage"] == "sal")[0]
    rejected = first(lambda event: event["type"] == "rejected")[0]
    reasons = first(lambda event: event["type"] == "rejected" and event["reason"] is not None)[1]
    row |= {"accepted_at": accepted, "rejected_at": rejected}
    row["reason"] = min((event["reason"] for event in reasons), default=None)
    handed = next((stage for stage in HANDED if row[f"{stage}_at"] is not None), None)
    for what in ("at", "day", "day_only"):
        row[f"handed_{what}"] = row[f"{handed}_{what}"] if handed else None
    went_on = [row[f"{stage}_at"] for stage in HANDED[1:] if row[f"{stage}_at"] is not None]
    if accepted is not None and (rejected is None or accepted <= rejected):
        return row | {"decision": 1, "decided_at": accepted}
    if rejected is not None:
        return row | {"decision": 2, "decided_at": rejected}
    return row | {"decision": 3 if went_on else 0, "decided_at": min(went_on, default=None)}
