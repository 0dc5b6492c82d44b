"""Questionnaires for those who run them: which there are, and of each one its questions, people, dates and answers."""

import streamlit as st

from actions import cycles, settings, surveys
from actions.permissions import may
from alignment import instants
from alignment.people import Team
from alignment.questionnaire_edits import unwritten
from alignment.questionnaires import QuestionType
from alignment.surveys import Survey, SurveyStatus
from components.lead_cards import show_cards
from components.outcome import show_outcome
from components.page import open_page, stop_on_refusal
from components.questionnaire_editor_state import begin_in_own_language
from components.questionnaire_preview import preview
from components.response_exchange import show_responses
from components.session import actor, person
from components.survey_beginning import show_new
from components.survey_running import show_running
from components.survey_steps import (
    MODES,
    confirm_close,
    confirm_discard,
    confirm_open,
    count_of,
    count_questions,
    offer_stricter_privacy,
)
from components.text import ink, plain

STATES = {
    SurveyStatus.DRAFT: ("Draft", "gray", ":material/edit:"),
    SurveyStatus.OPEN: ("Open", "green", ":material/play_arrow:"),
    SurveyStatus.CLOSED: ("Closed", "blue", ":material/lock:"),
}
QUESTIONS, PEOPLE, CARDS, ANSWERS = "questions", "people", "cards", "answers"
PARTS = {QUESTIONS: "Questions", PEOPLE: "People and dates", CARDS: "Lead cards", ANSWERS: "Answers"}
FIRST = {
    SurveyStatus.DRAFT: QUESTIONS,
    SurveyStatus.OPEN: PEOPLE,
    SurveyStatus.CLOSED: ANSWERS,
}
LABELS = {
    SurveyStatus.DRAFT: "Go on preparing",
    SurveyStatus.OPEN: "See how it runs",
    SurveyStatus.CLOSED: "See what there is",
}
MANY = 6


def go_to(survey_id: str = "") -> None:
    """Callback: show one questionnaire, or all."""
    st.query_params.clear()
    if survey_id:
        st.query_params["survey"] = survey_id


def leave_link() -> None:
    """Callback: from now on the part that was chosen shows, not that of the link."""
    st.query_params.pop("part", None)


def day(instant: str) -> str:
    return instants.local_day(instant, zone).strftime("%-d %B %Y")


def when(survey: Survey) -> str:
    """The survey's cycle and the date that tells most, which tell two of the same title apart."""
    if survey.closed_at:
        date = f"Closed {day(survey.closed_at)}"
    elif survey.opened_at:
        date = f"Opened {day(survey.opened_at)}"
    else:
        date = f"Prepared {day(survey.created_at)}"
    cycle = cycle_names.get(survey.cycle_id or "")
    return f"{cycle} · {date}" if cycle else date


def total_sentence() -> str:
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


def submitted_words(survey: Survey) -> str:
    rates = surveys.response_rates(actor(), survey.id)
    return ", ".join(
        f"{team.label} {rates[team].submitted} of {rates[team].invited} submitted" for team in Team
    )


# ── all questionnaires ───────────────────────────────────────────────────────────────────────────────────────────────


def choose_some() -> list[Survey]:
    """Where there are many: those of one state, or with some words in their title."""
    if len(known) <= MANY:
        return known
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input("Find", placeholder="Words of the title", key="questionnaires_find", width=260)
        state = st.segmented_control(
            "Show",
            ["all", *SurveyStatus],
            default="all",
            required=True,
            format_func=lambda state: ink(STATES[state][0] if state in STATES else "All"),
            key="questionnaires_state",
        )
    found = [
        survey
        for survey in known
        if state in ("all", survey.status) and words.lower() in survey.title.lower()
    ]
    if not found:
        st.caption("None is like that. Use other words, or show all.")
    return found


def list_all() -> None:
    open_page("Questionnaires", "Who has answered, and what comes next?")
    show_outcome()
    with stop_on_refusal():
        st.subheader(total_sentence(), anchor=False)
        if prepares:
            show_new(known, lambda survey: f"{survey.title} ({when(survey)})", expanded=not known)
        elif not known:
            st.info("A facilitator prepares the first questionnaire.", icon=":material/info:")
        for survey in choose_some():
            list_one(survey)


def list_one(survey: Survey) -> None:
    words, colour, icon = STATES[survey.status]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(survey.title)}**", width="stretch")
            st.badge(words, color=colour, icon=icon)
        facts = [when(survey), count_questions(survey.questionnaire)]
        if survey.status is not SurveyStatus.DRAFT:
            facts.append(submitted_words(survey))
        st.caption(plain(" · ".join(facts)))
        st.button(
            LABELS[survey.status],
            icon=":material/arrow_forward:",
            key=f"questionnaires_show_{survey.id}",
            on_click=go_to,
            args=(survey.id,),
        )


# ── one questionnaire ────────────────────────────────────────────────────────────────────────────────────────────────


def show_one(survey: Survey) -> None:
    st.button(
        "All questionnaires",
        type="tertiary",
        icon=":material/arrow_back:",
        key="questionnaires_all",
        on_click=go_to,
    )
    words, colour, icon = STATES[survey.status]
    open_page(plain(survey.title))
    show_outcome()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(words, color=colour, icon=icon)
        st.caption(
            plain(
                f"{when(survey)} · {count_questions(survey.questionnaire)} · "
                f"{MODES[survey.mode].lower()} · results from {survey.min_group} people a team"
            ),
            width="content",
        )
    with stop_on_refusal():
        offer_steps(survey)
        parts = [QUESTIONS, PEOPLE]
        if prepares and any(q.type is QuestionType.LEAD_CARDS for q in survey.questionnaire.questions):
            parts.append(CARDS)
        if prepares:
            parts.append(ANSWERS)
        # every state begins with its own part, also where another was chosen before it was opened or closed
        key = f"questionnaires_part_{survey.id}_{survey.status.value}"
        wanted = st.query_params.get("part")
        if wanted in parts:
            st.session_state[key] = wanted
        elif key not in st.session_state:
            st.session_state[key] = FIRST[survey.status] if FIRST[survey.status] in parts else PEOPLE
        part = st.segmented_control(
            "Part",
            parts,
            required=True,
            format_func=lambda part: ink(PARTS[part]),
            key=key,
            persist_state="session",
            label_visibility="collapsed",
            on_change=leave_link,
        )
        if part == PEOPLE:
            show_running(survey)
        elif part == CARDS:
            show_cards(survey)
        elif part == ANSWERS:
            show_responses(survey)
        elif part == QUESTIONS:
            show_questions(survey)


def offer_steps(survey: Survey) -> None:
    """The one obvious next step, and what else can be done with the whole questionnaire."""
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
            confirm_open(survey, surveys.response_rates(actor(), survey.id))
        if survey.status is SurveyStatus.OPEN and runs:
            if st.button("Close", icon=":material/lock:", key=f"questionnaires_close_{survey.id}"):
                confirm_close(survey)
            if not any(rate.started for rate in surveys.response_rates(actor(), survey.id).values()):
                offer_stricter_privacy(survey)
        if st.button("Preview", icon=":material/visibility:", key=f"questionnaires_preview_{survey.id}"):
            preview(survey.questionnaire, survey.id, survey_id=survey.id if prepares else "")
        if (
            prepares
            and survey.status is SurveyStatus.DRAFT
            and st.button(
                "Discard",
                icon=":material/delete:",
                type="tertiary",
                key=f"questionnaires_discard_{survey.id}",
            )
        ):
            confirm_discard(survey)


def show_questions(survey: Survey) -> None:
    questionnaire = survey.questionnaire
    if prepares:
        st.caption(questionnaire.consensus.sentence)
    left = len(unwritten(questionnaire))
    if left and survey.status is SurveyStatus.DRAFT:
        st.warning(f"{count_of(left, 'question')} still to be written.", icon=":material/edit:")
    labels = {SurveyStatus.DRAFT: "Edit the questions", SurveyStatus.OPEN: "Correct texts"}
    if prepares and st.button(
        labels.get(survey.status, "Read or copy the questions"),
        type="primary" if left else "secondary",
        icon=":material/edit_document:",
        key=f"questionnaires_edit_{survey.id}",
    ):
        begin_in_own_language(survey.id)
        st.switch_page("pages/surveys/editor.py", query_params={"survey": survey.id})
    for section in questionnaire.sections:
        st.markdown(
            f"**{plain(section.title)}**  \n:small[:gray[{count_questions(questionnaire, section.key)}]]"
        )


me = person()
prepares, runs = may(me, "survey:prepare"), may(me, "survey:run")
with stop_on_refusal():
    zone = settings.read_company(actor()).hours.timezone
    known = surveys.list_surveys(actor())
    cycle_names = {cycle.id: cycle.name for cycle in cycles.list_cycles(actor())}
asked = st.query_params.get("survey")
chosen = next((survey for survey in known if survey.id == asked), None)
if chosen is not None:
    show_one(chosen)
else:
    if asked:
        st.warning("The questionnaire of this link is not there any more.", icon=":material/link_off:")
    list_all()
