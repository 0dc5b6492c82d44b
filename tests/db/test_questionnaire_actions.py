"""Writing a survey's questionnaire: drafts change, open ones are put right with a note, any can be copied."""

import json
from dataclasses import replace

import pytest
from people import make_actor

from actions import questionnaires, surveys
from alignment import questionnaire_edits as edits
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.people import Team
from alignment.questionnaires import Mode, QuestionType
from alignment.surveys import SurveyStatus
from db.queries import lead_cards
from db.store import store


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


def audit(action):
    rows = store().read().execute("SELECT after FROM audit WHERE action = ?", (action,)).fetchall()
    return [json.loads(row["after"]) for row in rows]


def reworded(survey, text="When do you call?"):
    key = survey.questionnaire.questions[0].key
    return edits.change_question(survey.questionnaire, key, wording=dict.fromkeys(Team, text))


def opened(facilitator, title):
    """A blank questionnaire that somebody has written, and opened."""
    draft = questionnaires.prepare_blank(facilitator, title)
    made = edits.change_question(reworded(draft, "Ready?"), "question_1", options=("At once", "Never"))
    questionnaires.change_questionnaire(facilitator, draft.id, made, revision=draft.revision)
    return surveys.open_survey(facilitator, draft.id)


def test_a_blank_questionnaire_is_written_and_opened(facilitator):
    draft = questionnaires.prepare_blank(facilitator, " About leads ")
    assert draft.title == "About leads" and draft.status is SurveyStatus.DRAFT
    changed = questionnaires.change_questionnaire(
        facilitator, draft.id, reworded(draft), revision=draft.revision
    )
    assert changed.revision == draft.revision + 1
    assert surveys.read_survey(facilitator, draft.id).questionnaire.questions[0].name == "When do you call?"
    assert audit("survey:change")[0]["changed"] == ["Wording of ‘When do you call?’"]
    again = questionnaires.change_questionnaire(
        facilitator, draft.id, changed.questionnaire, revision=changed.revision
    )
    assert again.revision == changed.revision, "what did not change is not written"
    with pytest.raises(InvalidInput, match=r"Write question 1 \(‘When do you call\?’\) first.* answers"):
        surveys.open_survey(facilitator, draft.id)
    assert surveys.read_survey(facilitator, draft.id).status is SurveyStatus.DRAFT
    written = edits.change_question(changed.questionnaire, "question_1", options=("At once", "Never"))
    questionnaires.change_questionnaire(facilitator, draft.id, written, revision=changed.revision)
    assert surveys.open_survey(facilitator, draft.id).status is SurveyStatus.OPEN
    with pytest.raises(InvalidInput):
        questionnaires.prepare_blank(facilitator, " ")


def test_the_second_of_two_writers_is_told_and_changes_nothing(facilitator):
    draft = questionnaires.prepare_blank(facilitator, "Two windows")
    questionnaires.change_questionnaire(facilitator, draft.id, reworded(draft), revision=draft.revision)
    with pytest.raises(StaleVersion, match="Somebody else"):
        questionnaires.change_questionnaire(
            facilitator, draft.id, reworded(draft, "Mine"), revision=draft.revision
        )
    assert surveys.read_survey(facilitator, draft.id).questionnaire.questions[0].name == "When do you call?"


def test_a_draft_of_ones_own_may_choose_any_privacy_and_one_from_a_template_only_a_stricter_one(facilitator):
    own = questionnaires.prepare_blank(facilitator, "Own")
    for mode in (Mode.ANONYMOUS, Mode.NAMED):
        own = questionnaires.change_questionnaire(
            facilitator, own.id, edits.change_head(own.questionnaire, mode=mode), revision=own.revision
        )
        assert surveys.read_survey(facilitator, own.id).mode is mode
    ours = surveys.prepare_survey(facilitator, template="pulse")
    copied = questionnaires.copy_survey(facilitator, ours.id)
    for survey in (ours, copied):
        for looser in (
            {"mode": Mode.NAMED},
            {"min_group": survey.min_group - 1},
        ):
            with pytest.raises(InvalidInput, match=r"stricter|raised|whole number"):
                questionnaires.change_questionnaire(
                    facilitator,
                    survey.id,
                    edits.change_head(survey.questionnaire, **looser),
                    revision=survey.revision,
                )


def test_what_is_open_is_put_right_with_a_note_that_everybody_reads(facilitator):
    survey = surveys.open_survey(
        facilitator, surveys.prepare_survey(facilitator, template="qualified_lead").id
    )
    was = survey.questionnaire.questions[0].name
    corrected = questionnaires.correct_survey(
        facilitator, survey.id, reworded(survey), "A word was missing.", revision=survey.revision
    )
    assert corrected.status is SurveyStatus.OPEN and corrected.revision == survey.revision + 1
    (note,) = questionnaires.list_corrections(make_actor("member", "sales"), survey.id)
    assert note.note == "A word was missing." and note.at
    kept = store().read().execute("SELECT before, after FROM correction").fetchone()
    assert was in kept["before"] or survey.questionnaire.questions[0].wording[Team.SALES] in kept["before"]
    assert "When do you call?" in kept["after"]
    assert audit("survey:correct")[0]["note"] == "A word was missing."


def test_what_would_make_answers_incomparable_is_refused_while_it_is_open(facilitator):
    survey = opened(facilitator, "Open")
    more = edits.add_question(reworded(survey), QuestionType.TEXT, "questions")[0]
    for changed, said in ((more, "Close it, make a copy"), (survey.questionnaire, "Nothing was changed")):
        with pytest.raises(InvalidInput, match=said):
            questionnaires.correct_survey(facilitator, survey.id, changed, "Typo.", revision=survey.revision)
    with pytest.raises(InvalidInput, match="note is empty"):
        questionnaires.correct_survey(facilitator, survey.id, reworded(survey), " ", revision=survey.revision)
    with pytest.raises(WrongState, match="close it and make a copy"):
        questionnaires.change_questionnaire(
            facilitator, survey.id, reworded(survey), revision=survey.revision
        )
    with pytest.raises(StaleVersion):
        questionnaires.correct_survey(
            facilitator, survey.id, reworded(survey), "Typo.", revision=survey.revision - 1
        )
    assert questionnaires.list_corrections(facilitator, survey.id) == []


def test_what_is_closed_stays_and_is_copied(facilitator):
    survey = opened(facilitator, "First")
    survey = surveys.close_survey(facilitator, survey.id)
    for change in (
        lambda: questionnaires.change_questionnaire(
            facilitator, survey.id, reworded(survey), revision=survey.revision
        ),
        lambda: questionnaires.correct_survey(
            facilitator, survey.id, reworded(survey), "Typo.", revision=survey.revision
        ),
    ):
        with pytest.raises(WrongState, match="copy"):
            change()
    copy = questionnaires.copy_survey(facilitator, survey.id, "Second")
    assert copy.status is SurveyStatus.DRAFT and copy.title == "Second" and copy.id != survey.id
    assert copy.questionnaire.questions == survey.questionnaire.questions
    assert questionnaires.copy_survey(facilitator, survey.id).title == "First"


def test_a_draft_is_not_there_for_those_who_do_not_prepare(facilitator):
    draft = questionnaires.prepare_blank(facilitator, "Secret")
    with pytest.raises(NotFound):
        questionnaires.list_corrections(make_actor("member", "sales"), draft.id)


def test_lead_cards_go_with_the_question_that_asked_for_them(facilitator):
    draft = questionnaires.prepare_blank(facilitator, "Cards")
    made, key = edits.add_question(draft.questionnaire, QuestionType.LEAD_CARDS, "questions")
    draft = questionnaires.change_questionnaire(facilitator, draft.id, made, revision=draft.revision)
    store().write(
        lambda connection: lead_cards.replace_all(
            connection, draft.id, key, [("L1", {"Source": "web"}), ("L2", {"Source": "fair"})]
        )
    )
    assert "2 lead cards" in " ".join(questionnaires.deletion_cost(facilitator, draft.id, key).sentences)
    draft = questionnaires.change_questionnaire(
        facilitator, draft.id, edits.change_question(made, key, help="Look."), revision=draft.revision
    )
    assert lead_cards.drawn_questions(store().read(), draft.id) == {key: 2}
    questionnaires.change_questionnaire(
        facilitator,
        draft.id,
        edits.change_question(draft.questionnaire, key, fields=("employees",)),
        revision=draft.revision,
    )
    assert lead_cards.drawn_questions(store().read(), draft.id) == {}


def test_deleting_says_which_earlier_questionnaires_asked_the_same(facilitator):
    first = opened(facilitator, "Spring")
    surveys.close_survey(facilitator, first.id)
    draft = questionnaires.copy_survey(facilitator, first.id, "Autumn")
    assert questionnaires.deletion_cost(facilitator, draft.id, "question_1").earlier == ("Spring",)


def test_anything_but_a_questionnaire_of_a_bearable_length_is_refused(facilitator):
    draft = questionnaires.prepare_blank(facilitator, "Long")
    with pytest.raises(InvalidInput):
        questionnaires.change_questionnaire(facilitator, draft.id, {"title": "x"}, revision=draft.revision)
    (question,) = draft.questionnaire.questions
    many = tuple(f"{number} " + "x" * 100 for number in range(30))
    copies = tuple(replace(question, key=f"question_{number}", options=many) for number in range(199))
    long = replace(draft.questionnaire, questions=copies)
    with pytest.raises(InvalidInput, match="Shorten"):
        questionnaires.change_questionnaire(facilitator, draft.id, long, revision=draft.revision)
