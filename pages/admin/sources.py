"""Sources: which systems do leads come from by themselves, and when was the last time?"""

import streamlit as st

from actions import connectors
from actions.connectors import Connector
from alignment.errors import NotFound
from components.outcome import perform, show_outcome
from components.page import open_page, show_refusal, stop_on_refusal
from components.session import actor
from components.source_cards import follow
from components.source_form import add_source, change_source
from components.source_reading import choose_fields, choose_meanings
from components.source_words import STATES, badge, took, when
from components.text import ink, plain

PARTS = {"words": "Words", "fields": "Fields", "pulls": "Pulls", "connection": "Connection"}


def all_sources(found: list[Connector]) -> None:
    """The first sentence, the cards, and the form for another source."""
    in_need = [one for one in found if badge(one)[1] == "red"]
    on = [one for one in found if one.enabled]
    if not found:
        st.markdown(
            "**No system is connected yet.** Connect the one in which your leads live, and they come in by themselves, with what "
            "has happened to them since they were created."
        )
    else:
        count = f"{len(on)} {'system' if len(on) == 1 else 'systems'}" if on else "no system"
        need = f" {', '.join(plain(one.name) for one in in_need)} needs your attention." if in_need else ""
        st.markdown(f"**Leads come from {count} by themselves.**{need}")
        follow()
    with st.expander("Connect a system", icon=":material/add_link:", expanded=not found):
        add_source()


def own_warehouse() -> None:
    """Whether figures are read in the company's own warehouse, and whether that works."""
    place = connectors.read_place(actor())
    if place is None:
        return
    if place.fault:
        st.error(plain(place.fault), icon=":material/database_off:")
    else:
        st.info(
            f"All figures are read in your own warehouse, by the file {plain(place.settings)} in the data folder. What is pulled "
            "here waits, and counts once that file is taken away.",
            icon=":material/database:",
        )


def one_source(source: Connector) -> None:
    """How a source stands, and its parts."""
    st.button(
        "All sources", icon=":material/arrow_back:", type="tertiary", key="sources_back", on_click=leave
    )
    follow(source.id)
    first = "pulls" if source.begun else "words"
    wanted = st.query_params.get("part")
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default=wanted if wanted in PARTS else first,
        format_func=lambda part: ink(PARTS[part]),
        required=True,
        label_visibility="collapsed",
        key=f"sources_part_{source.id}",
    )
    match part:
        case "words":
            choose_meanings(source)
        case "fields":
            choose_fields(source)
        case "pulls":
            pulls_of(source)
        case "connection":
            connection_of(source)


def pulls_of(source: Connector) -> None:
    """The latest pulls, and what was odd in them."""
    found = connectors.list_runs(actor(), source.id)
    if not found:
        st.markdown("Nothing has been pulled yet. Start pulling above.")
        return
    odd = next((run for run in found if run.surprises), None)
    if odd is not None:
        st.subheader("What nobody expected", anchor=False)
        st.markdown(
            f"In the pull of {when(odd.started_at)}. It was left out, and everything else was read all the same."
        )
        for one in odd.surprises:
            often = f"**{one['count']:,} times:** " if one["count"] > 1 else ""
            example = f" For instance id {plain(one['example'])}." if one["example"] else ""
            st.markdown(f"- {often}{plain(one['text'])}{example}")
    st.subheader("The latest pulls", anchor=False)
    st.dataframe(
        {
            "Began": [when(run.started_at) for run in found],
            "Took": [took(run) for run in found],
            "What became of it": [STATES[run.state] for run in found],
            "Records read": [run.read for run in found],
            "Leads": [run.leads for run in found],
            "New events": [run.events for run in found],
            "Not taken": [run.refused for run in found],
            **({"Said": [run.sentence for run in found]} if any(run.sentence for run in found) else {}),
        },
        hide_index=True,
        width="stretch",
        key=f"sources_runs_{source.id}",
    )


def connection_of(source: Connector) -> None:
    """The form for the connection, and what is rarely done."""
    change_source(source)
    st.divider()
    with st.container(horizontal=True):
        if st.button("Ask for fields and values anew", icon=":material/refresh:", key="sources_look_again"):
            with show_refusal(), st.spinner(f"Calling {source.kind_name} …"):
                connectors.look_again(actor(), source.id)
                st.toast("Asked anew.", icon=":material/check:")
                st.rerun()
        with st.popover("Read everything again", icon=":material/replay:"):
            st.markdown(
                "The next pull reads all leads once more, by the meanings as they are now. Nothing is counted twice; but what was "
                "read by an earlier meaning stays as well, for the record of what happened only grows."
            )
            st.button(
                "Read everything again",
                type="primary",
                key="sources_start_over",
                on_click=perform,
                args=("The next pull reads everything.", connectors.start_over, source.id),
            )
        with st.popover("Remove", icon=":material/link_off:"):
            st.markdown(
                "Its keys are forgotten, and nothing is pulled from it any more. The leads that came from it stay."
            )
            st.button(
                "Remove this source", type="primary", key="sources_remove", on_click=remove, args=(source.id,)
            )


def remove(source_id: str) -> None:
    perform("Removed.", connectors.remove_connector, source_id)
    leave()


def leave() -> None:
    st.query_params.clear()


open_page("Sources", "Which systems do leads come from by themselves, and when was the last time?")
show_outcome()
chosen = st.query_params.get("source")
with stop_on_refusal():
    own_warehouse()
    everything = connectors.list_connectors(actor())
    if chosen is None:
        all_sources(everything)
    else:
        try:
            one_source(connectors.read_connector(actor(), chosen))
        except NotFound as refusal:
            st.warning(plain(refusal), icon=":material/link_off:")
            st.button("All sources", icon=":material/arrow_back:", key="sources_back_lost", on_click=leave)
