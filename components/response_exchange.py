"""A questionnaire's answers as files: what can be taken out and what is withheld, and answers brought in from elsewhere."""

from functools import partial

import streamlit as st

from actions import responses
from actions.responses import Form, NothingUsable, ResponsesReport
from alignment.errors import Refusal
from alignment.people import Actor
from alignment.questionnaires import Mode
from alignment.surveys import Survey, SurveyStatus
from components.page import show_refusal
from components.session import actor
from components.text import plain

_MEGABYTES = 20
_SHOWN = 200


def show_responses(survey: Survey) -> None:
    """The answers to one questionnaire, for those who run it: download them once it has closed, bring some in before."""
    if survey.status is SurveyStatus.DRAFT:
        st.caption("There are no answers yet: the questionnaire has not been opened.")
        return
    with show_refusal():
        _show_export(survey)
    if survey.status is SurveyStatus.OPEN:
        show_files_left_out(survey)
        _show_import(survey)


def show_files_left_out(survey: Survey) -> bool:
    """Say so where answers from files will not count as things stand; whether that was said."""
    left_out = None
    with show_refusal():
        left_out = responses.why_files_will_not_count(actor(), survey.id)
    if left_out is not None:
        st.warning(plain(left_out.sentence), icon=":material/visibility_off:")
    return left_out is not None


def offer_my_answers(survey_id: str) -> None:
    """One's own answers as a file to keep, made when it is clicked."""
    st.download_button(
        "Keep a copy of my answers",
        partial(_my_answers, actor(), survey_id),
        file_name="my-answers.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"responses_mine_{survey_id}",
    )


def _my_answers(who: Actor, survey_id: str) -> bytes:
    return responses.export_my_answers(who, survey_id).content


def _show_export(survey: Survey) -> None:
    outlook = responses.export_outlook(actor(), survey.id)
    if outlook.reason:
        st.caption(f":material/visibility_off: {plain(outlook.reason)}")
        return
    if outlook.with_names:
        st.markdown("One row a person, with e-mail and team, as was announced to those who answered.")
    else:
        st.markdown(
            "Results of whole teams, exactly as the comparison shows them. Nobody's own row is exported, and what the "
            "comparison withholds stays out."
        )
    with st.container(horizontal=True):
        for form in Form:
            # made when it is clicked, in a thread that has no session: so the one who acts is handed over
            st.download_button(
                form.label,
                partial(_content, actor(), survey.id, form),
                file_name=outlook.file_names[form],
                mime=form.mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"responses_download_{form.value}_{survey.id}",
            )


def _content(who: Actor, survey_id: str, form: Form) -> bytes:
    return responses.export_responses(who, survey_id, form).content


def _show_import(survey: Survey) -> None:
    key = f"responses_{{}}_{survey.id}".format
    with st.expander("Bring in answers gathered elsewhere", icon=":material/upload_file:"):
        st.markdown(
            "A CSV file with one row a person: `person`, `team`, and a column for each question. They count as submitted. "
            "Rows that cannot be used are refused one by one, and the others are kept."
        )
        if survey.mode is Mode.ANONYMOUS:
            st.caption(
                "This questionnaire is anonymous, so only answers of people whom the portal does not know can be brought "
                "in: a report on the others would tell who has answered."
            )
        else:
            st.caption("Whoever has answered in the portal keeps those answers.")
        if survey.mode is not Mode.NAMED:
            st.caption(
                f"Answers from files count where nobody or at least {survey.min_group} people of each team have answered "
                "in the portal: otherwise whoever brought the file could work out the others'."
            )
        st.download_button(
            "An empty file to fill in",
            partial(_empty_form, actor(), survey.id),
            file_name="answers.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=key("form"),
        )
        st.toggle(
            "The portal does not know these people",
            value=survey.mode is Mode.ANONYMOUS,
            disabled=survey.mode is Mode.ANONYMOUS,
            help="Then the first column may be any label, and each row has to name a team.",
            key=key("external"),
        )
        upload = st.file_uploader("Answers as CSV", type="csv", max_upload_size=_MEGABYTES, key=key("file"))
        st.button(
            "Import",
            type="primary",
            icon=":material/upload:",
            disabled=upload is None,
            key=key("import"),
            on_click=_import,
            args=(survey,),
        )
        _show_outcome(survey)


def _empty_form(who: Actor, survey_id: str) -> bytes:
    return responses.empty_form(who, survey_id).content


def _import(survey: Survey) -> None:
    """Callback of 'Import': keep what became of the file for the run that follows."""
    state = st.session_state
    upload = state.get(f"responses_file_{survey.id}")
    if upload is None:
        return
    external = bool(state.get(f"responses_external_{survey.id}"))
    try:
        outcome: ResponsesReport | Refusal = responses.import_responses(
            actor(), survey.id, upload.name, upload.getvalue(), external=external
        )
    except Refusal as refusal:
        outcome = refusal
    state[f"responses_outcome_{survey.id}"] = outcome


def _show_outcome(survey: Survey) -> None:
    outcome = st.session_state.get(f"responses_outcome_{survey.id}")
    if outcome is None:
        return
    if isinstance(outcome, Refusal) and not isinstance(outcome, NothingUsable):
        st.error(plain(outcome), icon=":material/error:")
        return
    report = outcome.report if isinstance(outcome, NothingUsable) else outcome
    replaced = f", {report.replaced} in the place of an earlier row" if report.replaced else ""
    rows = "1 row" if report.read == 1 else f"{report.read:,} rows"
    sentence = f"{rows} read: {report.accepted} accepted{replaced}, {report.refused} refused."
    if not report.accepted:
        st.error(f"Nothing was imported. {sentence}", icon=":material/error:")
    elif report.refusals:
        st.warning(sentence, icon=":material/warning:")
    else:
        st.success(sentence, icon=":material/check:")
    if report.note:
        st.caption(plain(report.note))
    for one in report.warnings[:_SHOWN]:
        st.caption(f":material/info: Column ‘{plain(one.column)}’: {plain(one.reason)}")
    listed = [*report.refusals, *report.replacements]
    if not listed:
        return
    st.dataframe(
        [
            {"Row": one.row, "Column": one.column, "Value": one.value, "What to do about it": one.reason}
            for one in listed[:_SHOWN]
        ],
        hide_index=True,
        width="stretch",
        alt="Rows that were refused or replaced, with the reason",
    )
    if len(listed) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(listed):,} are shown; the file has the refused ones.")
    if report.refusals:
        st.download_button(
            "Download the refusals",
            report.refusals_csv(),
            file_name="refusals.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"responses_refusals_{survey.id}",
        )
