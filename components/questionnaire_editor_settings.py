"""The head of a questionnaire: title, introduction, privacy, pace and languages; and its file."""

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from alignment import questionnaire_edits as edits
from alignment.errors import InvalidInput
from alignment.questionnaire_files import InvalidQuestionnaire, read_toml, write_toml
from alignment.questionnaires import SMALLEST_GROUP, Mode, Pace, Questionnaire, Translation
from components.answering.languages import name_of
from components.questionnaire_editor_fields import (
    BODY,
    HEADING,
    changed,
    number_field,
    show_refused,
    shown,
    text_field,
)
from components.questionnaire_editor_state import Edit, Editing, attempt
from components.survey_steps import count_questions
from components.text import ink, plain

MODES = {Mode.NAMED: "Named", Mode.CONFIDENTIAL: "Confidential", Mode.ANONYMOUS: "Anonymous"}
_PACES = {Pace.SECTION: "One section", Pace.QUESTION: "One question"}
_OFTEN = ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "sv", "da", "nb", "fi", "cs", "ja", "zh")


def draw_settings(state: Editing) -> None:
    """What stands at the head of the questionnaire, in the language that shows."""
    if not state.own_language:
        _draw_translated_head(state)
        return
    questionnaire = state.questionnaire
    text_field(
        state,
        "head.title",
        "Title",
        questionnaire.title,
        lambda text: lambda q: edits.change_head(q, title=text),
        longest=200,
        parts=(HEADING, BODY),
    )
    text_field(
        state,
        "head.introduction",
        "Introduction",
        questionnaire.introduction,
        lambda text: lambda q: edits.change_head(q, introduction=text),
        longest=2000,
        lines=3,
        placeholder="Optional: why you ask, how long it takes, what happens with the answers",
    )
    if state.is_draft:
        _draw_privacy(state)
        _draw_pace(state)
        _draw_own_language(state)
    draw_consensus(state)


def draw_consensus(state: Editing) -> None:
    """What counts as agreement: three shares while it is a draft, afterwards to be read only."""
    rule = state.questionnaire.consensus
    if not state.is_draft:
        st.markdown(f"**What counts as agreement.** {rule.sentence}")
        st.caption(
            "It was settled before the first answer and stays, so that nobody can choose it by the result."
        )
        return
    st.markdown("**What counts as agreement**")
    with st.container(horizontal=True):
        for name, label in (
            ("agree", "For it, % at least"),
            ("oppose", "Against, % under"),
            ("out", "Left out, % at most"),
        ):
            with st.container(width=180):
                number_field(
                    state,
                    f"head.consensus.{name}",
                    label,
                    round(getattr(rule, name) * 100, 4),
                    partial(_share, name),
                    least=1,
                    most=100,
                )
    st.caption(f"{rule.sentence} It cannot be changed once the questionnaire is open.")


def _share(name: str, percent: float | None) -> Edit:
    if percent is None:
        raise InvalidInput("Give a percentage.")

    def edit(questionnaire: Questionnaire) -> Questionnaire:
        rule = replace(questionnaire.consensus, **{name: round(percent / 100, 6)})
        if not 0.5 < rule.agree <= 1:
            raise InvalidInput("More than half of each team have to be for it: above 50%, and at most 100%.")
        if not 0 < rule.oppose <= 0.5:
            raise InvalidInput("Fewer than how many may be against: above 0%, and at most 50%.")
        if not 0 < rule.out < rule.agree:
            raise InvalidInput("What is left out has to be below what counts as being for it.")
        return edits.change_head(questionnaire, consensus=rule)

    return edit


def _draw_privacy(state: Editing) -> None:
    st.radio(
        "Privacy",
        list(Mode),
        index=list(Mode).index(shown(state, "head.mode", state.questionnaire.mode)),
        format_func=MODES.__getitem__,
        captions=[mode.promise for mode in Mode],
        key=state.widget("head.mode"),
        on_change=changed,
        args=(state, "head.mode", lambda mode: lambda q: edits.change_head(q, mode=mode), (BODY,)),
    )
    show_refused(state, "head.mode")
    number_field(
        state,
        "head.min_group",
        "Smallest group of each team for which a result is shown",
        state.questionnaire.min_group,
        lambda number: _group(number),
        least=SMALLEST_GROUP,
        most=1000,
        whole=True,
    )


def _group(number: int | None) -> Edit:
    if number is None:
        raise InvalidInput(f"Give a number from {SMALLEST_GROUP} on.")
    return lambda questionnaire: edits.change_head(questionnaire, min_group=number)


def _draw_pace(state: Editing) -> None:
    st.segmented_control(
        "On the screen at a time",
        list(_PACES),
        default=state.questionnaire.pace,
        required=True,
        format_func=lambda pace: ink(_PACES[pace]),
        key=state.widget("head.pace"),
        on_change=changed,
        args=(state, "head.pace", lambda pace: lambda q: edits.change_head(q, pace=pace), (BODY,)),
    )


# ── languages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _language(text: str) -> str:
    """The code in what was chosen or typed."""
    return text.strip()


def _draw_own_language(state: Editing) -> None:
    own = state.questionnaire.language
    st.selectbox(
        "Written in",
        list(dict.fromkeys((own, *_OFTEN))),
        index=0,
        format_func=name_of,
        accept_new_options=True,
        key=state.widget("head.language"),
        on_change=changed,
        args=(
            state,
            "head.language",
            lambda code: lambda q: edits.change_language(q, _language(code or "")),
            (BODY,),
        ),
        width=300,
    )
    show_refused(state, "head.language")


def draw_languages(state: Editing) -> None:
    """Which languages the questionnaire is translated into: another one is added, or one is taken away."""
    there = state.questionnaire.languages
    place = "languages.add"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Translate into",
            [code for code in _OFTEN if code not in there],
            index=None,
            format_func=name_of,
            accept_new_options=True,
            placeholder="Choose a language, or type its code",
            key=state.widget(place),
            width=300,
        )
        st.button(
            "Add the language",
            icon=":material/translate:",
            key=state.widget("languages.do"),
            on_click=_add_language,
            args=(state, place),
        )
    show_refused(state, place)
    for code in there[1:]:
        st.button(
            f"Remove {plain(name_of(code))}",
            icon=":material/delete:",
            type="tertiary",
            key=state.widget(f"languages.remove.{code}"),
            on_click=_remove_language,
            args=(state, code),
        )


def _add_language(state: Editing, place: str) -> None:
    code = _language(st.session_state.get(state.widget(place)) or "")
    if attempt(state, lambda questionnaire: edits.add_language(questionnaire, code), place):
        state.language = code
        state.generation += 1


def _remove_language(state: Editing, code: str) -> None:
    if attempt(state, lambda questionnaire: edits.remove_language(questionnaire, code), "languages.add"):
        state.language = ""
        state.generation += 1


def _draw_translated_head(state: Editing) -> None:
    language, questionnaire = state.language, state.questionnaire
    texts = questionnaire.translations.get(language, Translation())
    for name, label, original, longest, lines in (
        ("title", "Title", questionnaire.title, 200, 1),
        ("introduction", "Introduction", questionnaire.introduction, 2000, 3),
    ):
        if original:
            text_field(
                state,
                f"head.{language}.{name}",
                label,
                getattr(texts, name),
                partial(_translate, language, name),
                longest=longest,
                lines=lines,
                original=original,
            )


def _translate(language: str, name: str, text: str) -> Edit:
    more: dict[str, Any] = {name: text}
    return lambda questionnaire: edits.translate_head(questionnaire, language, **more)


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def draw_file(state: Editing) -> None:
    """The questionnaire as TOML, out and, for a draft, in."""
    st.download_button(
        "Download as TOML",
        write_toml(state.questionnaire),
        file_name="questionnaire.toml",
        mime="application/toml",
        icon=":material/download:",
        on_click="ignore",
        key=state.widget("file.out"),
    )
    if not state.is_draft:
        return
    upload = st.file_uploader(
        "Put a file in the place of all questions",
        type="toml",
        max_upload_size=1,
        key=state.widget("file.in"),
    )
    if upload is None:
        return
    questionnaire = _read(upload.getvalue())
    if questionnaire is not None:
        st.markdown(
            f"**{plain(questionnaire.title)}**: {count_questions(questionnaire)}. "
            "They take the place of those here. You can undo it."
        )
        st.button(
            "Use this file",
            type="primary",
            key=state.widget("file.use"),
            on_click=_replace,
            args=(state, questionnaire),
        )
        show_refused(state, "file")


def _replace(state: Editing, questionnaire: Questionnaire) -> None:
    if attempt(state, lambda _: questionnaire, "file"):
        state.opened = ""
        state.refused.clear()
        state.generation += 1


def _read(content: bytes) -> Questionnaire | None:
    """The questionnaire in the file; None where it has mistakes, each of which then stands on the screen."""
    try:
        return read_toml(content.decode("utf-8"))
    except UnicodeDecodeError:
        st.error("The file is not UTF-8 text. Save it as UTF-8 and choose it again.", icon=":material/error:")
    except InvalidQuestionnaire as error:
        show_problems(error)
    return None


def show_problems(error: InvalidQuestionnaire) -> None:
    """Each mistake in a file: its line, its key, and what to change."""
    count = len(error.problems)
    st.error(
        f"The file has {'a mistake' if count == 1 else f'{count} mistakes'}. Change this, and choose it again.",
        icon=":material/error:",
    )
    for problem in error.problems[:20]:
        st.markdown(f"- {plain(problem)}")
    if count > 20:
        st.caption(f"And {count - 20} more.")
