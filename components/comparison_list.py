"""The ranked list of a comparison: one compact row a question, each with a link to its own screen."""

from collections.abc import Mapping, Sequence

import streamlit as st

from alignment.disagreement import Comparison, QuestionComparison
from alignment.disagreement.change import Change
from alignment.surveys import Survey
from components.comparison_filters import Filters, clear
from components.comparison_words import change_badge, cost_in_short, imagined_badges, verdict_badge
from components.text import plain

QUESTION_PAGE = "pages/surveys/compared.py"
OVERVIEW_PAGE = "pages/surveys/comparison.py"
A_PAGE = 60
"""So many rows stand on the screen at a time: all of a usual questionnaire, so that one can look through it at once."""
_PAGE = "comparison_page"


def show_list(
    survey: Survey,
    found: Comparison,
    filters: Filters,
    changes: Mapping[str, Change],
    table: set[tuple[str, str]],
) -> None:
    """The questions that the filters leave, the one to settle first on top.

    `changes` has what became of each question since the last time, as far as it was asked before; `table` the questions,
    as (survey id, key), that are on the table of the workshop.
    """
    places = {one.question.key: place for place, one in enumerate(found.questions, 1)}
    shown = [one for one in found.questions if filters.passes(one)]
    if not shown:
        show_nothing_left()
        return
    pages = -(-len(shown) // A_PAGE)
    page = min(max(1, _asked_page()), pages)
    if pages > 1:
        st.session_state[_PAGE] = page  # the address is the truth, as with the filters
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pagination(pages, key=_PAGE, on_change=_keep_page, max_visible_pages=None)
            st.caption(
                f"{(page - 1) * A_PAGE + 1} to {min(page * A_PAGE, len(shown))} of {len(shown)} questions",
                width="content",
            )
    with st.container(gap="xsmall"):
        for one in shown[(page - 1) * A_PAGE : page * A_PAGE]:
            key = one.question.key
            show_row(survey, one, places[key], filters, changes.get(key), (survey.id, key) in table)


def show_row(
    survey: Survey, one: QuestionComparison, place: int, filters: Filters, change: Change | None, taken: bool
) -> None:
    """One question: its place, its name as a link, the verdict, the sentence, and what it costs."""
    with st.container(border=True, gap="xxsmall"):
        st.page_link(
            QUESTION_PAGE,
            label=f"{place}\\. **{plain(one.question.name)}**",
            icon=":material/chevron_right:",
            icon_position="right",
            query_params=filters.link(survey.id, one.question.key),
        )
        badges = [
            verdict_badge(one),
            change_badge(change),
            *imagined_badges(one),
            ":gray-badge[:material/groups: On the table]" if taken else "",
        ]
        st.markdown(" ".join([*filter(None, badges), plain(one.sentence)]))
        cost = cost_in_short(one.cost)
        if cost:
            st.caption(f":material/filter_alt: {cost}")


def show_nothing_left() -> None:
    """What to do when the filters leave nothing."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("**No question matches these filters.**", width="content")
        st.button(
            "Show all questions", key="comparison_clear_all", icon=":material/filter_alt_off:", on_click=clear
        )


def way_back(survey: Survey, filters: Filters, place: int) -> Mapping[str, str | list[str]]:
    """The parameters of the link back to the list, on the page that has the question at `place` (0 first)."""
    page = place // A_PAGE + 1
    return {**filters.link(survey.id), **({"page": str(page)} if page > 1 else {})}


def neighbours(order: Sequence[str], key: str) -> tuple[str, str]:
    """The keys before and after `key` in `order`; '' where there is none, or `key` is not among them."""
    if key not in order:
        return "", ""
    place = order.index(key)
    return order[place - 1] if place else "", order[place + 1] if place + 1 < len(order) else ""


def _asked_page() -> int:
    asked = st.query_params.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1


def _keep_page() -> None:
    st.query_params["page"] = str(st.session_state[_PAGE])
