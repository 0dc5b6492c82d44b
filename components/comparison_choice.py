"""Which closed questionnaire is compared: the one in the address, else the newest."""

from collections.abc import Sequence

import streamlit as st

from actions import settings, surveys
from actions.permissions import may
from alignment import instants
from alignment.people import Person
from alignment.surveys import Survey, SurveyStatus
from components.page import stop_on_refusal
from components.session import actor

_KEY = "comparison_survey"


def closed_surveys() -> list[Survey]:
    """The questionnaires whose results may be read, the newest first."""
    with stop_on_refusal():
        return [one for one in surveys.list_surveys(actor()) if one.status is SurveyStatus.CLOSED]


def closed_on(survey: Survey) -> str:
    """'closed 3 May 2026', on the company's calendar."""
    with stop_on_refusal():
        zone = settings.read_company(actor()).hours.timezone
    day = instants.local_day(survey.closed_at, zone) if survey.closed_at else None
    return f"closed {day:%-d %B %Y}" if day else "closed"


def choose_survey(closed: Sequence[Survey]) -> Survey:
    """Draw the choice where there are several; the address holds it."""
    by_id = {survey.id: survey for survey in closed}
    asked = st.query_params.get("survey")
    chosen = asked if asked in by_id else closed[0].id
    if asked and asked not in by_id:
        st.query_params.from_dict({})
        st.info(
            "The address named a questionnaire that there is not, or that is still open. This is the newest closed one.",
            icon=":material/link_off:",
        )
    if len(closed) > 1:
        titles = {survey.id: f"{survey.title} ({closed_on(survey)})" for survey in closed}
        st.session_state[_KEY] = chosen
        st.selectbox(
            "Questionnaire",
            list(by_id),
            format_func=titles.__getitem__,
            key=_KEY,
            # another questionnaire has other topics: its list begins without filters
            on_change=lambda: st.query_params.from_dict({"survey": st.session_state[_KEY]}),
        )
    return by_id[chosen]


def show_none_closed(me: Person) -> None:
    """What to do while there is nothing to compare."""
    st.info(
        "No questionnaire has been closed yet. While one is open nobody sees its results, so that nobody is swayed.",
        icon=":material/hourglass_empty:",
    )
    if may(me, "survey:run"):
        st.page_link(
            "pages/surveys/questionnaires.py", label="See how the questionnaires run", icon=":material/quiz:"
        )
    elif me.team is not None:
        st.page_link(
            "pages/surveys/answer.py", label="Answer your questionnaires", icon=":material/edit_note:"
        )
