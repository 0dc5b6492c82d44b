"""Writing a questionnaire: sections, questions, settings; correcting it while it is open; reading it when it is closed."""

import streamlit as st

from actions import surveys
from actions.permissions import may
from components.outcome import show_outcome
from components.page import open_page, stop_on_refusal
from components.questionnaire_editor import draw_editor
from components.session import actor, person

me = person()
survey_id = st.query_params.get("survey", "")
with st.container(horizontal_alignment="center"), st.container(width=820):
    show_outcome()
    if not may(me, "survey:prepare"):
        open_page("Editor", "Who writes the questionnaires?")
        st.info("Facilitators write the questionnaires. You find yours under Answer.", icon=":material/info:")
        st.page_link("pages/surveys/answer.py", label="Answer", icon=":material/edit_note:")
        st.stop()
    st.page_link(
        "pages/surveys/questionnaires.py",
        label="Back to the questionnaire" if survey_id else "Questionnaires",
        icon=":material/arrow_back:",
        query_params={"survey": survey_id} if survey_id else None,
    )
    if not survey_id:
        open_page("Editor", "Which questionnaire do you want to write?")
        st.info("Choose a questionnaire, or begin a new one, under Questionnaires.", icon=":material/info:")
        st.stop()
    with stop_on_refusal():
        survey = surveys.read_survey(actor(), survey_id)
    draw_editor(survey)
