"""What the measures have to be, worked out lead by lead in the plainest way: lists, loops and nothing of the engine."""

import math
from collections import Counter
from datetime import timedelta

from tests.lead_histories import Reference, product_limit

CYCLES = ("opportunity", "sql", "sal", "mql", "lead")


def is_won(e):
    return bool(e["won"] and (not e["lost"] or e["won"] >= e["lost"]))


def closed_at(e):
    return e["won"] if is_won(e) else e["lost"]


class SlowMeasures(Reference):
    """The measures by name; each gives {group: something to compare}, the total under ''."""

    def __init__(self, history, question, excluded=lambda lead: False, by=None):
        super().__init__(history, question)
        self.by = by or (lambda episode: "")
        self.excluded = excluded
        self.used = {stage for e in self.episodes for stage in (*CYCLES, "won", "lost") if e[stage]}
        self.kept = [e for e in self.episodes if not excluded(e["of"])]

    def qualified(self, episode):
        return "test_or_internal" if self.excluded(episode["of"]) else super().qualified(episode)

    def group(self, episode):
        return self.by(episode)

    def groups(self):
        return {"", *(self.group(e) for e in self.kept)}

    def of(self, group):
        return [e for e in self.kept if group in ("", self.group(e))]

    def today(self):
        return self.question.as_of.astimezone(self.zone).date()

    def throughput(self, start, end):
        return {
            group: (
                sum(self.in_period(e[end]) for e in self.of(group)),
                sum(self.in_period(e[start]) for e in self.of(group)),
            )
            for group in self.groups()
        }

    def velocity(self):
        """MQLs of the last month that is over and of the one before it."""
        last = self.today()
        if self.question.last_day:
            last = min(last, self.question.last_day + timedelta(days=1))
        later = last.replace(day=1) - timedelta(days=1)
        earlier = later.replace(day=1) - timedelta(days=1)

        def count(group, month):
            days = [e["mql"].astimezone(self.zone).date() for e in self.of(group) if e["mql"]]
            return sum((day.year, day.month) == (month.year, month.month) for day in days)

        return {group: (count(group, later), count(group, earlier)) for group in self.groups()}

    def fates(self, group, start, end):
        """(days, what happened) of each lead that entered `start` in the period."""
        found = []
        for e in self.of(group):
            if not self.in_period(e[start]):
                continue
            if e["day_only"][start] or e["day_only"][end]:
                seen = (self.today() - e[start].astimezone(self.zone).date()).days
            else:
                seen = (self.question.as_of - e[start]) // timedelta(days=1)
            gone = [at for at in (e["rejected_at"], e["until"], e["lost"]) if at]
            reached = None if e[end] is None else max(0, math.ceil(self.days(e, start, end)))
            left = None if not gone else max(0, math.ceil((min(gone) - e[start]) / timedelta(days=1)))
            if reached is not None and reached <= seen:
                found.append((reached, "converted"))
            elif reached is None and left is not None and left <= seen:
                found.append((left, "gone"))
            else:
                found.append((seen, "waiting"))
        return found

    def conversion_of_all(self, start, end, window):
        """The share by day `window`, day by day over those who are still there (Aalen–Johansen); None where it cannot be told."""
        result = {}
        for group in self.groups():
            found = self.fates(group, start, end)
            share = incidence(found, window)
            last = max((days for days, _ in found), default=0)
            told = found and (window <= last or all(fate != "waiting" for d, fate in found if d == last))
            result[group] = share if told else None
        return result

    def cycle_start(self):
        return next(stage for stage in CYCLES if stage in self.used)

    def sales_cycle(self):
        start = self.cycle_start()
        result = {}
        for group in self.groups():
            won = [e for e in self.of(group) if self.in_period(e["won"]) and e[start]]
            result[group] = middle([tenths(self.days(e, start, "won")) for e in won])
        return result

    def sales_cycle_in_business_days(self, minutes_a_day):
        start = self.cycle_start()
        result = {}
        for group in self.groups():
            won = [e for e in self.of(group) if self.in_period(e["won"]) and e[start]]
            result[group] = middle([self.minutes(e[start], e["won"]) / minutes_a_day for e in won])
        return result

    def sales_cycle_of_all(self):
        """The first day by which half of what is won in the end, as far as anybody was followed, was won."""
        result = {}
        for group in self.groups():
            found = self.fates(group, self.cycle_start(), "won")
            end = incidence(found, 10_000)
            days = sorted({days for days, fate in found if fate == "converted"})
            result[group] = next((day for day in days if incidence(found, day) >= end / 2 - 1e-12), None)
        return result

    def currency(self):
        names = Counter(currency_of(e) for e in self.kept if (e["of"]["value"] or 0) > 0)
        return max(sorted(names), key=lambda name: names[name])

    def win_rate_by_value(self):
        result = {}
        for group in self.groups():
            closed = [e for e in self.of(group) if self.in_period(closed_at(e))]
            closed = [e for e in closed if (e["of"]["value"] or 0) > 0 and currency_of(e) == self.currency()]
            total = sum(e["of"]["value"] for e in closed)
            won = sum(e["of"]["value"] for e in closed if is_won(e))
            result[group] = won / total if total else None
        return result

    def pipeline_velocity(self):
        result = {}
        start = self.cycle_start()
        for group in self.groups():
            chosen = [
                e
                for e in self.of(group)
                if e["opportunity"]
                and not ((e["of"]["value"] or 0) > 0 and currency_of(e) != self.currency())
            ]
            is_open = [e for e in chosen if closed_at(e) is None and e["until"] is None]
            closed = [e for e in chosen if self.in_period(closed_at(e)) and e not in is_open]
            won = [e for e in closed if is_won(e)]
            values = [e["of"]["value"] for e in won if (e["of"]["value"] or 0) > 0]
            cycle = middle([tenths(self.days(e, start, "won")) for e in won if e[start]])
            if values and cycle:
                mean = sum(values) / len(values)
                result[group] = len(is_open) * len(won) / len(closed) * mean / cycle
            else:
                result[group] = None
        return result

    def speed(self, start, answer, q):
        result = {}
        for group in self.groups():
            waits = [wait for wait in self.waits(start, answer) if group in ("", self.group(wait[0]))]
            # above four weeks of business time, times are told to the hour
            told = [(e, m if m <= 10_000 else m // 60 * 60, answered, c) for e, m, answered, c in waits]
            result[group] = product_limit(told, q) if told else None
        return result


def incidence(found, until):
    """The share that is converted by day `until`."""
    share, there = 0.0, 1.0
    for day in sorted({days for days, _ in found}):
        if day > until:
            break
        risk = sum(days >= day for days, _ in found)
        converted = sum(item == (day, "converted") for item in found)
        gone = sum(item == (day, "gone") for item in found)
        share += there * converted / risk
        there *= 1 - (converted + gone) / risk
    return share


def middle(times):
    """The first time by which at least half of them have passed."""
    return sorted(times)[math.ceil(len(times) / 2) - 1] if times else None


def tenths(days):
    return max(0, math.floor(days * 10 + 1e-9)) / 10


def currency_of(e):
    return (e["of"]["currency"] or "").strip().upper()
