"""Sources as cards that follow what happens: how each stands, what its last pull brought, and pulling now."""

import streamlit as st

from actions import clock, connectors
from actions.connectors import Connector
from components.outcome import perform
from components.page import stop_on_refusal
from components.session import actor
from components.source_words import badge, last_pull, next_pull, values_without_meaning
from components.text import plain

_QUICK, _CALM = "2s", "20s"


def follow(chosen: str | None = None) -> None:
    """The cards of all sources, or of the chosen one, drawn anew by themselves: often while something is pulled."""
    with stop_on_refusal():
        found = (
            [connectors.read_connector(actor(), chosen)] if chosen else connectors.list_connectors(actor())
        )
    busy = any(_is_about_to_run(one) for one in found)
    st.fragment(_show, run_every=_QUICK if busy else _CALM)(chosen, busy)


def _is_about_to_run(source: Connector) -> bool:
    return source.running or (source.next_run_at is not None and source.next_run_at <= clock.now_text())


def _show(chosen: str | None, busy: bool) -> None:
    with stop_on_refusal():
        found = (
            [connectors.read_connector(actor(), chosen)] if chosen else connectors.list_connectors(actor())
        )
    for source in found:
        with st.container(border=True, key=f"sources_card_{source.id}"):
            _card(source, is_open=chosen is not None)
    if any(_is_about_to_run(one) for one in found) != busy:
        st.rerun()  # to be drawn more or less often from now on, and to let the rest of the screen follow


def _card(source: Connector, *, is_open: bool) -> None:
    word, colour, icon = badge(source)
    with st.container(horizontal=True, vertical_alignment="center"):
        whose = [source.kind_name] if source.name != source.kind_name else []
        whose += [plain(source.description["account"])] if source.description.get("account") else []
        st.markdown(f"**{plain(source.name)}**{'  ·  '.join(['', *whose])}", width="content")
        st.badge(word, color=colour, icon=icon)  # type: ignore[arg-type]
    st.markdown(f"{last_pull(source)} {next_pull(source)}")
    if source.fault:
        st.error(plain(source.fault), icon=":material/key_off:")
    elif source.last is not None and source.last.sentence and not source.running:
        told = st.error if source.last.state == "failed" else st.warning
        told(plain(source.last.sentence), icon=":material/error:")
    open_values = values_without_meaning(source)
    if open_values:
        few = ", ".join(plain(one) for one in open_values[:3]) + (
            " and others" if len(open_values) > 3 else ""
        )
        st.markdown(
            f":material/help: Nobody has said yet what {few} {'means' if len(open_values) == 1 else 'mean'} here."
        )
    with st.container(horizontal=True):
        _buttons(source, is_open=is_open)


def _buttons(source: Connector, *, is_open: bool) -> None:
    if source.running:
        st.button(
            "Stop",
            icon=":material/stop:",
            key=f"sources_stop_{source.id}",
            help="What was read stays; the next pull goes on from there.",
            on_click=perform,
            args=("Stopping after this page.", connectors.stop_run, source.id),
        )
    elif source.enabled:
        st.button(
            "Pull now",
            icon=":material/sync:",
            key=f"sources_run_{source.id}",
            on_click=perform,
            args=("It begins in a moment.", connectors.run_now, source.id),
        )
    else:
        st.button(
            "Start pulling",
            type="primary",
            icon=":material/play_arrow:",
            key=f"sources_start_{source.id}",
            on_click=perform,
            args=("Started. It pulls in a moment.", connectors.start_pulling, source.id),
        )
    if source.enabled:
        st.button(
            "Pause",
            icon=":material/pause:",
            type="tertiary",
            key=f"sources_pause_{source.id}",
            on_click=perform,
            args=("Paused.", connectors.pause_pulling, source.id),
        )
    if not is_open and st.button(
        "Open", icon=":material/tune:", type="tertiary", key=f"sources_open_{source.id}"
    ):
        st.query_params["source"] = source.id
        st.rerun()
