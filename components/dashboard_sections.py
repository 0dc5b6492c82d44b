"""The parts of the dashboard beneath its sentence: goals, where leads stand, weeks, parts side by side, reasons, traits."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from actions import metrics, traits
from actions.dashboard import Dashboard
from alignment.goals import GoalMeasure
from alignment.lifecycle import RejectionReason, Stage
from alignment.people import Team
from components.charts import dashboard as charts
from components.charts import metrics as measures
from components.charts.traits import traits_rows
from components.comparison_leads import show_traits
from components.dashboard_choice import Choice
from components.figure_leads import PAGE, LeadList, list_of, list_of_goal, open_leads, open_lists
from components.page import stop_on_refusal
from components.passport import interval_in_words, percent, show_passport, written
from components.session import actor
from components.table_file import download_table
from components.text import ink, plain

if TYPE_CHECKING:
    from actions.goals import GoalProgress

CHART = {"displayModeBar": False, "staticPlot": True}
GOALS_PAGE = "pages/cycle/goals.py"
MOST_SHOWN = 12
HARDLY_ANY = 5
COMPARED = {
    "conversion:mql:won": (
        "MQLs won in time",
        "Of the MQLs old enough to judge, which share was won within {} days?",
    ),
    "acceptance_rate:mql:sal": ("Accepted", "Of the MQLs that sales decided on, which share did it accept?"),
    "followed_up_in_time:mql": (
        "Followed up in time",
        "Of the MQLs whose call was due, which share was called in time?",
    ),
    "win_rate:won": ("Win rate of what was closed", "Of what was closed in the period, which share was won?"),
}
_SPECIAL = {"(blank)": "None given", "(others)": "All others"}
_BEFORE_ANY = "(none)"


def show_goals(running: "Sequence[GoalProgress]") -> None:
    """The goals that run, each with both teams' contribution against an even pace; else the way to the first one."""
    if not running:
        with st.container(border=True, height="stretch"):
            st.markdown("**Shared goals**")
            st.caption(
                "No goal of both teams is running. One counts once both sides have agreed, before its period."
            )
            st.page_link(GOALS_PAGE, label="Agree on a shared goal", icon=":material/flag:")
        return
    for found in running:
        with st.container(border=True, height="stretch" if len(running) == 1 else "content"):
            st.markdown(f"**{plain(found.goal.title)}**")
            show_pace(found, f"metrics_goal_{found.goal.id}", PAGE)
            st.page_link(GOALS_PAGE, label="All goals", icon=":material/flag:")


def show_pace(found: "GoalProgress", key: str, page: str) -> None:
    """A goal's period and, where leads were counted, its figure, what to keep in mind, and the way to the leads it counts.

    `page` is the screen's name among dialogs.
    """
    goal = found.goal
    st.caption(f"{goal.first_day:%-d %B %Y} to {goal.last_day:%-d %B %Y}")
    if found.outcome is None:
        return
    bars = [charts.GoalBar(None, found.outcome)]
    bars += [charts.GoalBar(team, found.contributions[team]) for team in (Team.MARKETING, Team.SALES)]
    st.plotly_chart(
        charts.pace_figure(bars, st.context.theme.type),
        key=key,
        config=CHART,
        alt=charts.pace_in_words(bars),
    )
    if found.redefined:
        now = ", ".join(plain(label) for label in found.definitions)
        before = plain(goal.definition) if goal.definition else "no definition"
        st.caption(
            f":material/info: Agreed under {before}; leads of the period were judged by {now}, so that part of a change may "
            "be a change of words."
        )
    if len(found.currencies) > 1:
        st.caption(
            f":material/info: Values in {', '.join(plain(name) for name in found.currencies)} are added as they stand."
        )
    measures_of = [goal.outcome.measure, *(goal.contributions[team].measure for team in Team)]
    lists = [
        LeadList(
            "Won, with a value" if measure is GoalMeasure.REVENUE else _as_heading(measure.label),
            found.leads[measure],
            list_of_goal(measure.value, goal.first_day, goal.last_day),
        )
        for measure in dict.fromkeys(measures_of)
        if found.leads.get(measure)
    ]
    if lists:
        st.button(
            "Leads behind it",
            key=f"{key}_leads",
            icon=":material/list:",
            type="tertiary",
            on_click=open_lists,
            args=(goal.title, lists, page),
        )


@st.fragment
def show_standing(found: Dashboard, choice: Choice) -> None:
    """Where the qualified leads of the period stand, and the leads that stand there."""
    standing = found.standing
    ends = {"turned down by sales": standing.turned_down, "lost": standing.lost, "still open": standing.open}
    ends = {words: count for words, count in ends.items() if count}
    with st.container(border=True, height="stretch"):
        st.markdown("**Where these leads stand**")
        if not standing.leads:
            st.caption("No lead became an MQL in this period.")
            return
        st.caption("How far they have come by now; the young ones are still on their way.")
        st.plotly_chart(
            charts.standing_figure(standing.leads, standing.reached, ends, st.context.theme.type),
            key="metrics_standing",
            config=CHART,
            alt=charts.standing_in_words(standing.leads, standing.reached, ends),
        )
        rows = charts.standing_rows(standing.leads, standing.reached, ends)
        places = ["delivered", *standing.reached, *(_ENDS[words] for words in ends)]
        chosen = _choose_row(
            rows,
            "Choose a row to see the leads that stand there.",
            "Where the qualified leads of the period stand",
            "metrics_standing",
            "where-leads-stand",
        )
        if chosen is not None:
            words, count = str(rows[chosen]["Where"]), int(rows[chosen]["Leads"])
            _offer_leads(words, [LeadList(words, count, list_of(choice, "standing", str(places[chosen])))])


_ENDS = {"turned down by sales": "turned_down", "lost": "lost", "still open": "open"}


def _choose_row(
    rows: Sequence[dict[str, Any]], caption: str, alt: str, key: str, file_name: str
) -> int | None:
    """The numbers behind a figure, to be opened: a table and its CSV; the row that is chosen in it."""
    with st.expander("Numbers and leads", icon=":material/table:", key=f"{key}_numbers"):
        st.caption(caption)
        picked = st.dataframe(
            list(rows),
            hide_index=True,
            on_select="rerun",
            selection_mode="single-row",
            key=f"{key}_table",
            alt=alt,
        )
        download_table(rows, key, file_name)
    chosen = picked.selection.rows if picked else []
    return chosen[0] if chosen and chosen[0] < len(rows) else None


def _offer_leads(title: str, lists: Sequence[LeadList]) -> None:
    """The button that opens the leads of a row."""
    count = sum(one.count for one in lists)
    st.button(
        plain(f"{_as_heading(title)}: {count:,} {'lead' if count == 1 else 'leads'}"),
        key="metrics_open_" + "_".join(title.split()),
        icon=":material/list:",
        disabled=not count,
        on_click=open_lists,
        args=(_as_heading(title), lists),
    )


@st.fragment
def show_weeks(found: Dashboard, choice: Choice) -> None:
    """MQLs per week, with a line where another definition came into force, and the leads of each week."""
    restate = choice.restate
    weeks: dict[Any, list[int]] = {}
    changes: list[tuple[Any, str]] = []
    for week in found.weeks:
        counts = weeks.setdefault(week.monday, [0, 0])
        counts[0] += week.qualified
        counts[1] += week.others
        label = week.definition
        if restate is None and label != "(none)" and label not in [known for _, known in changes]:
            changes.append((week.monday, label))
    with st.container(border=True, height="stretch"):
        st.markdown("**MQLs per week**")
        if not weeks:
            st.caption("There is no week with an MQL in this period.")
            return
        drawn = [measures.Week(monday, *weeks[monday]) for monday in sorted(weeks)]
        marks = [(day, label) for day, label in changes if day > min(weeks)]
        st.caption(
            "A dotted line marks the week in which another definition came into force."
            if marks
            else (f"All judged by {plain(restate)}." if restate else "By the definition in force then.")
        )
        st.plotly_chart(
            measures.volume_figure(drawn, marks, st.context.theme.type),
            key="metrics_volume",
            config={"displayModeBar": False},
            alt=measures.volume_in_words(drawn, marks),
        )
        rows = [
            {
                "Week of": week.monday.isoformat(),
                "Definition": _named(week.definition, "definition"),
                "Meet it": week.qualified,
                "Do not, or it cannot be told": week.others,
            }
            for week in found.weeks
        ]
        chosen = _choose_row(
            rows,
            "Choose a row to see the leads of its week.",
            "MQLs per week and definition",
            "metrics_weeks",
            "mqls-per-week",
        )
        if chosen is not None:
            monday = found.weeks[chosen].monday
            meet, others = weeks[monday]
            group = monday.isoformat()
            _offer_leads(
                f"week of {monday:%-d %B %Y}",
                [
                    LeadList("Meet the definition", meet, list_of(choice, "week", group, "hit")),
                    LeadList(
                        "Do not, or it cannot be told", others, list_of(choice, "week", group, "excluded")
                    ),
                ],
            )


@st.fragment
def show_parts(found: Dashboard, choice: Choice, at: Callable[[str], str]) -> None:
    """One measure by part, drawn with intervals, and all of them in a table whose rows open their passports."""
    offered = [key for key in COMPARED if any(one.value is not None for one in found.parts.get(key, ()))]
    if not offered:
        return
    with st.container(border=True):
        heading = choice.split
        st.markdown(f"**By {plain(heading.lower())}**")
        key = (
            st.segmented_control(
                "Compare by",
                offered,
                default=offered[0],
                required=True,
                format_func=lambda one: ink(COMPARED[one][0]),
                key="metrics_compare",
                label_visibility="collapsed",
            )
            or offered[0]
        )
        title, question = COMPARED[key]
        parts = [one for one in found.parts[key] if one.value is not None]
        parts.sort(key=lambda one: -one.denominator)
        drawn = [one for one in parts if one.denominator >= HARDLY_ANY][:MOST_SHOWN]
        if drawn:
            st.caption(question.format(drawn[0].window_days))
            estimates = [
                measures.Estimate(
                    _named(one.group[choice.by], choice.by), one.value or 0.0, one.interval, one.denominator
                )
                for one in sorted(drawn, key=lambda one: -(one.value or 0))
            ]
            st.plotly_chart(
                measures.shares_figure(estimates, st.context.theme.type),
                key=f"metrics_chart_{key}",
                config=CHART,
                alt=measures.shares_in_words(title, estimates),
            )
        if len(parts) > len(drawn):
            st.caption(
                f"{len(parts) - len(drawn)} more, of too few leads or beyond the largest, are in the table."
            )
        _show_table_of_parts(found, choice, at)


def _show_table_of_parts(found: Dashboard, choice: Choice, at: Callable[[str], str]) -> None:
    heading = choice.split
    volumes = {one.group[choice.by]: one for one in found.parts.get("volume:mql", ())}
    by_key = {key: {one.group[choice.by]: one for one in found.parts.get(key, ())} for key in COMPARED}
    counts = {name: one.numerator for name, one in volumes.items()}
    # what was closed in the period may have come before it
    counts |= {name: 0 for parts in by_key.values() for name in parts if name not in counts}
    names = sorted(counts, key=lambda name: -counts[name])
    rows = []
    for name in names:
        row: dict[str, Any] = {heading: _named(name, choice.by), "MQLs": counts[name]}
        for key, (title, _) in COMPARED.items():
            one = by_key[key].get(name)
            if one is not None and one.value is not None:
                row[title] = f"{written(one)} of {one.denominator:,}"
                row[f"{title}, 95%"] = interval_in_words(one)
            else:
                row[title] = row[f"{title}, 95%"] = ""
        rows.append(row)
    with st.expander("Numbers and passports", icon=":material/table:", key="metrics_parts_numbers"):
        st.caption("Choose a row to see its passports and the leads behind them.")
        picked = st.dataframe(
            rows,
            hide_index=True,
            on_select="rerun",
            selection_mode="single-row",
            key=f"metrics_parts_{choice.by}",
            alt=f"All measures by {heading.lower()}",
        )
        download_table(rows, f"metrics_parts_{choice.by}", f"metrics-by-{choice.by}")
        chosen = picked.selection.rows if picked else []
        if chosen and chosen[0] < len(names):
            name = names[chosen[0]]
            shown = [parts[name] for parts in (volumes, *by_key.values()) if name in parts]
            titles = ["MQLs" if one.name == "volume" else COMPARED[one.key][0] for one in shown]
            _open_one_of(shown, [f"{_named(name, choice.by)}, {title}" for title in titles], choice, at)


def _open_one_of(
    figures: Sequence[Any], titles: Sequence[str], choice: Choice, at: Callable[[str], str]
) -> None:
    """A button for each figure, which opens its passport and the leads behind it."""
    with st.container(horizontal=True):
        for one, title in zip(figures, titles, strict=True):
            st.button(
                plain(f"{title}: {written(one)}"),
                key=f"metrics_open_{one.key}",
                icon=":material/badge:",
                on_click=open_leads,
                args=(one, title, choice, at),
            )


@st.fragment
def show_reasons(reasons: Sequence[Any], choice: Choice, at: Callable[[str], str]) -> None:
    """Why leads are turned down."""
    with st.container(border=True, height="stretch"):
        st.markdown("**Why leads are turned down**")
        if not reasons:
            st.caption("Sales has turned down no lead of this period.")
            return
        st.caption("Share of all decisions, by the reason that sales gave.")
        estimates = [
            measures.Estimate(_reason(one.group["reason"]), one.value or 0, one.interval, one.denominator)
            for one in reasons[:MOST_SHOWN]
        ]
        st.plotly_chart(
            measures.shares_figure(estimates, st.context.theme.type),
            key="metrics_reasons",
            config=CHART,
            alt=measures.shares_in_words("Rejections by reason", estimates),
        )
        for one in reasons:
            for note in one.notes:
                st.caption(f":material/info: {plain(note)}")
        with st.expander("Numbers and passports", icon=":material/table:", key="metrics_reasons_numbers"):
            st.caption("Choose a row to see its passport and the leads behind it.")
            rows = [
                {
                    "Reason": _reason(one.group["reason"]),
                    "Share of decisions": percent(one.value or 0),
                    "95%": interval_in_words(one),
                    "Leads": one.numerator,
                    "Decisions": one.denominator,
                }
                for one in reasons
            ]
            picked = st.dataframe(
                rows,
                hide_index=True,
                on_select="rerun",
                selection_mode="single-row",
                key="metrics_reasons_table",
                alt="Rejections by reason",
            )
            download_table(rows, "metrics_reasons", "rejection-reasons")
            chosen = picked.selection.rows if picked else []
            if chosen and chosen[0] < len(reasons):
                one = reasons[chosen[0]]
                _open_one_of([one], [_reason(one.group["reason"])], choice, at)


def show_wins_and_losses(drafts: bool) -> None:
    """What the leads that were won have in common against those that were lost: opened when asked for."""
    box = st.expander(
        "What tells won leads from lost ones",
        icon=":material/compare:",
        key="metrics_traits",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        with stop_on_refusal(), st.spinner("Comparing won and lost leads …", show_time=False):
            found = traits.read_traits(actor())
        show_traits(found, "metrics_traits_chart")
        if found.traits:
            download_table(traits_rows(found), "metrics_traits", "won-against-lost")
            told = [one for one in found.traits if one.tells]
            if told and drafts:
                st.page_link(
                    "pages/definitions/glossary.py",
                    label="Use it in a definition",
                    icon=":material/menu_book:",
                )


def show_every_measure(choice: Choice, at: Callable[[str], str]) -> None:
    """All measures of the period in a table, each with its passport: opened when asked for."""
    box = st.expander("Every measure", icon=":material/table_rows:", key="metrics_every", on_change="rerun")
    if not box.open:
        return
    with box:
        with stop_on_refusal(), st.spinner("Computing every measure …", show_time=False):
            found = [
                one
                for one in metrics.read_metrics(
                    actor(),
                    first_day=choice.first_day,
                    last_day=choice.last_day,
                    restate=choice.restate,
                    only=choice.only,
                )
                if one.name != "rejection_reason"
            ]
        _show_measures(found, at)


@st.fragment
def _show_measures(found: Sequence[Any], at: Callable[[str], str]) -> None:
    rows = [
        {
            "Measure": title_of(one),
            "Value": written(one),
            "95%": interval_in_words(one),
            "Counts": f"{one.numerator:,} of {one.denominator:,}",
            "Note": one.notes[0] if one.notes else "",
        }
        for one in found
    ]
    st.caption("Choose a row to see its passport.")
    picked = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="metrics_every_table",
        alt="Every measure of the period",
    )
    download_table(rows, "metrics_every", "every-measure")
    chosen = picked.selection.rows if picked else []
    if chosen and chosen[0] < len(found):
        one = found[chosen[0]]
        with st.container(border=True):
            show_passport(one, title_of(one), at)


def title_of(figure: Any) -> str:
    """A measure as a heading: `Conversion, MQL to won`."""
    stages = [Stage(stage).label for stage in (figure.from_stage, figure.to_stage) if stage in set(Stage)]
    name = figure.name.replace("_", " ").replace("p90", "90th percentile")
    name = _as_heading(name)
    return f"{name}, {' to '.join(stages)}" if stages else name


def _as_heading(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _named(label: str, by: str) -> str:
    if by == "definition" and label == _BEFORE_ANY:  # which is also what web analytics call a missing medium
        return "Before any definition"
    return _SPECIAL.get(label) or label.replace("_", " ")


def _reason(code: str) -> str:
    if code == "(none)":
        return "No reason given"
    return RejectionReason(code).label if code in set(RejectionReason) else code.replace("_", " ")
