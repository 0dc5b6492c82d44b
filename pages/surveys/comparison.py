"""Where the two teams differ: closed questionnaires, the question that most needs the workshop first."""

import streamlit as st

from actions import comparison, surveys
from alignment.surveys import Survey
from components.comparison_changes import changes_in_words, changes_of
from components.comparison_choice import choose_survey, closed_surveys, show_none_closed
from components.comparison_filters import drop_unknown, filters_in_link, show_filters
from components.comparison_leads import leads_known, show_no_leads
from components.comparison_list import show_list
from components.comparison_overview import (
    show_alignment,
    show_imagined,
    show_in_their_own_words,
    show_map,
    show_way_on,
    show_what_data_say,
    show_who_answered,
)
from components.comparison_workshop import questions_on_table, show_way_to_workshop
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
        show_way_on(me, survey, found, rates)
        st.stop()
    table = questions_on_table(me)
    with st.container(horizontal=True, vertical_alignment="center"):
        show_way_to_workshop(me, survey, found, table)
        show_downloads(survey)
    since = changes_of(survey, found)
    if since is not None:
        st.markdown(plain(changes_in_words(since)))
    show_imagined(survey, found)
    if not leads_known():
        show_no_leads(me)
    if drop_unknown(survey):
        st.info(
            "The address named filters that this questionnaire does not have. They are left out.",
            icon=":material/filter_alt_off:",
        )
    show_map(found, filters_in_link(survey))
    filters = show_filters(survey, found)
    show_list(survey, found, filters, {} if since is None else since.changes, table)
    show_in_their_own_words(survey, found)
    show_what_data_say()
    show_alignment(survey)
