"""The dashboard's first sentence: what marketing delivered, what sales did with it, and what waits."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alignment.goals import GoalMeasure
from alignment.people import Team
from components.passport import percent
from components.text import plain

if TYPE_CHECKING:
    from actions.goals import GoalProgress


def summary(
    figures: Mapping[str, Any],
    goals: "Sequence[GoalProgress]",
    period: str,
    in_time_words: str,
    promised: float | None = None,
) -> str:
    """One sentence, as markdown: “Marketing delivered 84 of 90, sales followed up 76% within the hour; 31 leads wait …”.

    `period` names the days it is about (“in the last 90 days”), `in_time_words` the time of the promise (“within the
    hour”). `promised` is the number of leads that marketing has promised for these days, where it has.
    """
    volume = figures["volume:mql"]
    parts = [f"Marketing delivered {_delivered(volume.numerator, goals, period, promised)}"]
    in_time = figures.get("followed_up_in_time:mql")
    if in_time is not None and in_time.value is not None:
        parts.append(f"sales followed up {percent(in_time.value)} {in_time_words}")
    acceptance = figures.get("acceptance_rate:mql:sal")
    if len(parts) == 1 and acceptance is not None and acceptance.value is not None:
        parts.append(f"sales accepted {percent(acceptance.value)} of those it decided on")
    sentence = ", ".join(parts)
    waiting = acceptance.excluded.get("undecided", 0) if acceptance is not None else 0
    if acceptance is None or acceptance.value is None:
        return f"{sentence}."
    if not waiting:
        return f"{sentence}; no lead waits for a decision."
    late = figures["silent_rejections:mql"].numerator if "silent_rejections:mql" in figures else 0
    sentence += f"; {waiting:,} {'lead waits' if waiting == 1 else 'leads wait'} for a decision"
    return f"{sentence}, {late:,} of them for longer than agreed." if 0 < late <= waiting else f"{sentence}."


def _delivered(count: int, goals: "Sequence[GoalProgress]", period: str, promised: float | None) -> str:
    for found in goals:
        pace = found.contributions.get(Team.MARKETING)
        if pace is not None and pace.target.measure is GoalMeasure.QUALIFIED:
            return f"{pace.actual:,.0f} of {pace.target.amount:,.0f} for “{plain(found.goal.title)}”"
    if promised is not None:
        return f"{count:,} of {promised:,.0f} promised leads {period}"
    return f"{count:,} qualified {'lead' if count == 1 else 'leads'} {period}"


def promised_time(minutes: int) -> str:
    """“within the hour”, “within 30 minutes”, “within 4 hours”: business time."""
    if minutes == 60:
        return "within the hour"
    if minutes % 60 == 0:
        return f"within {minutes // 60} business hours"
    return f"within {minutes} business minutes"
