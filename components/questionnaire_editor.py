"""The editor of a questionnaire: sections and questions in order, one of them open to be edited; saved as it is typed.

While a questionnaire is a draft everything can be changed; while it is open its texts can be corrected, with a note; when
it is closed it can be read and copied.
"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from actions import questionnaires
from alignment import questionnaire_edits as edits
from alignment.errors import Refusal
from alignment.questionnaires import Question, Questionnaire, QuestionType, Section
from alignment.surveys import Audience, Survey, SurveyStatus
from components.answering.languages import name_of
from components.outcome import perform
from components.questionnaire_editor_fields import (
    BAR,
    BODY,
    HEADING,
    show_refused,
    text_field,
    tick,
)
from components.questionnaire_editor_question import TYPES, draw_opened, type_name
from components.questionnaire_editor_settings import (
    draw_consensus,
    draw_file,
    draw_languages,
    draw_settings,
)
from components.questionnaire_editor_state import (
    Edit,
    Editing,
    attempt,
    drop_waiting,
    editing,
    publish,
    redo,
    save_on_top,
    undo,
)
from components.questionnaire_preview import preview
from components.session import actor
from components.survey_steps import count_questions
from components.text import ink, plain

_WIDTH = 820
_SECTION = "section:"


def draw_editor(survey: Survey) -> None:
    """Draw the editor of this survey's questionnaire as it was just read."""
    state = editing(survey)
    st.fragment(_draw_heading, key=HEADING)(state)
    st.fragment(_draw_body, key=BODY)(state)
    st.fragment(_draw_bar, key=BAR)(state)


def _draw_heading(state: Editing) -> None:
    st.title(plain(state.questionnaire.title), anchor=False)
    questions = count_questions(state.questionnaire)
    match state.survey.status:
        case SurveyStatus.DRAFT:
            who = "both teams" if state.survey.audience is Audience.TEAMS else "the people who were chosen"
            st.caption(f"Draft · {questions}. What will {who} be asked? Every change is saved at once.")
        case SurveyStatus.OPEN:
            st.caption(f"Open · {questions}. What has to be put right?")
            _offer_copy(
                state,
                "People are answering. Texts can be corrected, with a note to everybody. Anything more would make answers "
                "incomparable: for that, close it and make a copy.",
            )
        case SurveyStatus.CLOSED:
            st.caption(f"Closed · {questions}. What was asked?")
            _offer_copy(state, "It stays as it was answered. To ask again, make a copy and change that.")


def _offer_copy(state: Editing, sentence: str) -> None:
    st.info(sentence, icon=":material/lock:")
    st.button(
        "Make a copy",
        icon=":material/content_copy:",
        type="primary" if state.survey.status is SurveyStatus.CLOSED else "secondary",
        key=f"editor_copy_{state.survey.id}",
        on_click=_copy,
        args=(state.survey.id,),
    )


def _copy(survey_id: str) -> None:
    copy = perform("Copied. This is the copy; nobody has seen it yet.", questionnaires.copy_survey, survey_id)
    if copy is not None:
        st.query_params["survey"] = copy.id


# ── the outline ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _draw_body(state: Editing) -> None:
    _choose_language(state)
    if state.is_draft or state.is_open:
        with st.expander(
            "Title, introduction, privacy, agreement" if state.is_draft else "Title and introduction"
        ):
            draw_settings(state)
        with st.expander("Languages and file" if state.own_language else "Languages"):
            draw_languages(state)
            if state.own_language:
                draw_file(state)
    else:
        draw_consensus(state)
        with st.expander("File"):
            draw_file(state)
    number = 0
    for section in state.questionnaire.sections:
        _draw_section(state, section)
        for question in section.questions:
            number += 1
            if question.key == state.opened and (state.is_draft or state.is_open):
                _draw_open_question(state, question, number)
            else:
                _draw_row(state, question, number)
        if state.is_draft and state.own_language:
            _offer_question(state, section)
    if state.is_draft and state.own_language:
        st.button(
            "Add a section",
            icon=":material/splitscreen_add:",
            key=state.widget("add_section"),
            on_click=_add_section,
            args=(state,),
        )
        show_refused(state, "add_section")


def _choose_language(state: Editing) -> None:
    languages = state.questionnaire.languages
    if len(languages) == 1:
        return
    st.segmented_control(
        "Texts in",
        languages,
        default=state.language if state.language in languages else languages[0],
        required=True,
        format_func=lambda code: ink(plain(name_of(code))),
        key=state.widget("language"),
        on_change=_show_language,
        args=(state,),
    )


def _show_language(state: Editing) -> None:
    state.language = st.session_state[state.widget("language")]


def _draw_section(state: Editing, section: Section) -> None:
    title = section.title
    if not state.own_language:
        own = state.questionnaire.translations.get(state.language)
        title = (own.topics.get(section.key) if own else None) or title
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(plain(title), anchor=False, width="stretch")
        if state.opened != _SECTION + section.key and state.survey.status is not SurveyStatus.CLOSED:
            st.button(
                "Edit section",
                icon=":material/edit:",
                type="tertiary",
                key=state.widget(f"open.{_SECTION}{section.key}"),
                on_click=_open,
                args=(state, _SECTION + section.key),
            )
    if state.opened == _SECTION + section.key:
        with st.container(border=True):
            _draw_open_section(state, section)


def _draw_open_section(state: Editing, section: Section) -> None:
    topic = section.key
    if state.own_language:
        text_field(
            state,
            f"{_SECTION}{topic}.title",
            "Heading of the section",
            section.title,
            lambda text: lambda q: edits.rename_section(q, topic, text),
            longest=120,
        )
    else:
        language = state.language
        own = state.questionnaire.translations.get(language)
        text_field(
            state,
            f"{_SECTION}{topic}.{language}",
            "Heading of the section",
            own.topics.get(topic, "") if own else "",
            lambda text: lambda q: edits.translate_head(q, language, topics={topic: text}),
            longest=120,
            original=section.title,
        )
    if state.is_draft and state.own_language:
        tick(
            state,
            f"{_SECTION}{topic}.importance",
            "Ask at its end how much this matters",
            topic in state.questionnaire.importance,
            partial(_importance, topic),
        )
    with st.container(horizontal=True):
        _done(state)
        if state.is_draft and state.own_language:
            for label, by, icon in (
                ("Move up", -1, ":material/arrow_upward:"),
                ("Move down", 1, ":material/arrow_downward:"),
            ):
                st.button(
                    label,
                    icon=icon,
                    key=state.widget(f"{_SECTION}{topic}.move.{by}"),
                    on_click=_do,
                    args=(state, f"{_SECTION}{topic}", partial(edits.shift_section, topic=topic, by=by)),
                )
            if st.button("Delete", icon=":material/delete:", key=state.widget(f"{_SECTION}{topic}.delete")):
                _confirm_section(state, section)
    show_refused(state, f"{_SECTION}{topic}")


def _importance(topic: str, wanted: bool) -> Edit:
    def edit(questionnaire: Questionnaire) -> Questionnaire:
        others = [key for key in questionnaire.importance if key != topic]
        return edits.change_head(questionnaire, importance=[*others, topic] if wanted else others)

    return edit


def _draw_row(state: Editing, question: Question, number: int) -> None:
    """A question that is not open: what it asks, what kind it is, and the way to open it."""
    shown = question if state.own_language else question.in_language(state.language)
    marks = " · ".join(_marks(state, question))
    with (
        st.container(border=True),
        st.container(horizontal=True, vertical_alignment="center", wrap=False),
    ):
        st.markdown(f"**{number}**  {plain(_first_line(shown))}  \n:small[:gray[{marks}]]", width="stretch")
        if state.survey.status is not SurveyStatus.CLOSED:
            st.button(
                f"Edit {number}",
                icon=":material/edit:",
                type="tertiary",
                key=state.widget(f"open.{question.key}"),
                on_click=_open,
                args=(state, question.key),
            )


def _first_line(question: Question) -> str:
    return " ".join(question.name.split())


def _marks(state: Editing, question: Question) -> list[str]:
    icon, name, _ = TYPES[question.type]
    marks = [f"{icon} {name}"]
    if not question.required:
        marks.append("optional")
    if question.guess:
        marks.append("guess")
    if question.field:
        marks.append(plain(f"about the lead field {question.field.replace('_', ' ')}"))
    if question.ask_if is not None:
        marks.append(plain(edits.condition_in_words(state.questionnaire, question)))
    if not state.own_language and state.language not in question.translations:
        marks.append(":orange[not translated]")
    if edits.is_unwritten(question):
        marks.append(":orange[not written yet]")
    if any(place.startswith(f"{question.key}.") for place in state.refused):
        marks.append(":red[something typed here is not saved]")
    return marks


def _draw_open_question(state: Editing, question: Question, number: int) -> None:
    with st.container(border=True):
        st.markdown(f"**Question {number}** · {type_name(question.type)}")
        draw_opened(state)
        key = question.key
        with st.container(horizontal=True):
            _done(state)
            if st.button("Preview", icon=":material/visibility:", key=state.widget(f"{key}.preview")):
                preview(
                    state.questionnaire,
                    f"{state.survey.id}_{state.generation}",
                    survey_id=state.survey.id,
                    only=key,
                )
            if state.is_draft and state.own_language:
                _draw_tools(state, question)
        show_refused(state, f"{key}.do")


def _draw_tools(state: Editing, question: Question) -> None:
    """Move, duplicate, delete."""
    key = question.key
    for label, by, icon in (
        ("Move up", -1, ":material/arrow_upward:"),
        ("Move down", 1, ":material/arrow_downward:"),
    ):
        st.button(
            label,
            icon=icon,
            key=state.widget(f"{key}.move.{by}"),
            on_click=_do,
            args=(state, f"{key}.do", partial(edits.shift_question, key=key, by=by)),
        )
    if len(state.questionnaire.sections) > 1 and st.button(
        "Move to", icon=":material/low_priority:", key=state.widget(f"{key}.move_to")
    ):
        _choose_section(state, question)
    st.button(
        "Duplicate",
        icon=":material/content_copy:",
        key=state.widget(f"{key}.duplicate"),
        on_click=_duplicate,
        args=(state, key),
    )
    if st.button("Delete", icon=":material/delete:", key=state.widget(f"{key}.delete")):
        _confirm_question(state, question)


def _done(state: Editing) -> None:
    st.button(
        "Done",
        type="primary",
        icon=":material/check:",
        key=state.widget("done"),
        on_click=_open,
        args=(state, ""),
    )


def _offer_question(state: Editing, section: Section) -> None:
    if st.button("Add a question", icon=":material/add:", key=state.widget(f"add.{section.key}")):
        _choose_kind(state, section.key)
    show_refused(state, f"add.{section.key}")


# A menu would be shorter, but the keyboard does not always get into it.


@st.dialog("What kind of question?", icon=":material/add:")
def _choose_kind(state: Editing, topic: str) -> None:
    pressed = [
        st.button(
            f"**{name}**: {explanation}",
            icon=icon,
            width="stretch",
            key=state.widget(f"add.{topic}.{kind.value}"),
            on_click=_add_question,
            args=(state, topic, kind),
        )
        for kind, (icon, name, explanation) in TYPES.items()
    ]
    if any(pressed):
        st.rerun()


@st.dialog("Move it to which section?", icon=":material/low_priority:")
def _choose_section(state: Editing, question: Question) -> None:
    st.markdown(f"**{plain(_first_line(question))}**")
    pressed = [
        st.button(
            plain(section.title),
            width="stretch",
            key=state.widget(f"{question.key}.move_to.{section.key}"),
            on_click=_move_to,
            args=(state, question.key, section.key),
        )
        for section in state.questionnaire.sections
        if section.key != question.topic
    ]
    if any(pressed):
        st.rerun()


# ── what a click does ────────────────────────────────────────────────────────────────────────────────────────────────


def _open(state: Editing, what: str) -> None:
    state.opened, state.reason = what, ("", "")
    st.rerun([BODY, BAR])


def _do(state: Editing, place: str, edit: Edit) -> None:
    attempt(state, edit, place)
    st.rerun([HEADING, BODY, BAR])


def _move_to(state: Editing, key: str, topic: str) -> None:
    attempt(state, partial(edits.move_question, key=key, topic=topic), f"{key}.do")


def _duplicate(state: Editing, key: str) -> None:
    if attempt(state, lambda questionnaire: edits.duplicate_question(questionnaire, key)[0], f"{key}.do"):
        questions = [q.key for q in edits.in_order(state.questionnaire)]
        state.opened = questions[questions.index(key) + 1]
    st.rerun([HEADING, BODY, BAR])


def _add_question(state: Editing, topic: str, kind: QuestionType) -> None:
    before = {q.key for q in state.questionnaire.questions}
    if attempt(
        state,
        lambda questionnaire: edits.add_question(questionnaire, kind, topic)[0],
        f"add.{topic}",
    ):
        _open_new(state, before)


def _add_section(state: Editing) -> None:
    before = {q.key for q in state.questionnaire.questions}
    if attempt(
        state,
        lambda questionnaire: edits.add_section(questionnaire, "New section")[0],
        "add_section",
    ):
        _open_new(state, before)
        question = state.opened_question
        state.opened = f"{_SECTION}{question.topic}" if question else ""
    st.rerun([HEADING, BODY, BAR])


def _open_new(state: Editing, before: set[str]) -> None:
    state.opened = next((q.key for q in state.questionnaire.questions if q.key not in before), "")


@st.dialog("Delete this question?", icon=":material/delete:")
def _confirm_question(state: Editing, question: Question) -> None:
    if question.key not in {q.key for q in state.questionnaire.questions}:
        st.rerun()  # it has just been deleted
    st.markdown(f"**{plain(_first_line(question))}**")
    try:
        cost = questionnaires.deletion_cost(actor(), state.survey.id, question.key)
    except Refusal:  # it is not kept yet, so that nothing but itself can be lost
        cost = edits.cost_of_deleting(state.questionnaire, question.key)
    for sentence in cost.sentences:
        st.markdown(f"- {plain(sentence)}")
    if cost.last:
        return
    _offer_deletion(
        state,
        question.key,
        f"{question.key}.do",
        partial(edits.delete_question, key=question.key, drop_conditions=True),
    )


@st.dialog("Delete this section?", icon=":material/delete:")
def _confirm_section(state: Editing, section: Section) -> None:
    if section.key not in {other.key for other in state.questionnaire.sections}:
        st.rerun()  # it has just been deleted
    st.markdown(f"**{plain(section.title)}**")
    for sentence in edits.cost_of_deleting_section(state.questionnaire, section.key):
        st.markdown(f"- {plain(sentence)}")
    if len(state.questionnaire.sections) == 1:
        return
    name = f"{_SECTION}{section.key}"
    _offer_deletion(state, name, name, partial(edits.delete_section, topic=section.key, drop_conditions=True))


def _offer_deletion(state: Editing, name: str, place: str, edit: Edit) -> None:
    """The end of both dialogs: delete, or leave it. A refusal is told at `place`."""
    st.caption("You can undo it until you leave this screen.")
    with st.container(horizontal=True):
        st.button(
            "Delete",
            type="primary",
            key=state.widget(f"{name}.delete_now"),
            on_click=_delete,
            args=(state, place, edit),
        )
        cancelled = st.button("Cancel", key=state.widget(f"{name}.keep"))
    if cancelled:
        st.rerun()
    show_refused(state, place)


def _delete(state: Editing, place: str, edit: Edit) -> None:
    if attempt(state, edit, place):
        state.opened = ""


# ── the foot of the screen ───────────────────────────────────────────────────────────────────────────────────────────


def _draw_bar(state: Editing) -> None:
    """Pinned to the foot: whether everything is kept, undo, redo, preview."""
    with (
        st.bottom,
        st.container(horizontal_alignment="center"),
        st.container(width=_WIDTH, gap="xsmall"),
    ):
        for note in state.notes:
            st.error(plain(note), icon=":material/error:")
        if state.conflict:
            _resolve(state)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if state.survey.status is not SurveyStatus.CLOSED:
                _draw_steps(state)
            if st.button("Preview", icon=":material/visibility:", key=state.widget("preview")):
                preview(
                    state.questionnaire,
                    f"{state.survey.id}_{state.generation}",
                    survey_id=state.survey.id,
                )
            if state.is_open:
                _offer_publishing(state)
            elif state.is_draft:
                st.markdown(_whether_saved(state), width="content")


def _whether_saved(state: Editing) -> str:
    if state.waiting or state.conflict:
        return ":red[:material/sync_problem: Not saved]"
    if state.refused:
        return ":orange[:material/edit: Something typed is not saved yet]"
    return ":green[:material/check: Saved]"


def _draw_steps(state: Editing) -> None:
    st.button(
        "Undo",
        icon=":material/undo:",
        key=state.widget("undo"),
        disabled=not (state.waiting or (state.undoable and not state.conflict)),
        on_click=_step,
        args=(state, undo),
    )
    if state.is_draft:
        st.button(
            "Redo",
            icon=":material/redo:",
            key=state.widget("redo"),
            disabled=not state.redoable or state.conflict,
            on_click=_step,
            args=(state, redo),
        )


def _step(state: Editing, step: Callable[[Editing], None]) -> None:
    state.notes.clear()
    step(state)
    st.rerun([HEADING, BODY, BAR])


def _resolve(state: Editing) -> None:
    """Somebody else was quicker: the person says what is to become of the changes that wait."""
    count = len(state.waiting)
    mine = "your change is" if count == 1 else f"your {count} changes are" if count else "nothing of yours is"
    st.warning(
        f"Somebody else changed this questionnaire in the meantime; {mine} not saved yet, and still here.",
        icon=":material/sync_problem:",
    )
    with st.container(horizontal=True):
        if count:
            st.button(
                "Save mine on top",
                type="primary",
                key=state.widget("conflict.mine"),
                on_click=_step,
                args=(state, save_on_top),
            )
        st.button(
            "Show theirs, drop mine" if count else "Show theirs",
            key=state.widget("conflict.theirs"),
            on_click=_step,
            args=(state, drop_waiting),
        )


# ── corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _offer_publishing(state: Editing) -> None:
    found = edits.corrections(state.survey.questionnaire, state.questionnaire).corrections
    count = len(found)
    if not count:
        st.markdown(":gray[No corrections yet]", width="content")
        return
    if st.button(
        f"Publish {count} {'correction' if count == 1 else 'corrections'}",
        type="primary",
        icon=":material/published_with_changes:",
        key=state.widget("publish"),
    ):
        state.notes.clear()
        _confirm_publishing(state)


@st.dialog("Publish these corrections?", icon=":material/published_with_changes:")
def _confirm_publishing(state: Editing) -> None:
    for change in edits.corrections(state.survey.questionnaire, state.questionnaire).corrections:
        st.markdown(f"**{plain(change.name)}**")
        st.markdown(f":gray[{plain(change.before) or 'empty'}]")
        st.markdown(f":material/arrow_forward: {plain(change.after) or 'empty'}")
    st.text_area(
        "Note to everybody who answers",
        placeholder="What was wrong, and whether they should look again",
        max_chars=500,
        key=state.widget("note"),
    )
    st.caption("Answers that were given stay as they are. The note shows above the questionnaire.")
    for problem in state.notes:
        st.error(plain(problem), icon=":material/error:")
    pressed = st.button(
        "Publish",
        type="primary",
        key=f"editor_publish_{state.survey.id}",  # publishing changes the generation
        on_click=_publish,
        args=(state,),
    )
    if pressed and not state.notes:
        st.rerun()


def _publish(state: Editing) -> None:
    state.notes.clear()
    publish(state, st.session_state.get(state.widget("note")) or "")
