"""Questionnaires for those who run them: prepare, open, watch how many have answered, close."""

from functools import partial

import streamlit as st

from actions import settings, surveys
from actions.permissions import may
from alignment import instants, templates
from alignment.people import Team
from alignment.questionnaires import Mode, Questionnaire
from alignment.surveys import ResponseRate, Survey, SurveyStatus
from components.outcome import perform, show_outcome
from components.page import open_page, show_refusal, stop_on_refusal
from components.question import draw_question
from components.session import actor, person
from components.text import plain

OWN = "own"
MODES = {
    Mode.NAMED: "Named",
    Mode.CONFIDENTIAL: "Confidential",
    Mode.ANONYMOUS: "Anonymous",
}
STATES = {
    SurveyStatus.DRAFT: ("Draft", "gray", ":material/edit:"),
    SurveyStatus.OPEN: ("Open", "green", ":material/play_arrow:"),
    SurveyStatus.CLOSED: ("Closed", "blue", ":material/lock:"),
}


def day(instant: str) -> str:
    return instants.local_day(instant, zone).strftime("%-d %B %Y")


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def show_rates(rates: dict[Team, ResponseRate]) -> None:
    left, right = st.columns(2)
    for column, team in ((left, Team.SALES), (right, Team.MARKETING)):
        rate = rates[team]
        underway = rate.started - rate.submitted
        text = f"{team.label.capitalize()}: {rate.submitted} of {rate.invited} submitted"
        column.progress(rate.share, text + (f", {underway} under way" if underway else ""))


def watch_rates(survey_id: str) -> None:
    with show_refusal():
        show_rates(surveys.response_rates(actor(), survey_id))


def total_sentence(known: list[Survey]) -> str:
    running = [survey for survey in known if survey.status is SurveyStatus.OPEN]
    if not known:
        return "There is no questionnaire yet."
    if not running:
        drafts = sum(survey.status is SurveyStatus.DRAFT for survey in known)
        return "No questionnaire is open." + (f" {drafts} in preparation." if drafts else "")
    rates = [rate for survey in running for rate in surveys.response_rates(actor(), survey.id).values()]
    asked, submitted = sum(rate.invited for rate in rates), sum(rate.submitted for rate in rates)
    what = "One questionnaire is open" if len(running) == 1 else f"{len(running)} questionnaires are open"
    return f"{what}: {submitted} of {asked} people have submitted."


@st.dialog("Preview", width="medium", icon=":material/visibility:")
def preview(questionnaire: Questionnaire, key: str) -> None:
    st.markdown(f"**{plain(questionnaire.title)}**")
    team = st.segmented_control(
        "As",
        list(Team),
        default=Team.SALES,
        required=True,
        format_func=lambda team: team.label.capitalize(),
        key=f"questionnaires_preview_team_{key}",
    )
    if questionnaire.introduction:
        st.markdown(plain(questionnaire.introduction))
    st.caption(f":material/lock: {questionnaire.mode.promise}")
    for section in questionnaire.sections:
        st.subheader(plain(section.title), anchor=False)
        for question in section.questions:
            with st.container(border=True):
                draw_question(question, team, key=f"questionnaires_preview_{key}_{team.value}_{question.key}")
    st.caption("Nothing you do in the preview is kept.")


@st.dialog("Open this questionnaire?", icon=":material/play_arrow:")
def confirm_open(survey: Survey, rates: dict[Team, ResponseRate]) -> None:
    st.markdown(f"**{plain(survey.title)}**")
    asked = " and ".join(f"{people(rates[team].invited)} in {team.label}" for team in Team)
    st.markdown(
        f"It goes to {asked}, {MODES[survey.mode].lower()}. From then on the questions stay as they are, and the privacy "
        "cannot be made looser."
    )
    small = [team.label for team in Team if rates[team].invited < survey.min_group]
    if small:
        st.warning(
            f"There are fewer than {survey.min_group} people in {' and '.join(small)}: results would stay hidden.",
            icon=":material/visibility_off:",
        )
    if st.button(
        "Open for both teams",
        type="primary",
        key=f"questionnaires_confirm_open_{survey.id}",
        on_click=partial(
            perform,
            "Open. Both teams find it under Answer.",
            surveys.open_survey,
            survey.id,
            revision=survey.revision,
        ),
    ):
        st.rerun()


@st.dialog("Close it for good?", icon=":material/lock:")
def confirm_close(survey: Survey) -> None:
    with stop_on_refusal():
        rates = surveys.response_rates(actor(), survey.id)
    st.markdown(f"**{plain(survey.title)}**")
    show_rates(rates)
    underway = sum(rate.started - rate.submitted for rate in rates.values())
    if underway:
        who = "1 person has" if underway == 1 else f"{underway} people have"
        st.warning(f"{who} begun and not submitted. Those answers will not count.", icon=":material/pending:")
    small = [team.label for team in Team if rates[team].submitted < survey.min_group]
    if small:
        st.warning(
            f"Fewer than {survey.min_group} people in {' and '.join(small)} have submitted: the results will stay hidden.",
            icon=":material/visibility_off:",
        )
    closing = "Closing is final: nobody can answer or change an answer any more, and the comparison becomes readable."
    if survey.mode is Mode.ANONYMOUS:
        closing += " The key that links people to their answers is destroyed."
    st.markdown(closing)
    if st.button(
        "Close for good",
        type="primary",
        key=f"questionnaires_confirm_close_{survey.id}",
        on_click=partial(perform, "Closed. The comparison can be read now.", surveys.close_survey, survey.id),
    ):
        st.rerun()


@st.dialog("Discard this draft?", icon=":material/delete:")
def confirm_discard(survey: Survey) -> None:
    st.markdown(f"**{plain(survey.title)}** has never been open, so no answers are lost.")
    if st.button(
        "Discard",
        type="primary",
        key=f"questionnaires_confirm_discard_{survey.id}",
        on_click=partial(perform, "Discarded.", surveys.discard_survey, survey.id),
    ):
        st.rerun()


def tighten(survey: Survey) -> None:
    perform(
        "The privacy is stricter now.",
        surveys.tighten_survey,
        survey.id,
        mode=st.session_state[f"questionnaires_mode_{survey.id}"],
        min_group=st.session_state[f"questionnaires_group_{survey.id}"],
        revision=survey.revision,
    )


def edit_privacy(survey: Survey) -> None:
    with st.popover("Privacy", icon=":material/lock:"):
        st.caption("It can only become stricter, and only before the first answer.")
        choose_privacy(survey.questionnaire, survey.id)
        st.button("Save", key=f"questionnaires_tighten_{survey.id}", on_click=tighten, args=(survey,))


def choose_privacy(questionnaire: Questionnaire, key: str) -> None:
    allowed = [mode for mode in Mode if mode.strictness >= questionnaire.mode.strictness]
    st.radio(
        "Privacy",
        allowed,
        format_func=MODES.__getitem__,
        captions=[mode.promise for mode in allowed],
        key=f"questionnaires_mode_{key}",
    )
    st.number_input(
        "Smallest group of each team for which a result is shown",
        min_value=questionnaire.min_group,
        max_value=1000,
        key=f"questionnaires_group_{key}",
    )


def show_survey(survey: Survey, prepares: bool, runs: bool) -> None:
    words, colour, icon = STATES[survey.status]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(survey.title)}**", width="stretch")
            st.badge(words, color=colour, icon=icon)
        when = f" · opened {day(survey.opened_at)}" if survey.opened_at else ""
        when += f" · closed {day(survey.closed_at)}" if survey.closed_at else ""
        st.caption(
            f"{len(survey.questionnaire.questions)} questions · {MODES[survey.mode].lower()} · results from "
            f"{survey.min_group} people a team{when}"
        )
        rates = surveys.response_rates(actor(), survey.id)
        if survey.status is SurveyStatus.OPEN:
            st.fragment(watch_rates, run_every="10s")(survey.id)
        elif survey.status is SurveyStatus.CLOSED:
            show_rates(rates)
        with st.container(horizontal=True, vertical_alignment="center"):
            if survey.status is SurveyStatus.CLOSED:
                st.page_link(
                    "pages/surveys/comparison.py",
                    label="See the comparison",
                    icon=":material/compare_arrows:",
                    query_params={"survey": survey.id},
                )
            if (
                survey.status is SurveyStatus.DRAFT
                and runs
                and st.button(
                    "Open",
                    type="primary",
                    icon=":material/play_arrow:",
                    key=f"questionnaires_open_{survey.id}",
                )
            ):
                confirm_open(survey, rates)
            if (
                survey.status is SurveyStatus.OPEN
                and runs
                and st.button("Close", icon=":material/lock:", key=f"questionnaires_close_{survey.id}")
            ):
                confirm_close(survey)
            if st.button("Preview", icon=":material/visibility:", key=f"questionnaires_preview_{survey.id}"):
                preview(survey.questionnaire, survey.id)
            if prepares and survey.status is SurveyStatus.DRAFT:
                edit_privacy(survey)
                if st.button(
                    "Discard",
                    icon=":material/delete:",
                    type="tertiary",
                    key=f"questionnaires_discard_{survey.id}",
                ):
                    confirm_discard(survey)


def prepare() -> None:
    """Callback of 'Prepare': a draft from the template chosen, or from the file."""
    name = st.session_state["questionnaires_template"]
    state = st.session_state
    upload = state.get("questionnaires_file")
    own = upload.getvalue().decode("utf-8", errors="replace") if name == OWN and upload else ""
    perform(
        "Prepared. Look at the preview, then open it.",
        surveys.prepare_survey,
        template="" if name == OWN else name,
        toml=own,
        title="" if name == OWN else state.get("questionnaires_title", ""),
        mode=None if name == OWN else state.get(f"questionnaires_mode_{name}"),
        min_group=None if name == OWN else state.get(f"questionnaires_group_{name}"),
    )


def show_new(expanded: bool) -> None:
    names = {name: templates.template(name).title for name in templates.NAMES} | {OWN: "A file of my own"}
    with st.expander("New questionnaire", icon=":material/add:", expanded=expanded):
        name = st.radio(
            "Begin with",
            list(names),
            format_func=lambda name: plain(names[name]),
            captions=[
                *(f"{len(templates.template(name).questions)} questions" for name in templates.NAMES),
                "TOML, for example a built-in questionnaire that you have edited",
            ],
            key="questionnaires_template",
        )
        if name == OWN:
            st.file_uploader(
                "Questionnaire as TOML", type="toml", max_upload_size=1, key="questionnaires_file"
            )
        else:
            questionnaire = templates.template(name)
            st.text_input("Title", placeholder=questionnaire.title, max_chars=200, key="questionnaires_title")
            choose_privacy(questionnaire, name)
        with st.container(horizontal=True):
            st.button(
                "Prepare",
                type="primary",
                icon=":material/add:",
                key="questionnaires_prepare",
                on_click=prepare,
                disabled=name == OWN and st.session_state.get("questionnaires_file") is None,
            )
            if name != OWN:
                if st.button("Preview", icon=":material/visibility:", key="questionnaires_preview_template"):
                    preview(templates.template(name), name)
                st.download_button(
                    "Download to edit",
                    templates.template_text(name),
                    file_name=f"{name}.toml",
                    mime="application/toml",
                    icon=":material/download:",
                    key="questionnaires_download",
                )


me = person()
prepares, runs = may(me, "survey:prepare"), may(me, "survey:run")
open_page("Questionnaires", "Who has answered, and what comes next?")
show_outcome()
with stop_on_refusal():
    zone = settings.read_company(actor()).hours.timezone
    known = surveys.list_surveys(actor())
    st.subheader(total_sentence(known), anchor=False)
    if prepares:
        show_new(expanded=not known)
    elif not known:
        st.info("A facilitator prepares the first questionnaire.", icon=":material/info:")
    for survey in known:
        show_survey(survey, prepares, runs)
