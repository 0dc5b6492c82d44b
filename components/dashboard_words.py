"""The dashboard's first sentence: what marketing delivered, what sales did with it, and what waits."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alignment.goals import GoalMeasure
from alignment.people import Team
from components.passport import percent
from components.text import plain

if TYPE_CHECKING:
    from actions.goals import GoalProgress

SO_FAR = "so far"
"""The period of all leads, in a sentence."""


def summary(
    figures: Mapping[str, Any],
    goals: "Sequence[GoalProgress]",
    period: str,
    in_time_words: str,
    promised: float | None = None,
) -> str:
    """One sentence, as markdown: “Marketing delivered 84 qualified leads in the last 90 days, sales followed up 76% within
    the hour; 31 of these leads wait …”. What marketing delivered for a goal is since its first day, the rest says its own days.

    `period` names the days it is about (“in the last 90 days”), `in_time_words` the time of the promise (“within the
    hour”). `promised` is the number of leads that marketing has promised for these days, where it has.
    """
    volume = figures["volume:mql"]
    for_goal = _for_goal(goals)
    delivered = for_goal or _delivered(volume.numerator, period, promised)
    in_time = figures.get("followed_up_in_time:mql")
    acceptance = figures.get("acceptance_rate:mql:sal")
    did = ""
    if in_time is not None and in_time.value is not None:
        did = f"sales followed up {percent(in_time.value)} {in_time_words}"
    elif acceptance is not None and acceptance.value is not None:
        did = f"sales accepted {percent(acceptance.value)} of those it decided on"
    sentence = f"Marketing delivered {delivered}"
    if did:
        sentence += f"; {period} {did}" if for_goal else f", {did}"
    if acceptance is None or acceptance.value is None:
        return f"{sentence}."
    leads = "these leads"
    if for_goal:
        leads = "the qualified leads" if period == SO_FAR else "the qualified leads of these days"
    waiting = acceptance.excluded.get("undecided", 0)
    if not waiting:
        return f"{sentence}; none of {leads} waits for a decision."
    late = figures["silent_rejections:mql"].numerator if "silent_rejections:mql" in figures else 0
    sentence += f"; {waiting:,} of {leads} {'waits' if waiting == 1 else 'wait'} for a decision"
    return f"{sentence}, {late:,} of them overdue." if 0 < late <= waiting else f"{sentence}."


def _for_goal(goals: "Sequence[GoalProgress]") -> str:
    """What marketing delivered for the first goal that counts qualified leads, since its first day; '' where there is none."""
    for found in goals:
        pace = found.contributions.get(Team.MARKETING)
        if pace is not None and pace.target.measure is GoalMeasure.QUALIFIED:
            return (
                f"{pace.actual:,.0f} of {pace.target.amount:,.0f} qualified leads for “{plain(found.goal.title)}” since "
                f"{found.goal.first_day:%-d %B}"
            )
    return ""


def _delivered(count: int, period: str, promised: float | None) -> str:
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


def won_in_time(figure: Any) -> str:
    """What the conversion to won counts, in words: other wins that are told beside it need not be of the same leads."""
    days = figure.window_days if figure is not None else None
    return f"MQLs won within {days} days" if days else "MQLs won in time"
