"""Which lead field a question is about: what ties opinions to the leads that there have been."""

from functools import partial

import streamlit as st

from actions import leads
from actions.fields import list_fields
from alignment import questionnaire_edits as edits
from alignment.fields import FieldChoice
from alignment.questionnaires import Question, QuestionType
from alignment.rules import FieldType
from components.questionnaire_editor_fields import BODY, changed, show_refused, shown
from components.questionnaire_editor_state import Edit, Editing
from components.session import actor
from components.text import plain

_FITTING: dict[QuestionType, tuple[FieldType, ...]] = {
    QuestionType.NUMBER: (FieldType.NUMBER, FieldType.ANY),
    QuestionType.YES_NO: (FieldType.BOOLEAN, FieldType.ANY),
    QuestionType.CHOICE: (FieldType.TEXT, FieldType.ANY),
    QuestionType.CHOICES: (FieldType.TEXT, FieldType.ANY),
    QuestionType.SCALE: (FieldType.TEXT, FieldType.NUMBER, FieldType.BOOLEAN, FieldType.ANY),
}
_MEANING = {
    QuestionType.NUMBER: "A lead then counts as qualified for a team from its median answer on.",
    QuestionType.YES_NO: "Where more than half of a team say yes, only leads with a yes in this field count as qualified for it.",
    QuestionType.CHOICE: "Leads with the answer that more than half of a team give count as qualified for it.",
    QuestionType.CHOICES: "Leads with one of the answers that more than half of a team give count as qualified for it.",
    QuestionType.SCALE: "The answers are each team's opinion of how much this trait matters; past leads show how much it did.",
}
_LISTED = 3


def draw_lead_field(state: Editing, question: Question) -> None:
    """The lead field that a closed question is about, of those that rules can be built on; none is a choice."""
    fields = {field.name: field for field in list_fields(actor()) if field.type in _FITTING[question.type]}
    place = f"{question.key}.field"
    named = str(shown(state, place, question.field))
    choices = ["", *fields]
    if named not in choices:  # the leads that are imported do not have it, or hold something else in it
        choices.append(named)
    st.selectbox(
        "Lead field",
        choices,
        index=choices.index(named),
        format_func=lambda name: _label(name, fields),
        key=state.widget(place),
        on_change=changed,
        args=(state, place, partial(_about, question.key), (BODY,)),
        help="What the question asks about, as it stands on your leads. Those who answer do not see it.",
    )
    show_refused(state, place)
    st.caption(plain(_explanation(question, fields)))


def _label(name: str, fields: dict[str, FieldChoice]) -> str:
    if not name:
        return "None: it is about nothing that leads have"
    return fields[name].label if name in fields else f"{name} (not on your leads)"


def _about(key: str, name: str | None) -> Edit:
    return lambda questionnaire: edits.change_question(questionnaire, key, field=name or "")


def _explanation(question: Question, fields: dict[str, FieldChoice]) -> str:
    """What the field is good for, and what there is to look at before."""
    if not leads.read_revision(actor()):
        return (
            "There are no leads yet. Choose the field all the same, or once your leads are imported under Leads: then they "
            "show what a difference between the teams costs."
        )
    if not question.field:
        return "With a lead field, your past leads show what a difference between the teams costs."
    if question.field not in fields:
        return "Your leads have no such field, or another kind of value in it: this question shows no leads."
    said = _MEANING[question.type]
    values = fields[question.field].values
    if question.type in (QuestionType.CHOICE, QuestionType.CHOICES) and values:
        strange = [option for option in question.options if option not in values]
        if strange:
            listed = ", ".join(f"“{option}”" for option in strange[:_LISTED])
            more = f" and {len(strange) - _LISTED} more" if len(strange) > _LISTED else ""
            said += (
                f" Answers have to be written as on the leads. Not among their usual values: {listed}{more}. "
                f"Usual are: {', '.join(f'“{value}”' for value in values[:6])}."
            )
    return said
