"""Judging real leads, one card at a time: qualified, not qualified, can't tell, and why if one likes."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from alignment.answers import LONGEST_REASON
from alignment.lead_cards import LeadCard
from alignment.questionnaires import CardVerdict
from components.answering.held import Change, answered
from components.answering.options import draw_row
from components.text import plain

_VERDICT = 160


def draw_cards(cards: Sequence[LeadCard], key: str, on_change: Change | None) -> None:
    """Draw the card that is next, with a way to the others. `st.session_state[key]` holds the judgements by number.

    `cards` come in the order in which this person sees them; what is said is kept under their numbers.
    """
    if not cards:
        st.info("The leads for this question have not been drawn yet.", icon=":material/style:")
        return
    judged: dict[str, dict[str, str]] = st.session_state[key]
    place = _place(cards, judged, key)
    card = cards[place]
    number = str(card.number)
    done = sum(str(other.number) in judged for other in cards)
    with st.container(
        gap="small", key=f"{key}-card-{number}"
    ):  # to whose top the script beside the screen goes
        st.progress(done / len(cards), f"Lead {place + 1} of {len(cards)} · {done} judged")
        with st.container(border=True, gap="xsmall"):
            for label, text in card.facts:
                with st.container(horizontal=True, wrap=False, gap="small"):
                    st.markdown(f":gray[{plain(label)}]", width=120)
                    st.markdown(f"**{plain(text)}**", width="stretch")
    _draw_verdict(number, judged, key, on_change)
    _draw_way(cards, judged, place, key)


def _place(cards: Sequence[LeadCard], judged: dict[str, dict[str, str]], key: str) -> int:
    """The card on the screen: the one that was turned to, at first the first one without a judgement."""
    at = st.session_state.get(f"{key}-at")
    if at is None:
        at = next((n for n, card in enumerate(cards) if str(card.number) not in judged), 0)
        st.session_state[f"{key}-at"] = at
    return min(at, len(cards) - 1)


def _draw_verdict(number: str, judged: dict[str, dict[str, str]], key: str, on_change: Change | None) -> None:
    reason_key = f"{key}-reason-{number}"
    known = judged.get(number, {})
    verdicts = list(CardVerdict)
    chosen = verdicts.index(CardVerdict(known["verdict"])) if known else None

    def keep(verdict: CardVerdict | None) -> None:
        kept: dict[str, Any] = {n: j for n, j in st.session_state[key].items() if n != number}
        if verdict is not None:
            reason = (st.session_state.get(reason_key) or "").strip()
            kept[number] = {"verdict": verdict.value, **({"reason": reason} if reason else {})}
        st.session_state[key] = kept
        answered(key, on_change)

    def keep_reason() -> None:
        # the verdict as it is by then: a click on another one may have come in the same moment
        now = st.session_state[key].get(number)
        if now is not None:
            keep(CardVerdict(now["verdict"]))

    if reason_key not in st.session_state:
        st.session_state[reason_key] = known.get("reason", "")
    draw_row(
        f"{key}-verdict-{number}",
        [verdict.label for verdict in verdicts],
        chosen,
        lambda place: keep(None if place == chosen else verdicts[place]),
        width=_VERDICT,
    )
    st.text_input(
        "Why? (optional)",
        key=reason_key,
        max_chars=LONGEST_REASON,
        on_change=keep_reason,
        disabled=chosen is None,  # it has its place all the same, so that nothing moves under the thumb
    )


def _draw_way(cards: Sequence[LeadCard], judged: dict[str, dict[str, str]], place: int, key: str) -> None:
    def turn(to: int) -> None:
        st.session_state[f"{key}-at"] = to

    with st.container(horizontal=True, gap="small"):
        st.button(
            "Lead before",
            key=f"{key}-before",
            icon=":material/chevron_left:",
            disabled=place == 0,
            on_click=turn,
            args=(place - 1,),
        )
        st.button(
            "Next lead",
            key=f"{key}-after",
            icon=":material/chevron_right:",
            icon_position="right",
            type="primary" if str(cards[place].number) in judged and place + 1 < len(cards) else "secondary",
            disabled=place + 1 == len(cards),
            on_click=turn,
            args=(place + 1,),
        )
        waiting = [n for n, card in enumerate(cards) if str(card.number) not in judged]
        if waiting and place + 1 == len(cards) and waiting[0] != place:
            st.button(
                f"To lead {waiting[0] + 1}, not judged yet",
                key=f"{key}-waiting",
                on_click=turn,
                args=(waiting[0],),
            )
    if not waiting:
        st.caption(f":material/done_all: All {len(cards)} leads are judged.")
