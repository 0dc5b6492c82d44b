"""Sales' inbox: the leads that wait for a decision, one at a time with everything known of them, or many at once."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any

import streamlit as st

from actions import lead_decisions, lead_inbox
from actions.lead_decisions import Decided
from actions.lead_inbox import PAGE, Age, Inbox, InboxRow, LeadView, Order, Whose
from actions.settings import local_time
from alignment import instants
from alignment.lead_decisions import LONGEST_NOTE
from alignment.lifecycle import RejectionReason
from components.lead_inbox_record import OUTCOMES, lead_title, show_badges, show_record, when
from components.lead_inbox_said import show_feedback
from components.lead_verdict import offer_decision
from components.outcome import perform, show_outcome
from components.page import stop_on_refusal
from components.session import actor
from components.text import ink, plain

ONE, MANY = "one", "many"
VIEWS = {ONE: "One at a time", MANY: "Several at once"}
WHOSE = {Whose.ALL: "Everybody's", Whose.OWN: "Mine", Whose.NOBODY: "Nobody's"}
AGES = {Age.ALL: "All", Age.IN_TIME: "In time", Age.OVERDUE: "Overdue"}
ORDERS = {Order.LATEST: "Latest first", Order.LONGEST: "Longest waiting first"}
_PLACE, _AT, _LAST = "leads_place", "leads_at", "leads_last"
_HELD, _TURN = "leads_held", "leads_turn"


@dataclass(frozen=True)
class _Held:
    """The list as it is on the screen, and what was asked for: it stays until the person does something."""

    asked: tuple[Any, ...]
    place: int
    inbox: Inbox
    view: LeadView | None


def show_inbox() -> None:
    """The whole part, as it is now."""
    _read_anew()
    _show_inbox()


@st.fragment(run_every="4s")
def _show_inbox() -> None:
    """The sentence, which keeps itself up to date, and the list beneath it.

    It is one fragment: one that runs by itself beside one that is clicked in would leave parts of the last picture standing.
    """
    with stop_on_refusal():
        live = _look()
    st.subheader(plain(in_words(live)), anchor=False)
    if live is None:
        return
    # whoever has leads to decide on begins with these; a link, or a choice that was made, stands
    st.session_state.setdefault("leads_whose", Whose.OWN if live.decides and live.counts.own else Whose.ALL)
    with stop_on_refusal():
        held = _hold()
    if live.counts.total:
        st.caption(plain(_aside(live)))
    # always there, so that what comes below keeps its place when something is said here
    with st.container():
        show_outcome(until=held.asked)
        _offer_undo()
        if _mark(live) != _mark(held.inbox):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(":material/sync: The list below has changed meanwhile.", width="content")
                st.button("Show the change", key="leads_show_change", type="tertiary", on_click=_read_anew)
    _show_waiting(held)


# ── what waits, in a sentence ────────────────────────────────────────────────────────────────────────────────────────


def _look() -> Inbox | None:
    """The inbox as it is now, counted anew only when something has changed."""
    revision = lead_inbox.read_revision(actor())
    kept = st.session_state.get("leads_watched")
    if kept is None or kept[0] != revision:
        st.session_state["leads_watched"] = kept = (revision, lead_inbox.read_inbox(actor()))
    found: Inbox | None = kept[1]
    return found


def in_words(inbox: Inbox | None) -> str:
    """How many leads wait, and how long: the answer in one sentence. Not escaped."""
    if inbox is None:
        return "There are no leads yet."
    total, overdue = inbox.counts.total, inbox.counts.overdue
    if not total:
        return "No lead waits for a decision."
    waits = "1 lead waits for a decision" if total == 1 else f"{total:,} leads wait for a decision"
    if not overdue:
        return f"{waits}; none longer than {_hours(inbox.limit_hours)}."
    if overdue == total:
        return f"{waits}; {'it has' if total == 1 else 'all have'} waited longer than {_hours(inbox.limit_hours)}."
    return f"{waits}; {overdue:,} {'has' if overdue == 1 else 'have'} waited longer than {_hours(inbox.limit_hours)}."


def _hours(hours: int) -> str:
    return "1 business hour" if hours == 1 else f"{hours} business hours"


def _aside(inbox: Inbox) -> str:
    own, nobodys = inbox.counts.own, inbox.counts.nobodys
    parts = []
    if inbox.decides:
        counted = f"{own:,} of them {'is' if own == 1 else 'are'} yours"
        parts.append(counted if own else "none of them is yours")
    if nobodys:
        parts.append(f"{nobodys:,} {'belongs' if nobodys == 1 else 'belong'} to nobody")
    sentence = ", ".join(parts)
    told = f"{sentence[0].upper()}{sentence[1:]}. " if sentence else ""
    who = "" if inbox.decides else "Sales decides; you see what sales sees. "
    return f"{told}{who}All that wait are counted, whenever they were handed over."


def _mark(inbox: Inbox) -> tuple[int, datetime | None]:
    """What tells whether the list on the screen is still the one there is: how many wait, and since when the latest."""
    return inbox.counts.total, inbox.counts.latest_at


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _hold() -> _Held:
    """What is on the screen; read when something else is asked for, or the person has done something."""
    state = st.session_state
    wanted, many = _wanted(), state.get("leads_view", ONE) == MANY

    def asked() -> tuple[Any, ...]:
        page = state.get("leads_many_page") if many else (state.get(_PLACE), state.get(_AT))
        return (state.get(_TURN, 0), many, *wanted.values(), page)

    held: _Held | None = state.get(_HELD)
    if held is not None and held.asked == asked():
        return held
    place, inbox = _page_of_many(wanted) if many else _place_of_list(wanted)
    view = None
    if inbox.rows and not many:
        lead_id = inbox.rows[place % PAGE].lead.lead_id
        state[_PLACE], state[_AT] = place, lead_id
        view = lead_inbox.read_lead(actor(), lead_id)
    state[_HELD] = held = _Held(asked(), place, inbox, view)
    return held


def _read_anew() -> None:
    """Callback: what is on the screen is not what there is any more."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _show_waiting(held: _Held) -> None:
    inbox = held.inbox
    if not inbox.counts.total:
        st.success(
            "Everything that was handed over has been decided on. New leads appear here by themselves.",
            icon=":material/inbox:",
        )
        return
    _offer_filters(inbox)
    if not inbox.rows and inbox.decides and _wanted()["whose"] == Whose.OWN and not inbox.counts.own:
        st.success(
            "None of the leads that wait is yours. Choose “Everybody's” above to help with the others.",
            icon=":material/inbox:",
        )
    elif not inbox.rows:
        st.info(
            "No waiting lead matches this choice. Choose another one above.",
            icon=":material/filter_alt_off:",
        )
    elif held.view is None:
        _show_many(inbox, _wanted())
    else:
        _show_one(inbox, held.view, held.place)


def _wanted() -> dict[str, Any]:
    """The choices above the list as arguments of `read_inbox`: as they were made, also before they are drawn again."""
    state = st.session_state
    return {
        "whose": state.get("leads_whose") or Whose.ALL,
        "age": state.get("leads_age") or Age.ALL,
        "source": state.get("leads_source"),
        "order": state.get("leads_order") or Order.LATEST,
    }


def _offer_filters(inbox: Inbox) -> None:
    """The choices above the list."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Show",
            list(VIEWS),
            format_func=lambda view: ink(VIEWS[view]),
            default=ONE,
            required=True,
            key="leads_view",
        )
        if inbox.decides:
            st.segmented_control(
                "Whose",
                list(WHOSE),
                format_func=lambda whose: ink(WHOSE[whose]),
                required=True,
                key="leads_whose",
                on_change=_begin_anew,
            )
        st.segmented_control(
            "Waiting",
            list(AGES),
            format_func=lambda age: ink(AGES[age]),
            default=Age.ALL,
            required=True,
            key="leads_age",
            on_change=_begin_anew,
        )
        with st.popover("More", icon=":material/tune:", key="leads_filters"):
            sources = dict(inbox.counts.sources)
            chosen = st.session_state.get("leads_source")
            if chosen is not None:
                sources.setdefault(chosen, 0)
            st.selectbox(
                "Source",
                list(sources),
                index=None,
                format_func=lambda name: f"{name} ({sources.get(name, 0):,})",
                placeholder="Any",
                key="leads_source",
                width=190,
                on_change=_begin_anew,
            )
            st.selectbox(
                "Order",
                list(ORDERS),
                format_func=ORDERS.__getitem__,
                key="leads_order",
                width=210,
                on_change=_begin_anew,
            )


def _begin_anew() -> None:
    for key in (_PLACE, _AT, "leads_many_page"):
        st.session_state.pop(key, None)


def _offer_undo() -> None:
    """What was decided last in this session, with the way back."""
    last: Decided | None = st.session_state.get(_LAST)
    if last is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        count = len(last.lead_ids)
        what = last.lead_ids[0] if count == 1 else f"{count:,} leads"
        st.markdown(f":material/done_all: Decided: {plain(what)}", width="stretch")
        st.button(
            "Undo",
            icon=":material/undo:",
            key=f"leads_undo_{last.batch_id}",
            on_click=_undo,
            args=(last,),
        )
    if last.passed_over:
        with st.expander(f"{len(last.passed_over):,} passed over", icon=":material/info:"):
            for lead_id, why in last.passed_over[:50]:
                st.markdown(plain(f"{lead_id}: {why}"))


def _undo(last: Decided) -> None:
    if perform("Taken back. It waits again.", lead_decisions.undo_decisions, last.batch_id) is not None:
        st.session_state.pop(_LAST, None)
        st.session_state[_AT] = last.lead_ids[0]
    _read_anew()


# ── one at a time ────────────────────────────────────────────────────────────────────────────────────────────────────


def _show_one(inbox: Inbox, view: LeadView, place: int) -> None:
    row = inbox.rows[place % PAGE]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(
                f"#### {plain(lead_title(row.lead.lead_id, row.lead.fields.get('company')))}", width="content"
            )
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.button(
                    "Previous",
                    icon=":material/chevron_left:",
                    type="tertiary",
                    key="leads_previous",
                    disabled=place == 0,
                    on_click=_go_to,
                    args=(place - 1,),
                )
                st.markdown(f":gray[{place + 1:,} of {inbox.matching:,}]", width="content")
                st.button(
                    "Next",
                    icon=":material/chevron_right:",
                    icon_position="right",
                    type="tertiary",
                    key="leads_next",
                    disabled=place + 1 >= inbox.matching,
                    on_click=_go_to,
                    args=(place + 1,),
                )
        owner = row.lead.fields.get("owner")
        handed = f"Handed over on {when(row.lead.handed_over_at)}{f' to {owner}' if owner else ', to nobody yet'}. "
        late = (
            f"It has waited longer than {_hours(inbox.limit_hours)}."
            if row.overdue
            else "It is still in time."
        )
        st.caption(plain(handed + late))
        show_badges(view)
        if inbox.decides:
            offer_decision(view, partial(_move_up, place))
        show_record(view)
        show_feedback(view)


def _place_of_list(wanted: dict[str, Any]) -> tuple[int, Inbox]:
    """Which lead is shown, as its place in the list: the one shown before, or what has moved up to its place."""
    place, at = st.session_state.get(_PLACE, 0), st.session_state.get(_AT)
    inbox = _page_with(wanted, place)
    place = min(place, max(0, inbox.matching - 1))
    here = [row.lead.lead_id for row in inbox.rows]
    if at is None or (place % PAGE < len(here) and here[place % PAGE] == at):
        return place, inbox
    ids = lead_inbox.list_waiting(actor(), **wanted)
    if at in ids:
        place = ids.index(at)
        inbox = _page_with(wanted, place)
    return place, inbox


def _page_with(wanted: dict[str, Any], place: int) -> Inbox:
    inbox = lead_inbox.read_inbox(actor(), **wanted, page=place // PAGE + 1)
    assert inbox is not None  # there were leads a moment ago, and leads do not go away
    if not inbox.rows and inbox.matching:
        return _page_with(wanted, inbox.matching - 1)
    return inbox


def _go_to(place: int) -> None:
    st.session_state[_PLACE] = place
    st.session_state.pop(_AT, None)


def _move_up(place: int, done: Decided | None) -> None:
    """After a decision: the next lead moves up to the place of this one, also where somebody was faster."""
    if done is not None:
        st.session_state[_LAST] = done
    st.session_state.pop(_AT, None)
    st.session_state[_PLACE] = place
    _read_anew()


# ── several at once ──────────────────────────────────────────────────────────────────────────────────────────────────


def _page_of_many(wanted: dict[str, Any]) -> tuple[int, Inbox]:
    """The page of the table, or the last one where there are not so many any more."""
    place = (int(st.session_state.get("leads_many_page") or 1) - 1) * PAGE
    inbox = _page_with(wanted, place)
    if inbox.rows and place >= inbox.matching:
        st.session_state["leads_many_page"] = -(-inbox.matching // PAGE)
    return place, inbox


def _show_many(inbox: Inbox, wanted: dict[str, Any]) -> None:
    chosen = _choose(inbox)
    pages = -(-inbox.matching // PAGE)
    if pages > 1:
        st.pagination(pages, key="leads_many_page")
    _offer_decisions(inbox, chosen, wanted)


def _choose(inbox: Inbox) -> list[str]:
    """The table; returns the ids of the chosen rows. Another list is another table, so that no choice moves to other leads."""
    ids = [row.lead.lead_id for row in inbox.rows]
    # above the table, whose tools would cover the choices on a touch screen
    st.caption("Mark rows to decide on them." if inbox.decides else f"{inbox.matching:,} in all.")
    shown = st.dataframe(
        [_cells(row) for row in inbox.rows],
        hide_index=True,
        placeholder="",
        key=f"leads_table_{blake2b('|'.join(ids).encode(), digest_size=8).hexdigest()}",
        on_select="rerun" if inbox.decides else "ignore",
        selection_mode="multi-row",
        column_config={
            "Lead": st.column_config.TextColumn(pinned=True),
            "Handed over": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Waiting": st.column_config.TextColumn(help=f"Overdue: longer than {_hours(inbox.limit_hours)}."),
            "Definition": st.column_config.TextColumn(
                help="What the definition in force at the hand-over says of it."
            ),
        },
        alt="Leads that wait for a decision",
    )
    rows = shown.selection.rows if inbox.decides and isinstance(shown, dict) else []
    return [ids[number] for number in rows if number < len(ids)]


def _cells(row: InboxRow) -> dict[str, object]:
    at: datetime = row.lead.handed_over_at.replace(tzinfo=UTC)
    return {
        "Lead": row.lead.lead_id,
        "Company": row.lead.fields.get("company"),
        "Waiting": AGES[Age.OVERDUE if row.overdue else Age.IN_TIME],
        "Handed over": local_time(actor(), instants.to_text(at)).replace(tzinfo=None),
        "Source": row.lead.fields.get("source"),
        "Definition": f"{OUTCOMES[row.meets][1]} {row.definition}" if row.definition else None,
        "Missing": ", ".join(row.missing) or None,
        "Employees": row.lead.fields.get("employees"),
        "Country": row.lead.fields.get("country"),
        "Owner": row.lead.fields.get("owner"),
    }


def _offer_decisions(inbox: Inbox, chosen: list[str], wanted: dict[str, Any]) -> None:
    if not inbox.decides:
        return
    every = False
    if inbox.matching > len(inbox.rows):
        most = min(inbox.matching, lead_decisions.MOST_AT_ONCE)
        label = (
            f"All {inbox.matching:,} that match"
            if most == inbox.matching
            else f"The first {most:,} of {inbox.matching:,} that match"
        )
        every = st.checkbox(label, key="leads_many_all")
    count = min(inbox.matching, lead_decisions.MOST_AT_ONCE) if every else len(chosen)
    if not count:
        return
    leads = "1 lead" if count == 1 else f"{count:,} leads"
    ids = None if every else chosen
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover(f"Accept {leads}", icon=":material/check:", key="leads_many_accept_menu"):
            st.text_input("Note on the decision", max_chars=LONGEST_NOTE, key="leads_many_accept_note")
            st.button(
                f"Accept {leads}",
                type="primary",
                key="leads_many_accept",
                on_click=_decide_many,
                args=(ids, wanted, True),
            )
        with st.popover(f"Reject {leads}", icon=":material/close:", key="leads_many_reject_menu"):
            st.pills(
                "Why not?",
                list(RejectionReason),
                format_func=lambda reason: ink(reason.label),
                key="leads_many_reason",
            )
            st.text_input("Note on the decision", max_chars=LONGEST_NOTE, key="leads_many_reject_note")
            st.button(
                f"Reject {leads}",
                type="primary",
                key="leads_many_reject",
                disabled=not st.session_state.get("leads_many_reason"),
                on_click=_decide_many,
                args=(ids, wanted, False),
            )
        if len(chosen) == 1 and not every:
            st.button(
                "Open",
                icon=":material/open_in_full:",
                key="leads_many_open",
                on_click=_open,
                args=(chosen[0],),
            )


def _decide_many(ids: list[str] | None, wanted: dict[str, Any], accept: bool) -> None:
    """Callback of both buttons; without ids it is all that match, as the list is now."""
    if ids is None:
        ids = perform("", lead_inbox.list_waiting, **wanted)
        if ids is None:
            return
    state = st.session_state
    if accept:
        note = state.get("leads_many_accept_note") or ""
        done = perform("Accepted.", lead_decisions.accept_leads, ids, note=note)
    else:
        note, reason = state.get("leads_many_reject_note") or "", str(state.get("leads_many_reason") or "")
        done = perform("Rejected.", lead_decisions.reject_leads, ids, reason, note=note)
    if done is not None:
        state[_LAST] = done
        state["leads_many_all"] = False
    _read_anew()


def _open(lead_id: str) -> None:
    st.session_state["leads_view"] = ONE
    st.session_state[_AT] = lead_id
    st.session_state[_PLACE] = 0
