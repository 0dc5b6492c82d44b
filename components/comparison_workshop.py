"""The way from a comparison to the workshop: putting a question on its table."""

from collections.abc import Sequence

import streamlit as st

from actions import workshops
from actions.permissions import may
from alignment.disagreement import Comparison, QuestionComparison, Verdict
from alignment.people import Person
from alignment.surveys import Survey
from components.outcome import perform
from components.page import stop_on_refusal
from components.session import actor

WORKSHOP_PAGE = "pages/workshop/workshop.py"
TO_SETTLE = (Verdict.SPLIT_BETWEEN, Verdict.SPLIT_WITHIN, Verdict.UNSURE)
_LONGEST_TITLE, _LONGEST_REASON = 300, 1000


def questions_on_table(me: Person) -> set[tuple[str, str]]:
    """The questions, as (survey id, key), that are on the table; none for people who may not come."""
    if not may(me, "workshop:attend"):
        return set()
    with stop_on_refusal():
        return workshops.list_table(actor())


def differences(found: Comparison) -> list[QuestionComparison]:
    """The questions that a workshop is for, in the order of the agenda: the teams differ, a team is divided, or unsure."""
    return [one for one in found.questions if one.verdict in TO_SETTLE and not one.hidden]


def show_way_to_workshop(me: Person, survey: Survey, found: Comparison, table: set[tuple[str, str]]) -> None:
    """The one next step of the whole comparison: all that is to be settled to the workshop, or on to the workshop."""
    settle = differences(found)
    left = [one for one in settle if (survey.id, one.question.key) not in table]
    if left and may(me, "workshop:run"):
        other = "other " if len(left) < len(settle) else ""
        counted = f"{len(left)} {other}topics" if len(left) > 1 else f"{other}topic"
        st.button(
            f"Put the {counted} to settle on the agenda",
            key="comparison_take_all",
            icon=":material/groups:",
            type="primary",
            on_click=_take_all,
            args=(survey.id, left),
        )
    if not may(me, "workshop:attend"):
        return
    with stop_on_refusal():
        is_open = any(room.open for room in workshops.list_workshops(actor()))
    if is_open:
        all_taken = settle and not left
        st.page_link(
            WORKSHOP_PAGE,
            label="On the table; go to the workshop" if all_taken else "Go to the workshop",
            icon=":material/groups:",
        )


def show_next_step(me: Person, survey: Survey, compared: QuestionComparison) -> None:
    """The one obvious next step: to the workshop with it, or on to the workshop when it is on the table."""
    if (survey.id, compared.question.key) in questions_on_table(me):
        st.page_link(WORKSHOP_PAGE, label="On the table; go to the workshop", icon=":material/groups:")
    elif may(me, "workshop:run") and not compared.hidden:
        st.button(
            "Take to the workshop",
            key=f"compared_take_{compared.question.key}",
            icon=":material/groups:",
            type="secondary" if compared.verdict in (Verdict.ALIGNED, Verdict.TOO_FEW) else "primary",
            on_click=_take,
            args=(survey.id, compared),
        )


def reason_for(compared: QuestionComparison) -> str:
    """What the workshop is told of a question: how the teams differ. What that costs changes with the leads, and is looked up."""
    return _short(compared.sentence, _LONGEST_REASON)


def _topic(survey_id: str, compared: QuestionComparison) -> workshops.NewTopic:
    return workshops.NewTopic(
        _short(compared.question.name, _LONGEST_TITLE),
        reason_for(compared),
        survey_id,
        compared.question.key,
    )


def _take_all(survey_id: str, settle: Sequence[QuestionComparison]) -> None:
    perform(
        "On the table of the workshop.",
        workshops.add_topics,
        None,
        [_topic(survey_id, one) for one in settle],
    )


def _take(survey_id: str, compared: QuestionComparison) -> None:
    perform(
        "On the table of the workshop.",
        workshops.add_topics,
        None,
        [_topic(survey_id, compared)],
    )


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
