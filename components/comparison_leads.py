"""The leads behind a question: what its disagreement costs, in past leads."""

import streamlit as st

from alignment.disagreement import QuestionComparison
from alignment.disagreement.measures_in_words import leads_in_words
from alignment.surveys import Survey


def show_leads_behind(survey: Survey, compared: QuestionComparison) -> None:
    """What the two typical rules would do with past leads; nothing where the question is about no lead field."""
    if compared.cost is None:
        return
    st.subheader("The leads behind it", anchor=False)
    st.markdown(leads_in_words(compared.cost))
