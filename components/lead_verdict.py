"""Accepting or rejecting one lead: the two buttons, and what may be said along with them."""

from collections.abc import Callable

import streamlit as st

from actions import lead_decisions
from actions.lead_decisions import Decided
from actions.lead_inbox import LeadView
from alignment.lead_decisions import LONGEST_NOTE
from alignment.lifecycle import RejectionReason
from components.lead_inbox_said import ask_feedback, said
from components.outcome import perform
from components.text import ink


def offer_decision(
    view: LeadView, after: Callable[[Decided | None], None], *, with_more: bool = True
) -> None:
    """Both buttons, and `with_more` what may be said along. `after` is told in the callback what was decided, None where that
    was refused."""
    lead_id, key = view.record.lead_id, f"leads_{view.record.lead_id}"
    revision = view.given.revision if view.given else 0
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Accept",
            type="primary",
            icon=":material/check:",
            key=f"{key}_accept",
            on_click=_decide,
            args=(lead_id, key, revision, True, after),
        )
        with st.popover("Reject", icon=":material/close:", key=f"{key}_reject_menu"):
            st.pills(
                "Why not?",
                list(RejectionReason),
                format_func=lambda reason: ink(reason.label),
                key=f"{key}_reason",
            )
            st.button(
                "Reject",
                type="primary",
                key=f"{key}_reject",
                disabled=not st.session_state.get(f"{key}_reason"),
                on_click=_decide,
                args=(lead_id, key, revision, False, after),
            )
    if not with_more:
        return
    more = st.expander(
        "Say more: a note, what worked, objections, content",
        icon=":material/forum:",
        key=f"{key}_more",
        on_change="rerun",
    )
    if more.open:
        with more:
            st.text_input(
                "Note on the decision",
                max_chars=LONGEST_NOTE,
                key=f"{key}_note",
                placeholder="What settled it, in a sentence",
            )
            ask_feedback(view, key)


def _decide(
    lead_id: str, key: str, revision: int, accept: bool, after: Callable[[Decided | None], None]
) -> None:
    more = {
        "note": st.session_state.get(f"{key}_note") or "",
        "feedback": said(key) or None,
        "feedback_revision": revision,
    }
    if accept:
        done = perform("Accepted.", lead_decisions.accept_leads, [lead_id], **more)
    else:
        reason = str(st.session_state.get(f"{key}_reason") or "")
        done = perform("Rejected.", lead_decisions.reject_leads, [lead_id], reason, **more)
    after(done)
