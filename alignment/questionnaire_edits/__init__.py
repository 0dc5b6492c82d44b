"""Editing a questionnaire, one step at a time: each function takes a questionnaire and returns another valid one.

What cannot be done raises InvalidInput with a sentence that says what to do first. Questions are kept in the order in
which they are asked: section by section.
"""

from alignment.questionnaire_edits.assembly import in_order
from alignment.questionnaire_edits.beginnings import (
    NEW_OPTIONS,
    NEW_SECTION,
    NEW_WORDING,
    blank_questionnaire,
    is_unwritten,
    unwritten,
    what_to_write,
)
from alignment.questionnaire_edits.conditions import can_depend_on, condition_in_words, first_condition
from alignment.questionnaire_edits.corrections import Change, Changes, corrections
from alignment.questionnaire_edits.deletion import DeletionCost, cost_of_deleting, cost_of_deleting_section
from alignment.questionnaire_edits.head import (
    add_language,
    change_head,
    change_language,
    remove_language,
    translate_head,
    translate_question,
    untranslated,
)
from alignment.questionnaire_edits.keys import free_key
from alignment.questionnaire_edits.questions import (
    add_question,
    change_question,
    change_type,
    delete_question,
    duplicate_question,
    move_question,
    rename_question,
    shift_question,
)
from alignment.questionnaire_edits.sections import add_section, delete_section, rename_section, shift_section

__all__ = [
    "NEW_OPTIONS",
    "NEW_SECTION",
    "NEW_WORDING",
    "Change",
    "Changes",
    "DeletionCost",
    "add_language",
    "add_question",
    "add_section",
    "blank_questionnaire",
    "can_depend_on",
    "change_head",
    "change_language",
    "change_question",
    "change_type",
    "condition_in_words",
    "corrections",
    "cost_of_deleting",
    "cost_of_deleting_section",
    "delete_question",
    "delete_section",
    "duplicate_question",
    "first_condition",
    "free_key",
    "in_order",
    "is_unwritten",
    "move_question",
    "remove_language",
    "rename_question",
    "rename_section",
    "shift_question",
    "shift_section",
    "translate_head",
    "translate_question",
    "untranslated",
    "unwritten",
    "what_to_write",
]
