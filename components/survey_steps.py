"""The steps of a questionnaire's life that are confirmed first: opening, closing, discarding, a stricter privacy."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from actions import lead_cards, settings, surveys
from alignment.messages import spoken_instant
from alignment.people import Team
from alignment.questionnaire_edits import untranslated, what_to_write
from alignment.questionnaires import Mode, Questionnaire, QuestionType
from alignment.surveys import Audience, ResponseRate, Survey
from components.answering.languages import name_of
from components.outcome import perform
from components.page import stop_on_refusal
from components.response_exchange import show_files_left_out
from components.session import actor
from components.survey_running import opening_note, show_rates
from components.text import plain

MODES = {
    Mode.NAMED: "Named",
    Mode.CONFIDENTIAL: "Confidential",
    Mode.ANONYMOUS: "Anonymous",
}


def count_of(number: int, thing: str) -> str:
    """'1 question', '12 questions'."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def count_questions(questionnaire: Questionnaire, topic: str = "") -> str:
    """'26 questions, 12 short follow-ups': guesses and importance are asked as well. `topic` counts one section."""
    asked = [question for question in questionnaire.everything if topic in ("", question.topic)]
    written = sum(topic in ("", question.topic) for question in questionnaire.questions)
    said, follow = count_of(written, "question"), len(asked) - written
    return f"{said}, {count_of(follow, 'short follow-up')}" if follow else said


def people(count: int) -> str:
    """'1 person', '12 people'."""
    return "1 person" if count == 1 else f"{count} people"


@st.dialog("Open this questionnaire?", icon=":material/play_arrow:")
def confirm_open(survey: Survey, rates: dict[Team, ResponseRate]) -> None:
    """Say to whom it goes and what cannot be changed afterwards, and open it."""
    st.markdown(f"**{plain(survey.title)}**")
    asked = " and ".join(f"{people(rates[team].invited)} in {team.label}" for team in Team)
    st.markdown(
        f"It goes to {asked}, {MODES[survey.mode].lower()}. From then on only texts can be corrected, and the privacy "
        "cannot be made looser."
    )
    with stop_on_refusal():
        st.markdown(plain(opening_note(survey)))
        for sentence in _what_happens(survey):
            st.markdown(plain(sentence))
    left = what_to_write(survey.questionnaire)
    if left:
        st.error(plain(left), icon=":material/edit:")
    small = [team.label for team in Team if rates[team].invited < survey.min_group]
    if small:
        st.warning(
            f"There are fewer than {survey.min_group} people in {' and '.join(small)}: results would stay hidden.",
            icon=":material/visibility_off:",
        )
    if _confirmed(
        "Open for both teams" if survey.audience is Audience.TEAMS else "Open for these people",
        f"questionnaires_confirm_open_{survey.id}",
        partial(
            perform,
            "Open. Those who are asked find it under Answer.",
            surveys.open_survey,
            survey.id,
            revision=survey.revision,
        ),
        disabled=bool(left),
    ):
        st.rerun()


def _confirmed(label: str, key: str, do: Callable[..., None], *, disabled: bool = False) -> bool:
    """Draw the confirming button of a dialog, and 'Cancel' beside it. Whether one was pressed, so that it closes."""
    with st.container(horizontal=True):
        pressed = st.button(label, type="primary", disabled=disabled, key=key, on_click=do)
        cancelled = st.button("Cancel", key=f"{key}_cancel")
    return pressed or cancelled


def _what_happens(survey: Survey) -> list[str]:
    """What else to know before opening: when it closes, cards that nobody has looked at, texts without a translation."""
    questionnaire = survey.questionnaire
    closes = settings.local_time(actor(), survey.closes_at) if survey.closes_at else None
    found = [
        f"It closes by itself on {spoken_instant(closes)}." if closes else "It stays open until you close it."
    ]
    cards = [question for question in questionnaire.questions if question.type is QuestionType.LEAD_CARDS]
    if any(not lead_cards.cards_to_judge(actor(), survey.id, question.key) for question in cards):
        found.append(
            "Nobody has drawn the lead cards yet: they are drawn as it opens, and nobody looks at them before. To see "
            "them first, draw them under Lead cards."
        )
    found += [
        f"{count_of(count, 'text')} {'has' if count == 1 else 'have'} no translation into {name_of(language)} and "
        f"{'shows' if count == 1 else 'show'} in {name_of(questionnaire.language)}."
        for language, count in untranslated(questionnaire).items()
        if count
    ]
    return found


@st.dialog("Close it for good?", icon=":material/lock:")
def confirm_close(survey: Survey) -> None:
    """Say who has not submitted and what closing does, and close it."""
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
    readable = not show_files_left_out(survey) and not small
    closing = "Closing is final: nobody can answer or change an answer any more"
    closing += ", and the comparison becomes readable." if readable else "."
    if survey.mode is Mode.ANONYMOUS:
        closing += " The key that links people to their answers is destroyed."
    st.markdown(closing)
    if _confirmed(
        "Close for good",
        f"questionnaires_confirm_close_{survey.id}",
        partial(
            perform,
            "Closed. The comparison can be read now." if readable else "Closed.",
            surveys.close_survey,
            survey.id,
        ),
    ):
        st.rerun()


@st.dialog("Discard this draft?", icon=":material/delete:")
def confirm_discard(survey: Survey) -> None:
    """Say that nothing but the draft is lost, and discard it."""
    st.markdown(f"**{plain(survey.title)}** has never been open, so no answers are lost.")
    if _confirmed("Discard", f"questionnaires_confirm_discard_{survey.id}", partial(_discard, survey.id)):
        st.rerun()


def _discard(survey_id: str) -> None:
    perform("Discarded.", surveys.discard_survey, survey_id)
    st.query_params.pop("survey", None)


def offer_stricter_privacy(survey: Survey) -> None:
    """A stricter privacy for an open questionnaire that nobody has answered yet."""
    with st.popover("Privacy", icon=":material/lock:"):
        st.caption("It can only become stricter, and only before the first answer.")
        choose_privacy(survey.questionnaire, survey.id)
        st.button("Save", key=f"questionnaires_tighten_{survey.id}", on_click=_tighten, args=(survey,))


def _tighten(survey: Survey) -> None:
    perform(
        "The privacy is stricter now.",
        surveys.tighten_survey,
        survey.id,
        mode=st.session_state[f"questionnaires_mode_{survey.id}"],
        min_group=st.session_state[f"questionnaires_group_{survey.id}"],
        revision=survey.revision,
    )


def choose_privacy(questionnaire: Questionnaire, key: str) -> None:
    """The privacy modes and groups that are at least as strict, in widgets `questionnaires_mode_<key>` and `…_group_<key>`."""
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
