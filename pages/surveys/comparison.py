"""Where the two teams differ: closed questionnaires, the question that most needs the workshop first."""

import streamlit as st

from actions import comparison, surveys
from actions.permissions import may
from alignment.disagreement import Verdict
from alignment.surveys import Survey
from components.comparison_changes import changes_in_words, changes_of
from components.comparison_choice import choose_survey, closed_surveys, show_none_closed
from components.comparison_filters import filters_in_link, show_filters
from components.comparison_leads import leads_known, show_no_leads
from components.comparison_list import show_list
from components.comparison_overview import (
    show_alignment,
    show_in_their_own_words,
    show_map,
    show_what_data_say,
    show_who_answered,
    why_hidden,
)
from components.comparison_workshop import WORKSHOP_PAGE, questions_on_table
from components.outcome import show_outcome
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain
from reports import comparison as reports

WIDTH = 980
FORMS = {
    "html": ("Report to print", ":material/print:", "text/html"),
    "csv": ("Ranked list as CSV", ":material/table:", "text/csv"),
    "json": ("Everything as JSON", ":material/data_object:", "application/json"),
}


def show_downloads(survey: Survey) -> None:
    """The comparison as a file; each is made when it is asked for."""
    acting = actor()  # a file is made outside of this run, which then has no session
    with stop_on_refusal():
        names = reports.file_names(acting, survey.id)
    with st.popover("Download", icon=":material/download:", key="comparison_download"):
        for form, (label, icon, kind) in FORMS.items():
            st.download_button(
                label,
                lambda form=form: reports.MAKE[form](acting, survey.id)[1],
                file_name=names[form],
                mime=kind,
                icon=icon,
                key=f"comparison_download_{form}",
                on_click="ignore",
                type="tertiary",
            )


me = person()
with st.container(horizontal_alignment="center"), st.container(width=WIDTH):
    open_page("Comparison", "Where do sales and marketing differ, and where do they agree?")
    show_outcome()
    closed = closed_surveys()
    if not closed:
        show_none_closed(me)
        st.stop()
    survey = choose_survey(closed)
    with stop_on_refusal():
        found = comparison.compare_survey(actor(), survey.id)
        rates = surveys.response_rates(actor(), survey.id)
    st.subheader(plain(found.sentence), anchor=False)
    show_who_answered(survey, found, rates)
    if found.questions and all(compared.hidden for compared in found.questions):
        st.info(why_hidden(survey, found), icon=":material/visibility_off:")
        st.stop()
    show_downloads(survey)
    since = changes_of(survey, found)
    if since is not None:
        st.markdown(plain(changes_in_words(since)))
    if not leads_known():
        show_no_leads(me)
    show_map(found, filters_in_link(survey))
    filters = show_filters(survey, found)
    show_list(survey, found, filters, {} if since is None else since.changes, questions_on_table(me))
    show_in_their_own_words(survey, found)
    show_what_data_say()
    show_alignment(survey)
    if may(me, "workshop:attend") and (
        found.count(Verdict.SPLIT_BETWEEN) or found.count(Verdict.SPLIT_WITHIN)
    ):
        st.page_link(WORKSHOP_PAGE, label="Go to the workshop", icon=":material/groups:")
