"""A question in free text: read, not counted."""

from typing import TYPE_CHECKING

import streamlit as st

from actions import comparison
from alignment.people import Team
from alignment.questionnaires import Question
from alignment.surveys import OwnAnswers, Survey
from components.comparison_question import show_asked, show_own, show_quotes
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain

if TYPE_CHECKING:
    from alignment.disagreement.terms import Terms

MOST_TERMS = 8
"""So many terms stand for each team; the table behind has all."""


def show_text_question(survey: Survey, question: Question, own: OwnAnswers) -> None:
    """What was asked, the words that tell the teams apart, and what people wrote, where enough of both teams did."""
    with stop_on_refusal():
        comments = comparison.read_comments(actor(), survey.id)[question.key]
        terms = comparison.read_terms(actor(), survey.id).get(question.key)
    with st.container(border=True):
        show_asked(question)
        show_own(question, own)
    if terms is not None and terms.terms:
        show_terms(question, terms)
    st.subheader("In their own words", anchor=False)
    show_quotes(comments)


def show_terms(question: Question, terms: "Terms") -> None:
    """Which words and phrases more people of the one team use, and which both do."""
    st.subheader("The words they use", anchor=False)
    for team in (*Team, None):
        said = terms.said_more_by(team)
        if not said:
            continue
        who = (
            "Both teams use"
            if team is None
            else f"More people of {team.label} than of {team.other.label} use"
        )
        words = ", ".join(f"“{plain(term.text)}”" for term in said[:MOST_TERMS])
        st.markdown(f"{who} {words}.")
    with st.popover("Numbers", icon=":material/table:", key="compared_terms"):
        st.caption(
            "People who use a term, of those who wrote something. No difference is claimed: the words describe these "
            "comments only."
        )
        st.dataframe(
            [
                {
                    "Term": term.text,
                    **{team.label.capitalize(): terms.people_text(term, team) for team in Team},
                }
                for term in terms.terms
            ],
            hide_index=True,
            alt=f"How many people of each team use a term: {question.name}",
        )
