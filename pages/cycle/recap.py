"""The recap: before against after, with honest uncertainty, and where to grow next."""

import streamlit as st

from actions import cycles, recap
from actions.permissions import may
from actions.recap import MEASURES
from actions.settings import local_time
from alignment.cycles import Phase
from alignment.recap import Outcome, RecapVerdict, summarise
from components.alignment_over_time import show_alignment
from components.charts import metrics as charts
from components.outcome import perform, show_outcome
from components.page import open_page, stop_on_refusal
from components.passport import duration, percent
from components.session import actor, person
from components.text import plain

LOOKS = {
    Outcome.IMPROVED: ("green", ":material/trending_up:"),
    Outcome.WORSE: ("red", ":material/trending_down:"),
    Outcome.NO_DETECTABLE_CHANGE: ("gray", ":material/trending_flat:"),
    Outcome.TOO_EARLY: ("violet", ":material/hourglass_top:"),
}

me = person()
runs = may(me, "cycle:run")
open_page("Recap", "Did it help?")
show_outcome()

with stop_on_refusal():
    every = cycles.list_cycles(actor())
if not every:
    st.subheader("There is nothing to look back on yet.", anchor=False)
    st.write("A recap compares the figures after an agreement with a baseline from before it.")
    way = "Start with a cycle" if runs else "See the cycle"
    st.page_link("pages/cycle/cycle.py", label=way, icon=":material/cycle:")
    st.stop()

names = {cycle.id: cycle for cycle in every}
looked_at = next(
    (cycle.id for cycle in every if cycle.phase in (Phase.EXECUTE, Phase.RECAP)),
    next((cycle.id for cycle in every if cycle.recap is not None), every[0].id),
)
if len(every) > 1:
    chosen = st.selectbox(
        "Cycle",
        list(names),
        index=list(names).index(looked_at),
        format_func=lambda key: f"{names[key].name} ({names[key].phase.label.lower()})",
        key="cycle",
        bind="query-params",
    )
    looked_at = chosen if chosen in names else looked_at

with stop_on_refusal(), st.spinner("Comparing …"):
    cycle, found = recap.read_recap(actor(), looked_at)


def day(value) -> str:
    return value.strftime("%-d %B %Y") if value else "today"


def show_verdict(verdict: RecapVerdict) -> None:
    colour, icon = LOOKS[verdict.outcome]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{MEASURES[verdict.measure].heading}**")
            st.badge(verdict.label, color=colour, icon=icon)
        st.markdown(plain(verdict.sentence))
        sides = [
            charts.Estimate(label, share.value, share.interval, share.n)
            for label, share in (("Before", verdict.before), ("After", verdict.after))
            if share.value is not None
        ]
        if len(sides) == 2:
            st.plotly_chart(
                charts.change_figure(sides[0], sides[1], verdict.outcome.value, st.context.theme.type),
                key=f"recap_{verdict.measure}",
                config={"displayModeBar": False},
                alt=charts.shares_in_words(MEASURES[verdict.measure].heading, sides),
            )
        st.caption(
            f"Before: {verdict.before.hits:,} of {verdict.before.n:,} leads. "
            f"After: {verdict.after.hits:,} of {verdict.after.n:,}"
            + (f", {verdict.after.waiting:,} more are still under way." if verdict.after.waiting else ".")
        )


if found is None:
    st.subheader(f"“{plain(cycle.name)}” is in {cycle.phase.label}: there is no recap yet.", anchor=False)
    if cycle.baseline is None:
        st.write("The baseline is frozen when the cycle leaves Identify, before anything is changed.")
    else:
        st.write("The baseline is frozen. The comparison begins when the plan is put into practice.")
    st.page_link("pages/cycle/cycle.py", label="See the cycle", icon=":material/cycle:")
    show_alignment()
    st.stop()

names_of_measures = {key: measure.name for key, measure in MEASURES.items()}
st.subheader(summarise(found.verdicts, names_of_measures), anchor=False)
first, last = found.before_period
began, ended = found.after_period
st.caption(
    f"Baseline: {day(first)} to {day(last)}. After: {day(began)} to {day(ended)}. "
    + (
        f"Conversions get {found.window_days} days; the baseline's are the {(last - first).days + 1} days before that window."
        if found.window_days
        else ""
    )
)
if found.as_frozen:
    frozen = "; ".join(
        f"{MEASURES[key].name[0].lower() + MEASURES[key].name[1:]} {percent(share.value)} of {share.n:,}"
        for key, share in found.as_frozen.items()
        if share.value is not None
    )
    judged = [plain(found.restated_under)] if found.restated_under else []
    judged += ["the promises and business hours of now"] if found.promises_changed else []
    st.info(
        f"Something else was agreed when the baseline was frozen, so both periods are measured by {' and by '.join(judged)}. "
        + (f"By what was agreed then, the baseline was: {frozen}." if frozen else ""),
        icon=":material/balance:",
        title="Improved, or only redefined?",
    )
for verdict in found.verdicts:
    show_verdict(verdict)
decided = [percent(share.value) for share in found.coverage if share.value is not None]
if len(decided) == 2:
    st.caption(
        f"Of the leads due for a decision, sales decided on {decided[0]} before and {decided[1]} after."
    )
before, after = found.medians
if before is not None and after is not None:
    st.caption(
        f"Median business time to the first call: {duration(before)} before, {duration(after)} after "
        "(leads that still wait are counted as waiting)."
    )
show_alignment()

if cycle.growth:
    with st.container(border=True):
        st.markdown("**Growth areas for the next cycle**")
        st.markdown(plain(cycle.growth))
if cycle.phase is Phase.RECAP and runs:
    st.subheader("Where do we grow next?" if not cycle.growth else "Write it anew", anchor=False)
    growth = st.text_area(
        "Growth areas: what worked, what did not, what to take on next",
        value=cycle.growth,
        max_chars=4000,
        key=f"recap_growth_{cycle.id}",
    )
    # not in a callback: that would be the one of an earlier run, without what was typed last
    if st.button("Write down the recap", type="primary", icon=":material/edit_note:", key="recap_write"):
        perform(
            "The recap is written down. The cycle can be closed.",
            cycles.write_recap,
            cycle.id,
            cycle.revision,
            growth,
        )
        st.rerun()
    st.caption("Keeps the comparison as it reads now. It can be written again until the cycle is closed.")
elif cycle.phase is Phase.EXECUTE:
    st.page_link("pages/cycle/cycle.py", label="Go on to Recap in the cycle", icon=":material/arrow_forward:")
elif cycle.closed_at:
    st.caption(f"Closed on {day(local_time(actor(), cycle.closed_at))}.")
