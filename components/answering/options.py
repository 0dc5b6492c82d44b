"""Options to choose by a tap or a key: each a button as wide as a thumb needs, on which long texts wrap.

A chosen one is filled, and named as pressed by the script beside the screen. (Streamlit's pills and segments cut long texts
off on a phone, and their chosen text has too little contrast in the dark.)
"""

from collections.abc import Callable, Sequence

import streamlit as st

_POINT, _NARROW_POINT, _GAP, _ENDS = 42, 38, 4, 260
_LIKERT = 7


def draw_list(
    key: str, labels: Sequence[str], chosen: Sequence[int], pick: Callable[[int], None], *, width: int = 440
) -> None:
    """Options one beneath the other. `labels` are markdown; `pick` is called with the place of the one that is pressed."""
    with st.container(width=width, gap="xsmall", key=f"{key}-options"):
        for place, label in enumerate(labels):
            st.button(
                label,
                key=f"{key}-option-{place}",
                type="primary" if place in chosen else "secondary",
                icon=":material/check:" if place in chosen else None,
                width="stretch",
                on_click=pick,
                args=(place,),
            )


def draw_row(
    key: str, labels: Sequence[str], chosen: int | None, pick: Callable[[int], None], *, width: int = 100
) -> None:
    """A few short options side by side, each `width` pixels wide with its tick as without."""
    with st.container(horizontal=True, gap="xsmall", key=f"{key}-options"):
        for place, label in enumerate(labels):
            st.button(
                label,
                key=f"{key}-option-{place}",
                type="primary" if place == chosen else "secondary",
                icon=":material/check:" if place == chosen else None,
                width=width,
                on_click=pick,
                args=(place,),
            )


def draw_points(
    key: str, points: int, ends: tuple[str, str], chosen: int | None, pick: Callable[[int], None]
) -> None:
    """The points of a scale from 1, with what its ends mean beneath. `chosen` and `pick` count from 0; `ends` are markdown."""
    width = _NARROW_POINT if points == _LIKERT else _POINT
    width = max(
        width, (_ENDS + _GAP) // points - _GAP
    )  # the ends' words stand beneath the first and the last point
    with st.container(width=points * (width + _GAP) - _GAP, gap="xxsmall"):
        with st.container(horizontal=True, gap="xxsmall", key=f"{key}-options"):
            for place in range(points):
                st.button(
                    f"**{place + 1}**" if place == chosen else str(place + 1),
                    key=f"{key}-option-{place}",
                    type="primary" if place == chosen else "secondary",
                    width=width,
                    on_click=pick,
                    args=(place,),
                )
        with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
            st.caption(f"1 = {ends[0]}", width="content")
            st.caption(f"{points} = {ends[1]}", width="content")
