"""A rule tried on past leads: who passes, whether these are the better ones, and what moves when a threshold is moved."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import streamlit as st

from actions import backing, what_if
from actions.backing import AskedBefore
from actions.rule_starts import RuleStart
from actions.settings import local_time
from actions.what_if import Trial
from alignment import instants
from alignment.backing import Backing
from alignment.disagreement.words import capitalised
from alignment.lifecycle import Stage
from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.rules import Operator, Rule, canonical_hash, parse, sentence, to_document
from alignment.texts import number_text
from alignment.what_if import Outcomes, RuleChange, Window, thresholds_of, with_threshold
from components.charts.lettering import percent
from components.charts.what_if import Line, OutcomeRow, in_percent, weeks_figure, weeks_in_words
from components.navigation import page_path
from components.outcome import show_outcome
from components.page import show_refusal, stop_on_refusal
from components.session import actor
from components.text import plain
from components.what_if import (
    NOTHING,
    OWN,
    TEAM_COLOURS,
    Windows,
    a_week_in_words,
    caution_of,
    choose_leads,
    choose_start,
    edit_chosen,
    looking,
    rate_in_words,
    show_outcomes,
)

A_PAGE = 20
_ENDED: dict[Stage | None, str] = {Stage.WON: "won", Stage.LOST: "lost"}
_DOWNWARDS = (Operator.AT_MOST, Operator.LESS)
_MOST_SLIDERS = 4


@st.fragment
def show_rule(starts: Sequence[RuleStart], counted: Windows) -> None:
    """What the rule would have done, above what it is; drawn anew by itself when anything of it is changed."""
    show_outcome()
    answer = st.container()
    rules = [start for start in starts if not start.is_score]
    window, capacity = choose_leads(counted)
    left, right = st.columns(2)
    with left:
        chosen = choose_start("Rule to try", "what_if_rule", rules, None, OWN)
    with right:
        against = choose_start("Beside", "what_if_against", rules, next(iter(NOTHING)), NOTHING)
    document = edit_chosen(chosen, rules, "what_if_edit")
    if document is None:
        with answer:
            st.info(
                "Put a rule together, or choose one below, to see what it would have done.",
                icon=":material/rule:",
            )
        return
    with answer, stop_on_refusal():
        with looking():
            rule = parse(document)
            moved = _read_moved(rule)
            trial = what_if.judge_rule(actor(), to_document(moved), window)
            asked = backing.find_backing(actor(), to_document(moved))
        _show_answer(trial, capacity)
    verdicts = trial.verdicts
    rows = [OutcomeRow("Would qualify", verdicts.passed), OutcomeRow("Would not", verdicts.failed)]
    if verdicts.unknown.leads:
        rows.append(OutcomeRow("Cannot tell", verdicts.unknown))
    show_outcomes("What became of the leads", rows, "what_if_verdict")
    _show_finds(trial)
    _show_thresholds(rule, moved, window, asked)
    _show_asked(asked)
    _show_weeks(trial, capacity)
    _show_conditions(moved, trial)
    other = next((start for start in rules if start.key == against), None)
    if other is not None:
        _show_beside(to_document(moved), other, window)
    st.page_link(
        page_path("glossary"), label="Put it before both teams in the glossary", icon=":material/menu_book:"
    )


def _show_answer(trial: Trial, capacity: int | None) -> None:
    """The answer in one sentence, what it is made of, and what keeps from trusting it."""
    everyone = trial.verdicts.leads
    if not everyone.leads:
        st.subheader(f"No lead came {trial.window.words}.", anchor=False)
        return
    st.subheader(plain(trial.verdicts.sentence), anchor=False)
    st.markdown(_answer(trial, capacity))
    if caution := caution_of(everyone):
        st.caption(f":material/info: {plain(caution)}")
    for warning in trial.warnings:
        st.warning(plain(warning.text), icon=":material/warning:")


def _answer(trial: Trial, capacity: int | None) -> str:
    verdicts = trial.verdicts
    everyone, passed, failed = verdicts.leads, verdicts.passed, verdicts.failed
    said = (
        f"**{passed.leads:,} of {everyone.leads:,} leads** {trial.window.came} would have qualified "
        f"({percent(passed.leads / everyone.leads)})"
    )
    a_week = verdicts.a_week
    if a_week is not None:
        said += f", about {a_week_in_words(a_week)} in a usual week"
        if capacity is not None:
            beyond = verdicts.weeks_beyond(capacity)
            said += (
                f": more than the {capacity:,} that sales can work in {beyond} of {len(verdicts.weeks)} weeks"
                if beyond
                else f": never more than the {capacity:,} that sales can work"
            )
    said += (
        f". Of those that were won or lost since, **{rate_in_words(passed)} were won**; of those that would not have "
        f"qualified, {rate_in_words(failed)}."
    )
    unknown = verdicts.unknown.leads
    if unknown:
        leads = "1 lead" if unknown == 1 else f"{unknown:,} leads"
        said += f" Of {leads} the rule cannot tell, because a field that decides is empty: they count on neither side."
    return said


def _show_finds(trial: Trial) -> None:
    """Precision and recall, in numbers that one can imagine."""
    verdicts = trial.verdicts
    unworked = verdicts.leads.unworked
    parts = []
    if verdicts.recall is not None:
        parts.append(
            f"**Recall {percent(verdicts.recall)}**: of all {verdicts.leads.won:,} leads that were won, the rule lets "
            f"{verdicts.passed.won:,} through and misses {verdicts.leads.won - verdicts.passed.won:,}."
        )
    if verdicts.precision is not None:
        parts.append(
            f"**Precision {percent(verdicts.precision)}**: of all {verdicts.passed.leads:,} that it lets through, "
            f"{verdicts.passed.won:,} have been won so far, those that are still open included."
        )
    if unworked:
        parts.append(
            f"Nobody worked {unworked:,} leads, {verdicts.passed.unworked:,} of them among those that would qualify: they had no "
            "chance to be won, and count in no win rate."
        )
    if parts:
        st.markdown("  \n".join(parts))


def _show_asked(asked: AskedBefore | None) -> None:
    """Whose answers the rule's conditions meet: how many people of each team asked for them."""
    if asked is None:
        return
    st.subheader("Whose answers it meets", anchor=False)
    st.caption(
        f"How many people asked for what the rule asks for, in “{plain(asked.title)}”. Numbers are told in the classes in which the "
        "comparison shows them, so nobody's own answer can be told from this."
    )
    with st.container(border=True):
        for one in asked.parts:
            st.markdown(
                f"**{plain(sentence(Rule(one.condition)))}** · {plain(one.question)}  \n{_people_in_words(one)}"
            )


def _people_in_words(one: Backing) -> str:
    return "  \n".join(
        f":{TEAM_COLOURS[team]}-badge[{team.label.capitalize()}] {plain(one.sentence(team))}" for team in Team
    )


# ── thresholds ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _key(rule: Rule, place: int) -> str:
    return f"what_if_move_{canonical_hash(rule)[:12]}_{place}"


def _read_moved(rule: Rule) -> Rule:
    """The rule with the thresholds where the sliders stand."""
    moved = rule
    for place in thresholds_of(rule):
        value = st.session_state.get(_key(rule, place))
        if value is not None:
            moved = with_threshold(moved, place, value)
    return moved


def _show_thresholds(rule: Rule, moved: Rule, window: Window, asked: AskedBefore | None) -> None:
    """A slider for each threshold on what its field really holds, with the win rate along it and how many asked for it."""
    now = thresholds_of(moved)
    offered = list(thresholds_of(rule).items())[:_MOST_SLIDERS]
    spreads = {}
    for place, condition in offered:
        with show_refusal(), looking():
            spread = what_if.read_field_spread(actor(), condition.field, window)
            if spread is not None and spread.leads:
                spreads[place] = spread
    if not spreads:
        return
    st.subheader("Move a threshold", anchor=False)
    if moved != rule:
        st.markdown(f":material/rule: {plain(f'A lead would qualify if {sentence(moved)}.')}")
        st.button(
            "Put all back",
            icon=":material/undo:",
            key="what_if_back",
            on_click=_put_back,
            args=(rule,),
        )
    for place, condition in offered:
        if place not in spreads:
            continue
        spread, at = spreads[place], float(now[place].value)  # type: ignore[arg-type]
        steps = _steps(spread.edges, spread.logarithmic, float(condition.value))  # type: ignore[arg-type]
        st.select_slider(
            plain(f"{capitalised(spread.label)} {_COMPARED[condition.operator]}"),
            steps,
            value=_whole(float(condition.value)),  # type: ignore[arg-type]
            format_func=number_text,
            key=_key(rule, place),
        )
        for one in () if asked is None else asked.parts:
            if one.condition == now[place] and one.kind is QuestionType.NUMBER:
                st.markdown(_people_in_words(one))
        rows = [
            OutcomeRow(label, Outcomes(won + lost + open_, won, lost))
            for label, won, lost, open_ in zip(
                spread.labels, spread.won, spread.lost, spread.open, strict=True
            )
        ]
        known = f"{spread.leads:,} leads" + (
            f"; of {spread.unknown:,} more it is not known" if spread.unknown else ""
        )
        bound = "at most" if condition.operator in _DOWNWARDS else "at least"
        line = Line(_position(spread.edges, at), f"{bound} {number_text(at)}")
        show_outcomes(f"{capitalised(spread.label)} of {known}", rows, f"what_if_spread_{place}", line)


_COMPARED = {
    Operator.AT_LEAST: "is at least",
    Operator.GREATER: "is more than",
    Operator.AT_MOST: "is at most",
    Operator.LESS: "is less than",
}


def _put_back(rule: Rule) -> None:
    for place in thresholds_of(rule):
        st.session_state.pop(_key(rule, place), None)


def _steps(edges: Sequence[float], logarithmic: bool, value: float) -> list[int | float]:
    """Numbers that a threshold can be moved to: the bounds of the classes, three between each two, and the one it has."""
    found = {value, *edges}
    for low, high in pairwise(edges):
        for share in (0.25, 0.5, 0.75):
            between = low * (high / low) ** share if logarithmic and low > 0 else low + (high - low) * share
            found.add(float(round(between)) if high - low >= 8 else round(between, 6))
    return sorted(_whole(one) for one in found)


def _whole(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _position(edges: Sequence[float], value: float) -> float:
    """Where a value lies among the classes, counted in classes from the first one's beginning."""
    for place, (low, high) in enumerate(pairwise(edges)):
        if value < high:
            return place + min(max((value - low) / (high - low), 0.0), 1.0)
    return float(len(edges) - 1)


# ── weeks and conditions ─────────────────────────────────────────────────────────────────────────────────────────────


def _show_weeks(trial: Trial, capacity: int | None) -> None:
    verdicts = trial.verdicts
    if not verdicts.weeks or trial.window.earliest is None:
        return
    st.subheader("How many a week", anchor=False)
    if capacity is None:
        st.caption("Say at the top how many leads sales can work a week, to see that beside what would come.")
    with st.container(border=True):
        st.plotly_chart(
            weeks_figure(verdicts.weeks, trial.window.earliest, capacity, st.context.theme.type),
            key="what_if_weeks",
            alt=weeks_in_words(verdicts.weeks, capacity),
            config={"displayModeBar": False},
        )


def _show_conditions(rule: Rule, trial: Trial) -> None:
    """What each condition does: the rule without it."""
    with stop_on_refusal(), looking():
        found = what_if.take_out_each(actor(), to_document(rule), trial.window)
    if len(found) < 2:
        return
    st.subheader("What each condition does", anchor=False)
    st.caption(
        "Each line is the rule without one of its conditions: how many leads and wins that would add. A condition that keeps "
        "many leads out and few wins is worth having."
    )
    passed = trial.verdicts.passed
    st.dataframe(
        [
            {
                "Without": one.words,
                "Would qualify": None if one.verdicts is None else one.verdicts.passed.leads,
                "Leads more": None if one.verdicts is None else one.verdicts.passed.leads - passed.leads,
                "Wins more": None if one.verdicts is None else one.verdicts.passed.won - passed.won,
                "Win rate": None if one.verdicts is None else in_percent(one.verdicts.passed.win_rate),
            }
            for one in found
        ],
        hide_index=True,
        column_config={
            "Without": st.column_config.TextColumn(pinned=True),
            "Leads more": st.column_config.NumberColumn(format="%+d"),
            "Wins more": st.column_config.NumberColumn(format="%+d"),
            "Win rate": st.column_config.NumberColumn(format="%.0f%%"),
        },
        alt="What the rule would do without each of its conditions",
    )


# ── another rule beside it ───────────────────────────────────────────────────────────────────────────────────────────


def _show_beside(document: Mapping[str, Any], other: RuleStart, window: Window) -> None:
    st.subheader("Beside the other rule", anchor=False)
    with stop_on_refusal(), looking():
        change = what_if.compare_rules(actor(), other.document, document, window)
    st.markdown(plain(_said(change, other)))
    rows = [
        OutcomeRow("Both want", change.both),
        OutcomeRow("Only this rule", change.gained),
        OutcomeRow("Only the other", change.given_up),
        OutcomeRow("Neither wants", change.neither),
    ]
    if change.unknown.leads:
        rows.append(OutcomeRow("One cannot tell", change.unknown))
    show_outcomes("Both rules on the same leads", rows, "what_if_beside")
    for name, label, group, passing, failing in (
        ("this", "only this rule wants", change.gained, document, other.document),
        ("other", "only the other rule wants", change.given_up, other.document, document),
    ):
        if not group.leads:
            continue
        part = st.expander(
            f"{group.leads:,} leads that {label}",
            icon=":material/list:",
            key=f"what_if_only_{name}",
            on_change="rerun",
        )
        if part.open:
            with part:
                _list_leads(name, label, passing, failing, window)


def _said(change: RuleChange, other: RuleStart) -> str:
    said = f"Compared with “{other.label}”: {change.sentence}"
    if change.changed and change.jaccard is not None:
        said += (
            f" Of the leads that either rule wants, both want {percent(change.jaccard)}. Win rates: only this rule "
            f"{rate_in_words(change.gained)}, only the other {rate_in_words(change.given_up)}."
        )
    return said


def _list_leads(
    name: str, label: str, passing: Mapping[str, Any], failing: Mapping[str, Any], window: Window
) -> None:
    kept = f"what_if_page_{name}"
    with stop_on_refusal(), looking():
        shown = what_if.list_leads_told_apart(
            actor(), passing, failing, window, st.session_state.get(kept, 1), A_PAGE
        )
    st.dataframe(
        [
            {
                "Lead": row.lead_id,
                "Became": _ENDED.get(row.stage, "open"),
                "Stage": row.stage.label if row.stage else None,
                "Since": None if row.since is None else _day(row.since),
                "Source": row.source,
                "Company": row.company,
                "Employees": row.employees,
                "Country": row.country,
                "Job level": row.job_level,
            }
            for row in shown.rows
        ],
        hide_index=True,
        column_config={
            "Lead": st.column_config.TextColumn(pinned=True),
            "Since": st.column_config.DateColumn(help="The day on which the lead reached its stage."),
        },
        alt=f"Leads that {label}, won ones first",
    )
    pages = -(-shown.total // A_PAGE)
    if pages > 1:
        st.pagination(pages, key=kept)


def _day(since: datetime) -> date:
    return local_time(actor(), instants.to_text(since.replace(tzinfo=UTC))).date()
