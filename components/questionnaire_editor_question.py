"""One question opened to be edited: its wording, help, answers, condition and translations; all that its type has."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from alignment import questionnaire_edits as edits
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaires import (
    GUESSABLE,
    MOST_CARDS,
    SETTINGS_OF,
    WITH_OPTIONS,
    Condition,
    Question,
    Questionnaire,
    QuestionTranslation,
    QuestionType,
)
from components.answering.languages import name_of
from components.questionnaire_editor_fields import (
    BODY,
    changed,
    number_field,
    show_refused,
    shown,
    text_field,
    tick,
)
from components.questionnaire_editor_lead_field import draw_lead_field
from components.questionnaire_editor_state import Edit, Editing
from components.text import plain

TYPES: dict[QuestionType, tuple[str, str, str]] = {
    QuestionType.CHOICE: (":material/radio_button_checked:", "One choice", "one of several answers"),
    QuestionType.CHOICES: (":material/check_box:", "Several choices", "any of several answers"),
    QuestionType.YES_NO: (":material/thumbs_up_down:", "Yes or no", "one of the two"),
    QuestionType.SCALE: (":material/linear_scale:", "Scale", "from one end to the other"),
    QuestionType.NUMBER: (":material/pin:", "Number", "with a unit and bounds"),
    QuestionType.RANKING: (":material/format_list_numbered:", "Ranking", "answers put in order"),
    QuestionType.TEXT: (":material/notes:", "Text", "in people's own words"),
    QuestionType.RULE: (":material/rule:", "Rule", "conditions on lead fields"),
    QuestionType.LEAD_CARDS: (":material/style:", "Lead cards", "real leads to judge"),
}
"""Icon, name and explanation of each type."""


def type_name(kind: QuestionType) -> str:
    """The type's name, as the editor calls it."""
    return TYPES[kind][1]


def draw_opened(state: Editing) -> None:
    """The fields of the question that is open, in the language that shows."""
    question = state.opened_question
    if question is None:
        return
    if not state.own_language:
        _draw_translation(state, question)
        return
    if state.is_draft:
        _draw_type(state, question)
    _draw_wording(state, question)
    _draw_help(state, question)
    if state.is_draft:
        _draw_settings(state, question)
        _draw_asked(state, question)
    if "field" in SETTINGS_OF[question.type]:
        draw_lead_field(state, question)
    if state.is_draft:
        _draw_key(state, question)


def _change(key: str, name: str) -> Callable[[Any], Edit]:
    """The edit that puts what a field holds into this setting of the question."""

    def make(value: Any) -> Edit:
        return lambda questionnaire: edits.change_question(questionnaire, key, **{name: value})

    return make


def _draw_type(state: Editing, question: Question) -> None:
    place = f"{question.key}.type"
    st.selectbox(
        "Type",
        list(TYPES),
        index=list(TYPES).index(shown(state, place, question.type)),
        format_func=lambda kind: f"{TYPES[kind][1]}: {TYPES[kind][2]}",
        key=state.widget(place),
        on_change=changed,
        args=(
            state,
            place,
            lambda kind: lambda questionnaire: edits.change_type(questionnaire, question.key, kind),
            (BODY,),
        ),
    )
    show_refused(state, place)


def _draw_wording(state: Editing, question: Question) -> None:
    key = question.key
    same = len(set(question.wording.values())) == 1
    paired = not same or key in state.paired
    if paired:
        for team in Team:
            text_field(
                state,
                f"{key}.wording.{team.value}",
                f"Question for {team.label}",
                question.wording[team],
                partial(_for_team, key, team),
                longest=500,
                lines=2,
            )
    else:
        text_field(
            state,
            f"{key}.wording",
            "Question",
            question.wording[Team.SALES],
            lambda text: lambda q: edits.change_question(q, key, wording=dict.fromkeys(Team, text)),
            longest=500,
            lines=2,
        )
    st.checkbox(
        "Each team in its own words",
        value=paired,
        key=state.widget(f"{key}.paired"),
        on_change=_pair,
        args=(state, key),
    )


def _for_team(key: str, team: Team, text: str) -> Edit:
    def edit(questionnaire: Questionnaire) -> Questionnaire:
        wording = {**questionnaire.question(key).wording, team: text}
        return edits.change_question(questionnaire, key, wording=wording)

    return edit


def _pair(state: Editing, key: str) -> None:
    """Callback: a wording for each team, or that of sales for both."""
    if st.session_state[state.widget(f"{key}.paired")]:
        state.paired.add(key)
        st.rerun(BODY)
    state.paired.discard(key)
    changed(
        state,
        f"{key}.wording",
        lambda _: (
            lambda q: edits.change_question(
                q, key, wording=dict.fromkeys(Team, q.question(key).wording[Team.SALES])
            )
        ),
        (BODY,),
    )


def _draw_help(state: Editing, question: Question) -> None:
    text_field(
        state,
        f"{question.key}.help",
        "Help beneath the question",
        question.help,
        _change(question.key, "help"),
        longest=500,
        lines=2,
        placeholder="Optional: what is meant, or an example",
    )
    text_field(
        state,
        f"{question.key}.title",
        "Short title in the results",
        question.title,
        _change(question.key, "title"),
        longest=120,
        placeholder="Optional, and fair to both teams",
    )


def _draw_settings(state: Editing, question: Question) -> None:
    key = question.key
    if question.type in WITH_OPTIONS:
        text_field(
            state,
            f"{key}.options",
            "Answers, one in each line",
            "\n".join(question.options),
            lambda text: lambda q: edits.change_question(q, key, options=tuple(text.split("\n"))),
            longest=4000,
            lines=max(4, min(12, len(question.options) + 1)),
        )
    match question.type:
        case QuestionType.RANKING:
            number_field(
                state,
                f"{key}.top",
                "Places to give",
                question.top,
                _change(key, "top"),
                least=1,
                most=len(question.options),
                whole=True,
                placeholder="All",
            )
        case QuestionType.SCALE:
            _draw_scale(state, question)
        case QuestionType.NUMBER:
            _draw_bounds(state, question)
        case QuestionType.LEAD_CARDS:
            number_field(
                state,
                f"{key}.count",
                "How many leads",
                question.count,
                _change(key, "count"),
                least=1,
                most=MOST_CARDS,
                whole=True,
            )
            st.caption(
                "They are drawn, and what they show is chosen, under “Lead cards” of this questionnaire."
            )


def _draw_scale(state: Editing, question: Question) -> None:
    key = question.key
    number_field(
        state,
        f"{key}.points",
        "Points",
        question.points,
        _change(key, "points"),
        least=2,
        most=11,
        whole=True,
    )
    for number, (label, end) in enumerate(
        zip(("The lowest point means", "The highest point means"), question.ends, strict=True)
    ):
        text_field(
            state,
            f"{key}.ends.{number}",
            label,
            end,
            partial(_end, key, number),
            longest=60,
        )


def _end(key: str, number: int, text: str) -> Edit:
    def edit(questionnaire: Questionnaire) -> Questionnaire:
        ends = list(questionnaire.question(key).ends)
        ends[number] = text
        return edits.change_question(questionnaire, key, ends=tuple(ends))

    return edit


def _draw_bounds(state: Editing, question: Question) -> None:
    key = question.key
    text_field(
        state,
        f"{key}.unit",
        "Unit",
        question.unit,
        _change(key, "unit"),
        longest=40,
        placeholder="Optional: hours, employees, euros",
    )
    with st.container(horizontal=True):
        for name, label in (("minimum", "At least"), ("maximum", "At most")):
            with st.container(width=200):
                number_field(
                    state,
                    f"{key}.{name}",
                    label,
                    getattr(question, name),
                    _change(key, name),
                    placeholder="No limit",
                )


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _draw_asked(state: Editing, question: Question) -> None:
    key = question.key
    tick(state, f"{key}.required", "An answer is required", question.required, _change(key, "required"))
    if question.type in GUESSABLE:
        tick(
            state,
            f"{key}.guess",
            "Also ask what the other team mostly answers",
            question.guess,
            _change(key, "guess"),
        )
    _draw_condition(state, question)


def _draw_condition(state: Editing, question: Question) -> None:
    key, questionnaire = question.key, state.questionnaire
    earlier = {q.key: q for q in edits.can_depend_on(questionnaire, key)}
    if not earlier and question.ask_if is None:
        return
    named = question.ask_if.question if question.ask_if else ""
    choices = ["", *earlier]
    # the number tells questions of the same name apart, for Streamlit too: it knows an option by its label
    numbers = {q.key: number for number, q in enumerate(edits.in_order(questionnaire), 1)}
    place = f"{key}.ask_if"
    st.selectbox(
        "Who is asked?",
        choices,
        index=choices.index(named) if named in choices else 0,
        format_func=lambda chosen: (
            f"Depends on {numbers[chosen]}: {earlier[chosen].name}"
            if chosen in earlier
            else "Everybody who answers the questionnaire"
        ),
        key=state.widget(place),
        on_change=changed,
        args=(state, place, partial(_depend, key), (BODY,)),
    )
    show_refused(state, place)
    if question.ask_if is not None and named in earlier:
        _draw_decisive(state, question, earlier[named], question.ask_if)


def _depend(key: str, named: str) -> Edit:
    def edit(questionnaire: Questionnaire) -> Questionnaire:
        condition = edits.first_condition(questionnaire.question(named)) if named else None
        return edits.change_question(questionnaire, key, ask_if=condition)

    return edit


def _draw_decisive(state: Editing, question: Question, named: Question, condition: Condition) -> None:
    """Which answers to the earlier question decide."""
    key = question.key
    if named.type in (QuestionType.SCALE, QuestionType.NUMBER):
        with st.container(horizontal=True):
            for bound, label in (("at_least", "Only if at least"), ("at_most", "Only if at most")):
                with st.container(width=200):
                    number_field(
                        state,
                        f"{key}.ask_if.{named.key}.{bound}",
                        label,
                        getattr(condition, bound),
                        partial(_bound, key, bound),
                        placeholder="Any",
                    )
        return
    offered: list[Any] = [True, False] if named.type is QuestionType.YES_NO else list(named.options)
    place = f"{key}.ask_if.{named.key}.any_of"
    st.multiselect(
        "Only if the answer is",
        offered,
        default=[item for item in shown(state, place, list(condition.any_of)) if item in offered],
        format_func=lambda item: {True: "Yes", False: "No"}[item] if isinstance(item, bool) else item,
        key=state.widget(place),
        on_change=changed,
        args=(state, place, partial(_any_of, key), (BODY,)),
        placeholder="Choose at least one",
    )
    show_refused(state, place)


def _any_of(key: str, chosen: list[Any]) -> Edit:
    if not chosen:
        raise InvalidInput("Choose at least one answer, or let everybody be asked.")

    def edit(questionnaire: Questionnaire) -> Questionnaire:
        condition = questionnaire.question(key).ask_if
        if condition is None:
            raise InvalidInput("The condition is not there any more.")
        return edits.change_question(questionnaire, key, ask_if=replace(condition, any_of=tuple(chosen)))

    return edit


def _bound(key: str, bound: str, value: float | None) -> Edit:
    def edit(questionnaire: Questionnaire) -> Questionnaire:
        condition = questionnaire.question(key).ask_if
        if condition is None:
            raise InvalidInput("The condition is not there any more.")
        becomes = (
            replace(condition, at_least=value) if bound == "at_least" else replace(condition, at_most=value)
        )
        if becomes.at_least is None and becomes.at_most is None:
            raise InvalidInput("Give at least one of the two, or let everybody be asked.")
        return edits.change_question(questionnaire, key, ask_if=becomes)

    return edit


def _draw_key(state: Editing, question: Question) -> None:
    text_field(
        state,
        f"{question.key}.key",
        "Name in files",
        question.key,
        partial(_rename, state, question.key),
        longest=40,
        explanation="The column of answers that are exported. Keep it to compare with an earlier questionnaire.",
    )


def _rename(state: Editing, key: str, new_key: str) -> Edit:
    def edit(questionnaire: Questionnaire) -> Questionnaire:
        renamed = edits.rename_question(questionnaire, key, new_key.strip())
        if state.opened == key:
            state.opened = new_key.strip()
        return renamed

    return edit


# ── in another language ──────────────────────────────────────────────────────────────────────────────────────────────


def _draw_translation(state: Editing, question: Question) -> None:
    """The question's texts in the language that shows, each with what it says in the questionnaire's own."""
    language, key = state.language, question.key
    texts = question.translations.get(language, QuestionTranslation())
    place = f"{key}.{language}"
    st.caption(
        f"In {plain(name_of(language))}. What you leave empty shows in the questionnaire's own language."
    )
    same = len(set(question.wording.values())) == 1
    if same and len(set(texts.wording.values())) <= 1:
        text_field(
            state,
            f"{place}.wording",
            "Question",
            texts.wording.get(Team.SALES, ""),
            lambda text: _translate(key, language, wording=dict.fromkeys(Team, text)),
            longest=500,
            lines=2,
            original=question.wording[Team.SALES],
        )
    else:
        _draw_paired_translation(state, question, texts, place)
    for name, label, original, longest in (
        ("help", "Help beneath the question", question.help, 500),
        ("title", "Short title in the results", question.title, 120),
        ("unit", "Unit", question.unit, 40),
    ):
        if original:
            text_field(
                state,
                f"{place}.{name}",
                label,
                getattr(texts, name),
                partial(_translate_text, key, language, name),
                longest=longest,
                original=original,
            )
    if question.options:
        text_field(
            state,
            f"{place}.options",
            "Answers, one in each line, in the same order",
            "\n".join(texts.options),
            lambda text: _translate(key, language, options=tuple(text.split("\n"))),
            longest=4000,
            lines=max(4, min(12, len(question.options) + 1)),
            original="\n".join(question.options),
        )
    if question.type is QuestionType.SCALE:
        text_field(
            state,
            f"{place}.ends",
            "The two ends of the scale, one in each line",
            "\n".join(texts.ends or ()),
            lambda text: _translate(key, language, ends=_two(text)),
            longest=130,
            lines=2,
            original="\n".join(question.ends),
        )


def _draw_paired_translation(
    state: Editing, question: Question, texts: QuestionTranslation, place: str
) -> None:
    """Both wordings at once: one without the other is not kept."""
    places = [f"{place}.wording.{team.value}" for team in Team]

    def make(_: Any) -> Edit:
        typed = {
            team: st.session_state.get(state.widget(name)) or ""
            for team, name in zip(Team, places, strict=True)
        }
        for name in places:
            state.refused.pop(name, None)
        return _translate(question.key, state.language, wording=typed)

    for team, name in zip(Team, places, strict=True):
        text_field(
            state,
            name,
            f"Question for {team.label}",
            texts.wording.get(team, ""),
            make,
            longest=500,
            lines=2,
            original=question.wording[team],
        )


def _translate(key: str, language: str, **texts: Any) -> Edit:
    return lambda questionnaire: edits.translate_question(questionnaire, key, language, **texts)


def _translate_text(key: str, language: str, name: str, text: str) -> Edit:
    return _translate(key, language, **{name: text})


def _two(text: str) -> tuple[str, str] | None:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        return None
    if len(lines) != 2:
        raise InvalidInput("Write two lines: what the lowest point means, and what the highest means.")
    return lines[0], lines[1]
