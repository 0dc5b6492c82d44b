"""A score tried on past leads: does it put those first that are won, at the capacity that sales has; and two beside each other."""

from collections.abc import Mapping, Sequence

import streamlit as st

from actions import score_checks
from actions.rule_starts import RuleStart
from actions.score_checks import ScoreCheck
from alignment.people import Team
from alignment.scoring import Approach, Proposal, Roc
from alignment.texts import number_text
from alignment.what_if import LEAST_WINS, Window
from components.charts.lettering import percent
from components.charts.what_if import OutcomeRow, roc_figure
from components.navigation import page_path
from components.outcome import show_outcome
from components.page import show_refusal, stop_on_refusal
from components.session import actor
from components.text import plain
from components.what_if import (
    OWN_SCORE,
    Windows,
    caution_of,
    choose_leads,
    choose_start,
    edit_chosen,
    looking,
    show_outcomes,
)


@st.fragment
def show_score(starts: Sequence[RuleStart], counted: Windows) -> None:
    """How well the score tells, above what it is, and how far both teams' points are apart."""
    show_outcome()
    answer = st.container()
    scores = [start for start in starts if start.is_score]
    window, capacity = choose_leads(counted)
    chosen = choose_start("Score to try", "what_if_score", scores, None, OWN_SCORE)
    document = edit_chosen(chosen, scores, "what_if_points", "score")
    if document is None:
        with answer:
            st.info(
                "Give points for traits and actions and set a threshold, or choose a score below, to see whether it puts the "
                "right leads first.",
                icon=":material/scoreboard:",
            )
    else:
        check = None
        with answer, show_refusal():
            with looking():
                check = score_checks.check_score(actor(), document, window)
            _show_answer(check, capacity)
        if check is not None:
            _show_check(check)
    _show_both(scores, window)


def _show_answer(check: ScoreCheck, capacity: int | None) -> None:
    st.subheader(plain(_verdict(check.roc)), anchor=False)
    st.markdown(_answer(check, capacity))
    caution = caution_of(check.everyone)
    if caution:
        st.caption(f":material/info: {plain(caution)}")


def _show_check(check: ScoreCheck) -> None:
    rows = [OutcomeRow(band.label, band.outcomes) for band in check.bands]
    show_outcomes("Leads by points", rows, "what_if_bands")
    if check.roc is None:
        return
    st.subheader("Does it hold in newer leads too?", anchor=False)
    earlier, later = check.halves
    st.markdown(_halves(earlier, later))
    with st.container(border=True):
        st.plotly_chart(
            roc_figure([("All", check.roc)], st.context.theme.type),
            key="what_if_roc",
            alt=(
                f"Share of won against share of lost leads that reach each number of points; the area under the curve is "
                f"{_area(check.roc)}"
            ),
            config={"displayModeBar": False},
        )
        st.caption(
            "From left to right, more and more leads are taken, those with the most points first. The further the line bends "
            "to the top left, the better the score tells won from lost leads; along the dotted line it tells nothing."
        )


def _verdict(roc: Roc | None) -> str:
    """The answer in one sentence."""
    if roc is None:
        return "No lead of this time was won, or none was lost, so a score cannot be tried on it."
    if not roc.tells:
        return "Too few leads were won or lost to say whether the score puts the right ones first."
    if roc.interval.low > 0.5:
        return "Leads that were won have more points than leads that were lost."
    if roc.interval.high < 0.5:
        return "Leads that were won have fewer points than leads that were lost."
    return "Nothing shows that leads that were won have more points."


def _answer(check: ScoreCheck, capacity: int | None) -> str:
    roc = check.roc
    if roc is None:
        return "Choose a longer time."
    said = (
        f"Of a won and a lost lead, picked at random, the won one has more points in **{_area(roc)}** of cases; by tossing a coin "
        "it would be 50%."
    )
    if not roc.tells:
        said += (
            f" But {roc.won:,} wins and {roc.lost:,} losses are too few for a verdict: at least {LEAST_WINS} of each are "
            "needed."
        )
    if capacity is None:
        return (
            f"{said} Say below how many leads sales can work a week, to see what the first of them are worth."
        )
    lift = check.lift(capacity)
    if lift is None:
        return said
    return (
        f"{said} The {lift.taken:,} leads with the most points, as many as sales can work, were won in **{percent(lift.rate)}** of "
        f"cases that ended, **{lift.lift:.1f} times** as often as all ({percent(lift.base)})."
    )


def _halves(earlier: Roc | None, later: Roc | None) -> str:
    if earlier is None or later is None:
        return "One half of this time has no won or no lost leads, so it cannot be told."
    said = (
        f"Among the leads of the earlier half of this time, the won one has more points in {_area(earlier)} of cases, in the "
        f"later half in {_area(later)}."
    )
    if not (earlier.tells and later.tells):
        return f"{said} With fewer than {LEAST_WINS} wins or losses in a half, that is no more than a hint."
    if later.interval.high < earlier.interval.low:
        return f"{said} **It tells less of newer leads**: it may fit the past only."
    return f"{said} The two agree as far as can be told."


def _area(roc: Roc) -> str:
    return f"{percent(roc.area)} ({percent(roc.interval.low)[:-1]}–{percent(roc.interval.high)})"


# ── both teams' points ───────────────────────────────────────────────────────────────────────────────────────────────


def _show_both(scores: Sequence[RuleStart], window: Window) -> None:
    sides = {start.team: start for start in scores if start.team is not None}
    st.subheader("Both teams' points", anchor=False)
    if len(sides) < len(Team):
        st.caption(
            "Each team proposes its own points first; once both have, they stand here beside each other."
        )
        st.page_link(page_path("score"), label="Propose points for your team", icon=":material/scoreboard:")
        return
    with stop_on_refusal(), looking():
        checks = {team: score_checks.check_score(actor(), sides[team].document, window) for team in Team}
    named = [(team.label, checks[team].roc) for team in Team]
    told = [f"{_area(roc)} of cases by the points of {name}" for name, roc in named if roc]
    if told:
        st.markdown(plain(f"Of a won and a lost lead, the won one has more in {', in '.join(told)}."))
    with show_refusal():
        with looking():
            found = score_checks.bring_together(
                actor(), sides[Team.SALES].document, sides[Team.MARKETING].document, window
            )
        _show_approach(
            found, {team: score_checks.read_proposal(actor(), sides[team].document) for team in Team}
        )


def _show_approach(found: Approach | None, before: Mapping[Team, Proposal]) -> None:
    if found is None:
        st.caption("No change was found that brings both to one order of bands.")
        return
    after = {Team.SALES: found.first, Team.MARKETING: found.second}
    if not found.apart:
        st.markdown("Both put every kind of lead into the same band already.")
    else:
        words = "the smallest change" if found.proven else "a small change, perhaps not the smallest,"
        st.markdown(
            plain(
                f"{found.apart:,} leads stand in different bands: at the threshold or above, between half of it and the threshold, "
                f"or below. Moving {number_text(found.moved)} points in all is {words} after which both teams put the "
                f"{found.kinds:,} most frequent kinds of leads ({percent(found.share)} of all) into the same band."
            )
        )
    names = sorted({name for proposal in before.values() for name in proposal.points})
    rows: list[dict[str, str | float]] = [
        {"Points for": name, **_cells(name, before, after)} for name in (*names, THRESHOLD)
    ]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Points for": st.column_config.TextColumn(pinned=True)},
        alt="Both teams' points, and what they would be after the smallest change",
    )


THRESHOLD = "Threshold"


def _cells(
    name: str, before: Mapping[Team, Proposal], after: Mapping[Team, Proposal]
) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for team in Team:
        for of, suffix in ((before[team], ""), (after[team], ", moved")):
            worth = of.threshold if name == THRESHOLD else of.points.get(name, 0.0)
            found[f"{team.label.capitalize()}{suffix}"] = worth
    return found
