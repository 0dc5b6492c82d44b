"""Before against after: improved, worse, no detectable change, or too early to tell and when it will be readable.

A verdict is never read from two numbers alone: it needs the 95 % interval of their difference (Newcombe 1998, method
10), and enough leads on both sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from alignment.statistics import Interval, newcombe, wilson

FEWEST_LEADS = 30
"""Below this on either side, shares jump by several points with a single lead: nothing is read from them."""


class Outcome(StrEnum):
    """What a recap may say."""

    IMPROVED = "improved"
    NO_DETECTABLE_CHANGE = "no_detectable_change"
    WORSE = "worse"
    TOO_EARLY = "too_early"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return {
            "improved": "Improved",
            "no_detectable_change": "No detectable change",
            "worse": "Worse",
            "too_early": "Too early to tell",
        }[self.value]


@dataclass(frozen=True)
class Share:
    """`hits` of `n` leads; `waiting` more are too young or undecided and do not count yet."""

    hits: int
    n: int
    waiting: int = 0

    @property
    def value(self) -> float | None:
        """The share from 0 to 1, None without leads."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's 95 % interval."""
        return wilson(self.hits, self.n)


@dataclass(frozen=True)
class RecapVerdict:
    """One measure's verdict. `interval` is of the difference after − before, in shares from −1 to 1.

    `readable_on` is set when it is too early. `sentence` says it all to a person.
    """

    measure: str
    outcome: Outcome
    before: Share
    after: Share
    sentence: str
    interval: Interval | None = None
    readable_on: date | None = None

    @property
    def comparable(self) -> bool:
        """Whether the baseline has enough leads to compare with."""
        return self.before.n >= FEWEST_LEADS

    @property
    def label(self) -> str:
        """The outcome in words; a baseline that is too thin is no 'no change'."""
        if self.outcome is Outcome.NO_DETECTABLE_CHANGE and not self.comparable:
            return "Cannot be compared"
        return self.outcome.label

    @property
    def difference(self) -> float | None:
        """After − before, None where a side has no leads."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    def as_document(self) -> dict[str, Any]:
        """The verdict as plain values, to be kept with the cycle."""
        return {
            "measure": self.measure,
            "outcome": self.outcome.value,
            "before": {"hits": self.before.hits, "n": self.before.n, "waiting": self.before.waiting},
            "after": {"hits": self.after.hits, "n": self.after.n, "waiting": self.after.waiting},
            "interval": [self.interval.low, self.interval.high] if self.interval else None,
            "readable_on": self.readable_on.isoformat() if self.readable_on else None,
            "sentence": self.sentence,
        }


def from_document(document: Mapping[str, Any]) -> RecapVerdict:
    """Read what `as_document` wrote."""
    interval = document["interval"]
    readable_on = document["readable_on"]
    return RecapVerdict(
        measure=document["measure"],
        outcome=Outcome(document["outcome"]),
        before=Share(**document["before"]),
        after=Share(**document["after"]),
        sentence=document["sentence"],
        interval=Interval(*interval) if interval else None,
        readable_on=date.fromisoformat(readable_on) if readable_on else None,
    )


def judge(
    measure: str,
    name: str,
    before: Share,
    after: Share,
    readable_on: date | None = None,
    *,
    over: bool = False,
) -> RecapVerdict:
    """The verdict on a share of which more is better.

    `measure` is its key, `name` how a sentence begins with it ('Acceptance'). `readable_on` is the day on which the
    after side is expected to have enough leads; it is used when there are too few now. `over` says that no more leads
    come to the after side.
    """
    if over and after.n + after.waiting < FEWEST_LEADS:
        return RecapVerdict(
            measure,
            Outcome.TOO_EARLY,
            before,
            after,
            f"{name} cannot be told: the period is over, and it has {_leads(after.n + after.waiting)}; "
            f"{FEWEST_LEADS} are needed.",
        )
    if after.n < FEWEST_LEADS:
        when = f" Readable on about {_day(readable_on)}." if readable_on else ""
        have = "no leads count yet" if after.n == 0 else f"only {_leads(after.n)} count so far"
        waiting = f", {_leads(after.waiting)} more are still under way" if after.waiting else ""
        return RecapVerdict(
            measure,
            Outcome.TOO_EARLY,
            before,
            after,
            f"{name}: too early to tell; {have}{waiting}.{when}",
            None,
            readable_on,
        )
    interval = newcombe(after.hits, after.n, before.hits, before.n)
    if before.n < FEWEST_LEADS or interval is None:
        return RecapVerdict(
            measure,
            Outcome.NO_DETECTABLE_CHANGE,
            before,
            after,
            f"{name} is {_percent(after.value)} now; the baseline has {_leads(before.n)}, too few to compare with.",
            interval,
        )
    span = f"95% interval {_points(interval.low)} to {_points(interval.high)} points"
    change = f"from {_percent(before.value)} to {_percent(after.value)}"
    if interval.low > 0:
        return RecapVerdict(
            measure, Outcome.IMPROVED, before, after, f"{name} rose {change} ({span}).", interval
        )
    if interval.high < 0:
        return RecapVerdict(
            measure, Outcome.WORSE, before, after, f"{name} fell {change} ({span}).", interval
        )
    unseen = max(abs(interval.low), abs(interval.high))
    return RecapVerdict(
        measure,
        Outcome.NO_DETECTABLE_CHANGE,
        before,
        after,
        f"{name} went {change}, which can be chance ({span}). "
        f"A true change of up to {abs(unseen) * 100:.1f} points cannot be ruled out.",
        interval,
    )


def doubt(verdict: RecapVerdict, before: Share, after: Share) -> RecapVerdict:
    """Take an improvement of the acceptance back when sales left clearly more of the due leads undecided.

    `before` and `after` are the shares of due leads that were decided. Who stays silent on weak leads raises the
    acceptance of the rest.
    """
    change = newcombe(after.hits, after.n, before.hits, before.n)
    if verdict.outcome is not Outcome.IMPROVED or change is None or change.high >= 0:
        return verdict
    return replace(
        verdict,
        outcome=Outcome.NO_DETECTABLE_CHANGE,
        sentence=(
            f"{verdict.sentence} But sales decided on fewer of the leads that were due ({_percent(before.value)} before, "
            f"{_percent(after.value)} after), so the undecided ones may hide rejections: no improvement is claimed."
        ),
    )


def summarise(verdicts: Sequence[RecapVerdict], names: Mapping[str, str] | None = None) -> str:
    """One sentence over all verdicts: 'Of three measures, two improved and one cannot be read yet.'

    With `names` (key of a measure → name) it also says which, with their figures before and after.
    """
    found = list(verdicts)
    total = len(found)
    if not total:
        return "There is nothing to compare yet."
    parts = []
    for label, words in (
        ("Improved", "improved"),
        ("Worse", "got worse"),
        ("No detectable change", "show no detectable change"),
        ("Cannot be compared", "cannot be compared"),
        ("Too early to tell", "cannot be read yet"),
    ):
        of_these = [verdict for verdict in found if verdict.label == label]
        count = len(of_these)
        if count:
            words = words.replace("show ", "shows ") if count == 1 else words
            which = f" ({'; '.join(_named(one, names[one.measure]) for one in of_these)})" if names else ""
            parts.append(f"{_number(count)} {words}{which}")
    joined = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Of {_number(total)} measures, {joined}."


def _named(verdict: RecapVerdict, name: str) -> str:
    """'acceptance from 60% to 70%', without figures where they are not compared."""
    told = f"{name[:1].lower()}{name[1:]}"
    sides = (verdict.before.value, verdict.after.value)
    if None in sides or verdict.label in ("Cannot be compared", "Too early to tell"):
        return told
    return f"{told} from {_percent(sides[0])} to {_percent(sides[1])}"


def _number(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six")
    return words[count] if count < len(words) else str(count)


def _leads(count: int) -> str:
    return "1 lead" if count == 1 else f"{count:,} leads"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _points(share: float) -> str:
    points = share * 100
    return f"{points:+.1f}".replace("-", "−")


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""
