"""Which questions of a comparison show: by verdict, topic and type of answer, all in the link."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from alignment.disagreement import Comparison, QuestionComparison, Verdict
from alignment.questionnaires import Question, QuestionType
from alignment.surveys import Survey
from components.comparison_words import VERDICTS
from components.questionnaire_editor_question import type_name

_NAMES = ("verdict", "topic", "type")


@dataclass(frozen=True)
class Filters:
    """What to show: of each kind the chosen values, none for all."""

    verdict: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    type: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return any(getattr(self, name) for name in _NAMES)

    def passes(self, compared: QuestionComparison) -> bool:
        """Whether a question shows."""
        return self._pass(compared.question, compared.verdict.value)

    def passes_text(self, question: Question) -> bool:
        """Whether a question shows that is not compared: it has no verdict, so none that is asked for."""
        return self._pass(question, "")

    def _pass(self, question: Question, verdict: str) -> bool:
        has = {"verdict": verdict, "topic": question.topic, "type": question.type.value}
        return all(not getattr(self, name) or has[name] in getattr(self, name) for name in _NAMES)

    def link(self, survey_id: str, question_key: str = "") -> Mapping[str, str | list[str]]:
        """The parameters of a link to the overview, or to a question, under these filters."""
        chosen = {name: list(getattr(self, name)) for name in _NAMES if getattr(self, name)}
        return {"survey": survey_id, **({"question": question_key} if question_key else {}), **chosen}


def filters_in_link(survey: Survey) -> Filters:
    """The filters that the address holds, as far as they mean anything for this questionnaire."""
    offered = _offered(survey)
    return Filters(
        **{
            name: tuple(dict.fromkeys(one for one in st.query_params.get_all(name) if one in offered[name]))
            for name in _NAMES
        }
    )


def keep_in_address(link: Mapping[str, str | list[str]]) -> None:
    """Have the address say what the screen shows: a link to the screen that one is on does not change it by itself."""
    now = {name: st.query_params.get_all(name) for name in st.query_params}
    wanted = {name: [value] if isinstance(value, str) else value for name, value in link.items()}
    st.query_params.from_dict(now if now == wanted else wanted)


def drop_unknown(survey: Survey) -> bool:
    """Take out of the address the filters that mean nothing for this questionnaire; returns whether there were any."""
    known = filters_in_link(survey)
    unknown = [name for name in _NAMES if set(st.query_params.get_all(name)) - set(getattr(known, name))]
    for name in unknown:
        if getattr(known, name):
            st.query_params[name] = list(getattr(known, name))
        else:
            st.query_params.pop(name, None)
    return bool(unknown)


def show_filters(survey: Survey, found: Comparison) -> Filters:
    """Draw the filters, as the address has them, and return them."""
    now = filters_in_link(survey)
    questions = found.questions
    for name in _NAMES:
        # the address is the truth: the browser's back button and a link from elsewhere change only that
        st.session_state[_key(name)] = list(getattr(now, name))
    topics = [section.key for section in survey.questionnaire.sections]
    kinds = [kind.value for kind in QuestionType if any(one.question.type is kind for one in questions)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            "Verdict",
            [verdict.value for verdict in VERDICTS if found.count(verdict) or verdict.value in now.verdict],
            format_func=lambda value: f"{VERDICTS[Verdict(value)][2]} ({found.count(Verdict(value))})",
            placeholder="All verdicts",
            key=_key("verdict"),
            on_change=_keep,
            args=("verdict",),
            width=300,  # what is chosen leaves room enough to type in
        )
        if len(topics) > 1:
            st.multiselect(
                "Topic",
                topics,
                format_func=survey.questionnaire.topic_title,
                placeholder="All topics",
                key=_key("topic"),
                on_change=_keep,
                args=("topic",),
                width=300,  # what is chosen leaves room enough to type in
            )
        if len(kinds) > 1:
            st.multiselect(
                "Type of answer",
                kinds,
                format_func=lambda value: type_name(QuestionType(value)),
                placeholder="All types",
                key=_key("type"),
                on_change=_keep,
                args=("type",),
                width=300,  # what is chosen leaves room enough to type in
            )
        if now:
            st.button(
                "Clear filters", key="comparison_clear", icon=":material/filter_alt_off:", on_click=clear
            )
    return now


def clear() -> None:
    """Show everything again."""
    for name in _NAMES:
        st.query_params.pop(name, None)
    st.query_params.pop("page", None)


def _keep(name: str) -> None:
    """In a callback: put what was chosen into the address."""
    st.query_params.pop("page", None)
    chosen = st.session_state[_key(name)]
    if chosen:
        st.query_params[name] = chosen
    else:
        st.query_params.pop(name, None)


def _key(name: str) -> str:
    return f"comparison_filter_{name}"


def _offered(survey: Survey) -> Mapping[str, set[str]]:
    return {
        "verdict": {verdict.value for verdict in VERDICTS},
        "topic": {section.key for section in survey.questionnaire.sections},
        "type": {kind.value for kind in QuestionType},
    }
