"""Metrics: how leads do under the definition in force, and how sure that is."""

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from actions import leads, metrics
from actions.settings import local_time, read_company, today
from alignment.lifecycle import RejectionReason
from components.charts import metrics as charts
from components.page import open_page, stop_on_refusal
from components.passport import percent, show_figure, written
from components.session import actor, person
from components.text import plain

PERIODS = {"30": "30 days", "90": "90 days", "365": "12 months", "all": "All"}
SPLITS = {"source": "Source", "definition": "Definition"}
MOST_SHOWN = 12
HARDLY_ANY = 5

person()
open_page("Metrics", "How do leads do under the definition in force, and how sure is that?")

with stop_on_refusal():
    shown_revision = leads.read_revision(actor())
    versions = metrics.list_definitions(actor())
    company = read_company(actor())


@st.fragment(run_every="2s")
def watch(shown: str) -> None:
    """Draw the page anew when an import has moved the facts."""
    if leads.read_revision(actor()) != shown:
        st.rerun()


watch(shown_revision)
if not shown_revision:
    st.subheader("There are no leads yet.", anchor=False)
    st.write("As soon as leads are imported, this page shows volume, conversion, acceptance and speed.")
    st.page_link("pages/leads/leads.py", label="Bring in leads", icon=":material/upload:")
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    period = st.segmented_control(
        "MQLs of the last",
        list(PERIODS),
        default="90",
        required=True,
        format_func=PERIODS.__getitem__,
        key="period",
        bind="query-params",
    )
    split = st.segmented_control(
        "Split by",
        list(SPLITS),
        default="source",
        required=True,
        format_func=SPLITS.__getitem__,
        key="split",
        bind="query-params",
    )
    restate = (
        st.selectbox(
            "Judge all leads by",
            ["", *versions],
            format_func=lambda label: label or "the version in force at the time",
            key="restate",
            bind="query-params",
            help="Restating under one version keeps a new definition from looking like an improvement.",
        )
        if versions
        else ""
    )

first_day = None if period == "all" else today(actor()) - timedelta(days=int(period or "90") - 1)
with stop_on_refusal(), st.spinner("Computing …", show_time=False):
    found = metrics.read_metrics(actor(), first_day=first_day, by=split, restate=restate or None)
    weekly = metrics.read_weekly_volume(actor(), first_day=first_day, restate=restate or None)
total = {figure.key: figure for figure in found if not figure.group}
by_part: dict[str, list] = {}
for figure in found:
    if split in figure.group:
        by_part.setdefault(figure.key, []).append(figure)
theme = st.context.theme.type

volume = total["volume:mql"]
acceptance = total["acceptance_rate:mql:sal"]
in_time = total["followed_up_in_time:mql"]
silent = total["silent_rejections:mql"]
sentence = f"{volume.numerator:,} MQLs"
sentence += f" meet {plain(volume.definition_version)}" if volume.definition_version else ""
if acceptance.value is not None:
    sentence += f"; sales accepted {percent(acceptance.value)} of those it decided on"
if in_time.value is not None:
    sentence += f" and kept the promise of a call within {company.follow_up_minutes} minutes for {percent(in_time.value)}"
if silent.numerator:
    sentence += f"; {silent.numerator:,} leads wait for a decision beyond the agreed time"
st.subheader(sentence + ".", anchor=False)


@st.dialog("The leads behind the figure")
def show_leads(figure) -> None:
    ids = metrics.list_leads_behind(
        actor(), figure.key, first_day=first_day, by=split, restate=restate or None
    )
    st.caption(f"The first {len(ids)} of {figure.denominator:,} that count, by their id.")
    st.dataframe(pd.DataFrame({"Lead": ids}), hide_index=True, alt="Ids of the leads behind the figure")


CARDS = (
    ("volume:mql", "MQLs"),
    ("conversion:mql:won", "Conversion to won"),
    ("acceptance_rate:mql:sal", "Accepted by sales"),
    ("followed_up_in_time:mql", f"Called within {company.follow_up_minutes} min"),
    ("speed_to_lead_median:mql", "Median time to call"),
    ("silent_rejections:mql", "Silent rejections"),
)


def at(instant: str) -> str:
    """An instant as the company's clocks show it."""
    return local_time(actor(), instant).strftime("%-d %B %Y, %H:%M")


with st.grid(3, min_column_width=150):
    for key, title in CARDS:
        if key in total:
            show_figure(total[key], title, f"metrics_{key}", at, show_leads)


def named(label: str) -> str:
    """How a part is called on screen."""
    special = {"(blank)": "No source given", "(none)": "Before any definition"}
    return special.get(label) or label.replace("_", " ")


def reason_label(code: str) -> str:
    """A rejection's code as people read it; codes of the company's own as they came."""
    if code == "(none)":
        return "No reason given"
    return RejectionReason(code).label if code in set(RejectionReason) else code.replace("_", " ")


def show_split(key: str, title: str, question: str) -> None:
    """One measure by part, largest denominators first, with intervals; small parts are counted, not drawn."""
    parts = [figure for figure in by_part.get(key, []) if figure.value is not None]
    parts.sort(key=lambda figure: -figure.denominator)
    drawn = [figure for figure in parts if figure.denominator >= HARDLY_ANY][:MOST_SHOWN]
    if not drawn:
        return
    estimates = [
        charts.Estimate(named(figure.group[split]), figure.value, figure.interval, figure.denominator)
        for figure in sorted(drawn, key=lambda figure: -(figure.value or 0))
    ]
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(question)
        st.plotly_chart(
            charts.shares_figure(estimates, theme),
            key=f"metrics_chart_{key}",
            config={"displayModeBar": False},
            alt=charts.shares_in_words(title, estimates),
        )
        if len(parts) > len(drawn):
            st.caption(f"{len(parts) - len(drawn)} more with too few leads are in the table.")
        with st.popover("Numbers", icon=":material/table:", type="tertiary", key=f"metrics_numbers_{key}"):
            st.dataframe(
                pd.DataFrame(
                    {
                        SPLITS[split]: [named(figure.group[split]) for figure in parts],
                        "Share": [written(figure) for figure in parts],
                        "Hits": [figure.numerator for figure in parts],
                        "Leads": [figure.denominator for figure in parts],
                        "95% from": [
                            percent(figure.interval.low) if figure.interval else "" for figure in parts
                        ],
                        "to": [percent(figure.interval.high) if figure.interval else "" for figure in parts],
                    }
                ),
                hide_index=True,
                alt=f"{title} by {SPLITS[split].lower()}",
            )


weeks: dict[date, int] = {}
outside: dict[date, int] = {}
changes: list[tuple[date, str]] = []
for figure in weekly:
    monday = date.fromisoformat(figure.group["week"][:10])
    label = figure.group["definition"]
    weeks[monday] = weeks.get(monday, 0) + figure.numerator
    outside[monday] = outside.get(monday, 0) + sum(figure.excluded.values())
    if not restate and label != "(none)" and label not in [known for _, known in changes]:
        changes.append((monday, label))
if weeks:
    drawn_weeks = [charts.Week(monday, weeks[monday], outside[monday]) for monday in sorted(weeks)]
    marks = [(day, label) for day, label in changes if day > min(weeks)]
    with st.container(border=True):
        st.markdown("**MQLs per week**")
        st.caption("A dotted line marks the week in which another definition came into force.")
        st.plotly_chart(
            charts.volume_figure(drawn_weeks, marks, theme),
            key="metrics_volume",
            config={"displayModeBar": False},
            alt=charts.volume_in_words(drawn_weeks, marks),
        )

left, right = st.columns(2)
with left:
    show_split(
        "conversion:mql:won",
        "Conversion to won",
        "Of the MQLs old enough to judge, which share was won within the window?",
    )
    show_split(
        "acceptance_rate:mql:sal",
        "Accepted by sales",
        "Of the MQLs that sales decided on, which share did it accept?",
    )
with right:
    show_split("win_rate:won", "Win rate", "Of what was closed in the period, which share was won?")
reasons = [figure for figure in found if figure.name == "rejection_reason"]
if reasons:
    estimates = [
        charts.Estimate(
            reason_label(figure.group["reason"]),
            figure.value or 0,
            figure.interval,
            figure.denominator,
        )
        for figure in reasons[:MOST_SHOWN]
    ]
    with right, st.container(border=True):
        st.markdown("**Why leads are turned down**")
        st.caption("Share of all decisions, by the reason that sales gave.")
        st.plotly_chart(
            charts.shares_figure(estimates, theme),
            key="metrics_reasons",
            config={"displayModeBar": False},
            alt=charts.shares_in_words("Rejections by reason", estimates),
        )
        for figure in reasons:
            for note in figure.notes:
                st.caption(f":material/info: {plain(note)}")
win = total.get("win_rate:won")
if win is not None and win.value is None and win.notes:
    st.caption(f":material/info: {plain(win.notes[0])}")
