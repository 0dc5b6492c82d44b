"""Rules between the two teams' own: searched within limits, with what each team would give up."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from actions import bridging
from actions.rule_starts import RuleStart
from alignment.bridging import Bridge, Limits, Price, Search
from alignment.people import Team
from alignment.rules import sentence, to_json
from alignment.what_if import Outcomes, Window
from components.charts.lettering import percent
from components.outcome import show_outcome
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain
from components.what_if import (
    TEAM_COLOURS,
    Windows,
    a_week_in_words,
    choose_leads,
    choose_start,
    rate_in_words,
    rounded_a_week,
)


@st.fragment
def show_bridges(starts: Sequence[RuleStart], counted: Windows) -> None:
    """What was found, above both teams' rules, the limits, and the search."""
    show_outcome()
    rules = [start for start in starts if not start.is_score]
    if len(rules) < 2:
        st.info(
            "A rule between both teams needs a rule of each. Ask both in a questionnaire, or draft a second version of a "
            "definition.",
            icon=":material/handshake:",
        )
        return
    answer = st.container()
    window, capacity = choose_leads(counted)
    with st.form("what_if_bridge"):
        own = {start.team: start.key for start in rules if start.team is not None}
        chosen = {}
        for place, (team, column) in enumerate(zip(Team, st.columns(2), strict=True)):
            with column:
                first = own.get(team, rules[place].key)
                label = f"{team.label.capitalize()} wants"
                chosen[team] = choose_start(label, f"what_if_bridge_{team.value}", rules, first, {})
        with st.container(horizontal=True, vertical_alignment="bottom"):
            least = st.number_input(
                "Leads a week at least",
                min_value=0,
                value=None,
                placeholder="no limit",
                key="what_if_bridge_least",
                width=180,
            )
            most = st.number_input(
                "Leads a week at most",
                min_value=0,
                value=capacity,
                placeholder="no limit",
                key="what_if_bridge_most",
                width=180,
            )
            rate = st.number_input(
                "Win rate at least, in %",
                min_value=0,
                max_value=100,
                value=None,
                placeholder="no limit",
                key="what_if_bridge_rate",
                width=180,
            )
        searching = st.form_submit_button("Search", type="primary", icon=":material/search:")
    documents = {
        team: next(start.document for start in rules if start.key == key) for team, key in chosen.items()
    }
    asked = (chosen, least, most, rate, window)
    if searching:
        st.session_state["what_if_bridge_asked"] = asked
    if st.session_state.get("what_if_bridge_asked") != asked:
        answer.markdown(
            "Which rule could both teams live with? From the conditions and thresholds of both rules, the portal builds new ones "
            "and looks for those that agree best with the team they agree with less."
        )
        return
    limits = Limits(least, most, None if rate is None else rate / 100)
    with answer, stop_on_refusal():
        found = _search(documents, limits, window)
        _show_answer(found)
    for number, bridge in enumerate(found.bridges, start=1):
        _show_bridge(number, bridge, limits)


def _search(documents: Mapping[Team, Mapping[str, Any]], limits: Limits, window: Window) -> Search:
    shown = st.empty()
    bar = shown.progress(0.0, "Rules are built and tried …")
    found = bridging.find_bridges(actor(), documents, limits, window, lambda share: _move(bar, share))
    shown.empty()
    return found


def _move(bar: Any, share: float) -> None:
    bar.progress(min(1.0, share), "Rules are built and tried …")


def _show_answer(found: Search) -> None:
    tried = f"{found.tried:,} rules were tried" + (
        "" if found.complete else f" of {found.possible:,} that can be built"
    )
    if not found.bridges:
        st.subheader("No rule keeps to these limits.", anchor=False)
        st.markdown(f"{tried}. Loosen a limit, and search again.")
        return
    best = found.bridges[0]
    st.subheader(
        f"The closest rule has at least {percent(best.support)} of its leads in common with each team.",
        anchor=False,
    )
    st.markdown(
        f"In common are leads that the rule and the team's own rule both let through, of all that either of them does. {tried}."
    )
    # simulated: of 20,000 rules on leads of which each rule wins 20 %, nearly always one wins 25 % of those it was chosen by
    st.caption(
        f"Rules were chosen by one half of the window's leads ({found.searched:,}), drawn evenly over it; all that is said of them "
        f"is counted on the other half ({found.told:,}), so that none looks good only because it was picked from many."
        + (
            " On the half they were chosen by, none is worse than another in everything."
            * (len(found.bridges) > 1)
        )
    )


def _show_bridge(number: int, bridge: Bridge, limits: Limits) -> None:
    with st.container(border=True, key=f"what_if_bridge_{number}"):
        st.markdown(f"**{number}.** {plain(f'A lead qualifies if {sentence(bridge.rule)}.')}")
        st.markdown(
            f"It would let about {a_week_in_words(bridge.a_week)} leads a week through: {_counted(bridge.passed)} of the half that "
            f"is counted. Of those that were won or lost since, {rate_in_words(bridge.passed)} were won."
        )
        if not limits.kept(*_as_told(bridge)):
            st.caption(
                ":material/info: It kept to your limits on the leads it was chosen by, and does not quite on these: take them as what "
                "to expect."
            )
        for team in Team:
            price = bridge.prices[team]
            badge = f":{TEAM_COLOURS[team]}-badge[{team.label.capitalize()}]"
            st.markdown(f"{badge} **{percent(price.support)} in common.** {_price_in_words(price)}")
        with st.popover("Take it", icon=":material/content_copy:", key=f"what_if_bridge_take_{number}"):
            st.caption("Paste this as a rule: in the glossary, the workshop, or above under “A rule”.")
            st.code(to_json(bridge.rule), language=None)


def _as_told(bridge: Bridge) -> tuple[float, float | None]:
    """Leads a week and win rate, no finer than they are read, so that 60 is not more than 60."""
    rate = bridge.passed.win_rate
    return rounded_a_week(bridge.a_week), None if rate is None else round(rate, 2)


def _price_in_words(price: Price) -> str:
    """What a team gives up by a rule, and what it takes with it."""
    gives_up, takes = price.gives_up, price.takes
    if not gives_up.leads and not takes.leads:
        return "The same leads as by its own rule."
    loses = (
        f"Loses {_counted(gives_up)} that its own rule lets through" if gives_up.leads else "Loses no lead"
    )
    gets = (
        f"gets {_counted(takes)} that its own rule keeps out"
        if takes.leads
        else "gets none that it does not want"
    )
    return f"{loses}, and {gets}."


def _counted(outcomes: Outcomes) -> str:
    leads = "1 lead" if outcomes.leads == 1 else f"{outcomes.leads:,} leads"
    return f"{leads} ({outcomes.won:,} won)"
