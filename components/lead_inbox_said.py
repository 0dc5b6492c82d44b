"""Where sales says what worked with a lead, what did not, which objections came up, and what the content did."""

from typing import Any

import streamlit as st

from actions import lead_decisions
from actions.lead_inbox import LeadView
from alignment.lead_decisions import LONGEST_NOTE, Aspect, ContentVerdict, Feedback, Objection
from components.lead_inbox_record import when
from components.session import actor
from components.text import ink, plain


def ask_feedback(view: LeadView, key: str) -> None:
    """The questions, beginning with what was said before; `said` reads the answers."""
    given = view.given.feedback if view.given else Feedback()
    for label, kind, chosen, name in (
        ("What worked", Aspect, given.worked, "worked"),
        ("What did not", Aspect, given.failed, "failed"),
        ("Objections that came up", Objection, given.objections, "objections"),
    ):
        st.pills(
            label,
            list(kind),
            default=list(chosen),
            format_func=lambda one: ink(one.label),
            selection_mode="multi",
            key=f"{key}_{name}",
        )
    own = view.record.fields.get("content")
    contents = list(
        dict.fromkeys(name for name in (given.content, own, *lead_decisions.list_contents(actor())) if name)
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Content you used",
            contents,
            index=contents.index(given.content) if given.content else (0 if own else None),
            placeholder="Choose or type its name",
            accept_new_options=True,
            key=f"{key}_content",
            width=320,
        )
        st.pills(
            "What it did",
            list(ContentVerdict),
            default=given.content_verdict,
            format_func=lambda verdict: ink(verdict.label),
            key=f"{key}_content_verdict",
        )
    st.text_area(
        "Anything else marketing should know",
        given.note,
        max_chars=LONGEST_NOTE,
        height=80,
        key=f"{key}_said",
    )


def said(key: str) -> dict[str, Any]:
    """What was answered, as arguments for the actions; empty when nothing was asked."""
    state = st.session_state
    if f"{key}_worked" not in state:
        return {}
    return {
        "worked": [str(code) for code in state[f"{key}_worked"] or ()],
        "failed": [str(code) for code in state[f"{key}_failed"] or ()],
        "objections": [str(code) for code in state[f"{key}_objections"] or ()],
        "content": state[f"{key}_content"] or "",
        "content_verdict": state[f"{key}_content_verdict"] or None,
        "note": state[f"{key}_said"] or "",
    }


def show_feedback(view: LeadView) -> None:
    """What was said of the lead, for those who read it."""
    if view.given is None or view.given.feedback.empty:
        return
    given = view.given.feedback
    st.markdown("**What sales says**")
    for label, codes in (
        ("Worked", [aspect.label for aspect in given.worked]),
        ("Did not work", [aspect.label for aspect in given.failed]),
        ("Objections", [objection.label for objection in given.objections]),
    ):
        if codes:
            st.markdown(f":gray[{label}] {plain(', '.join(codes))}")
    if given.content_verdict:
        st.markdown(f":gray[Content] {plain(given.content)}: {plain(given.content_verdict.label.lower())}")
    if given.note:
        st.markdown(plain(given.note))
    st.caption(plain(f"{view.given.person_name}, {when(view.given.given_at)}"))
