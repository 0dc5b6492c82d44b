"""What stands around the ranked list: who answered, the map of topics, and what people wrote."""

from collections.abc import Mapping

import streamlit as st

from actions import comparison
from alignment.disagreement import Comparison
from alignment.people import Team
from alignment.surveys import ResponseRate, Survey
from components.comparison_choice import closed_on
from components.comparison_list import QUESTION_PAGE
from components.comparison_words import imagined_in_words
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain


def show_who_answered(survey: Survey, found: Comparison, rates: Mapping[Team, ResponseRate]) -> None:
    """Which questionnaire this is, and how many of each team it heard."""
    submitted = " and ".join(
        f"{rates[team].submitted} of {rates[team].invited} in {team.label}" for team in Team
    )
    if found.without_files:
        submitted = f"with answers from files, which do not all count, {submitted}"
    parts = [
        f"{plain(survey.title)}, {closed_on(survey)}",
        f"{submitted} submitted",
        imagined_in_words(found),
    ]
    st.caption(" · ".join(filter(None, parts)))


def why_hidden(survey: Survey, found: Comparison) -> str:
    """Why nothing of the whole questionnaire shows."""
    if found.without_files:
        return (
            f"Answers from files count with a question where nobody or at least {survey.min_group} people of each team "
            "have answered it in the portal. Otherwise whoever brought the file could take its answers away and be left "
            "with a few people's, so nothing is shown of either team."
        )
    return (
        f"Results show only when at least {survey.min_group} people of each team have answered. With fewer, one could "
        "work out who said what, so nothing is shown of either team."
    )


def show_map(found: Comparison) -> None:
    """The topics by how far the teams are apart and what that costs."""


def show_in_their_own_words(survey: Survey, found: Comparison) -> None:
    """The questions in free text, each with a link to what people wrote."""
    if not found.not_compared:
        return
    with stop_on_refusal():
        comments = comparison.read_comments(actor(), survey.id)
    st.subheader("In their own words", anchor=False)
    for question in found.not_compared:
        of = comments[question.key]
        with st.container(border=True, gap="xxsmall"):
            st.page_link(
                QUESTION_PAGE,
                label=f"**{plain(question.name)}**",
                icon=":material/chat:",
                query_params={"survey": survey.id, "question": question.key},
            )
            counted = ", ".join(f"{len(texts)} from {team.label}" for team, texts in of.by_team.items())
            st.caption(plain(of.reason) if of.reason else f"Comments: {counted}, shuffled and without names.")
