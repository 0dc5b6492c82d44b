"""Writing a questionnaire on the screen: kept as it is typed, undone step by step, and put right while it is open."""

from datetime import UTC, datetime, timedelta

import pytest
from hostile import HOSTILE, LIVE, SHORT
from streamlit.testing.v1 import AppTest
from test_hostile_text import rendered

from actions import answers, clock, questionnaires, schedules, surveys
from alignment import questionnaire_edits as edits
from alignment.consensus import ConsensusRule
from alignment.people import MACHINE, Actor, Person, Role, Team
from alignment.questionnaires import Condition, Mode, QuestionType
from alignment.surveys import SurveyStatus
from components.questionnaire_editor_question import TYPES
from tests.lead_histories import History

EDITOR = "pages/surveys/editor.py"


def acting(person: Person) -> Actor:
    return Actor(person.id, clock.now_text())


@pytest.fixture
def facilitator(make_person):
    return make_person("facilitator", None)


@pytest.fixture
def draft():
    return questionnaires.prepare_blank(MACHINE, "About leads")


def kept(survey):
    return surveys.read_survey(MACHINE, survey.id).questionnaire


def opened(survey):
    """The draft, with its first question written, put to the teams."""
    made = kept(survey)
    key = made.questions[0].key
    changed(
        survey,
        edits.change_question(
            made, key, wording=dict.fromkeys(Team, "When is it ready?"), options=("At once", "Never")
        ),
    )
    return surveys.open_survey(MACHINE, survey.id)


def changed(survey, questionnaire):
    now = surveys.read_survey(MACHINE, survey.id)
    return questionnaires.change_questionnaire(MACHINE, survey.id, questionnaire, revision=now.revision)


def said(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind)).replace("\\", "")


class Screen:
    """The editor of one survey, used by the places of its fields."""

    def __init__(self, app: AppTest, survey) -> None:
        self.app, self.survey = app, survey

    def field(self, place: str):
        """The widget at a place, whatever generation it is of."""
        ends = f"_{place}"
        state = self.app.session_state[f"editor_{self.survey.id}"]
        return self.app.get_by_key(f"editor_{self.survey.id}_{state.generation}{ends}")

    def type(self, place: str, value) -> None:
        self.field(place).set_value(value).run()
        self.look()

    def click(self, place: str) -> None:
        self.press(place)
        self.look()

    def press(self, place: str) -> None:
        """Click, and stay in the dialog that this opens."""
        self.field(place).click().run()
        assert not self.app.exception

    def add(self, kind: QuestionType, topic: str = "questions") -> None:
        self.press(f"add.{topic}")
        self.click(f"add.{topic}.{kind.value}")

    def look(self) -> None:
        assert not self.app.exception
        self.app.run()
        assert not self.app.exception

    def open(self, key: str) -> None:
        self.click(f"open.{key}")

    def said(self) -> str:
        return said(self.app)


@pytest.fixture
def open_editor(open_page, facilitator):
    def opened(survey, person=facilitator):
        app = open_page(EDITOR, person, survey=survey.id)
        assert not app.exception
        return Screen(app, survey)

    return opened


# ── who finds what ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
def test_those_who_prepare_questionnaires_write_them_and_others_are_told_who_does(
    open_page, make_person, draft, role
):
    if role is Role.MEMBER:
        return  # the address is not there for members
    app = open_page(EDITOR, make_person(role.value, "sales"), survey=draft.id)
    writes = role in (Role.FACILITATOR, Role.ADMIN)
    assert not app.exception
    assert ("Facilitators write the questionnaires" in said(app)) is not writes
    assert ("About leads" in said(app)) is writes


def test_without_a_questionnaire_the_screen_says_where_to_choose_one(open_page, facilitator):
    assert "under Questionnaires" in said(open_page(EDITOR, facilitator))
    assert "no such questionnaire" in said(open_page(EDITOR, facilitator, survey="01NOWHERE"))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", QuestionType)
def test_a_question_of_every_type_is_added_and_opened_with_its_own_settings(open_editor, draft, kind):
    screen = open_editor(draft)
    screen.add(kind)
    question = kept(draft).questions[1]
    assert question.type is kind and f"Question 2 · {TYPES[kind][1]}" in screen.said().replace("**", "")
    own = {
        QuestionType.SCALE: "points",
        QuestionType.NUMBER: "unit",
        QuestionType.RANKING: "top",
        QuestionType.LEAD_CARDS: "count",
        QuestionType.CHOICE: "options",
    }.get(kind)
    if own:
        assert screen.field(f"{question.key}.{own}")


def test_everything_is_kept_as_it_is_typed(open_editor, draft):
    screen = open_editor(draft)
    screen.open("question_1")
    screen.type("question_1.wording", "When is a lead ready?")
    screen.type("question_1.options", "At once\nAfter a call\nNever")
    screen.type("question_1.help", "Think of last week.")
    screen.type("question_1.title", "Ready")
    screen.type("question_1.required", False)
    screen.type("question_1.guess", True)
    question = kept(draft).questions[0]
    assert question.name == "Ready" and question.wording[Team.MARKETING] == "When is a lead ready?"
    assert question.options == ("At once", "After a call", "Never")
    assert not question.required and question.guess and question.help == "Think of last week."
    assert "Saved" in screen.said()
    screen.type("question_1.paired", True)
    screen.type("question_1.wording.marketing", "When do you hand a lead over?")
    assert kept(draft).questions[0].wording[Team.SALES] == "When is a lead ready?"
    assert kept(draft).questions[0].wording[Team.MARKETING] == "When do you hand a lead over?"
    screen.type("question_1.key", "ready")
    assert kept(draft).questions[0].key == "ready"


def test_what_cannot_be_kept_stays_in_its_field_and_says_why(open_editor, draft):
    screen = open_editor(draft)
    screen.open("question_1")
    screen.type("question_1.options", "Only one")
    assert "Give at least two answers" in screen.app.error[0].value
    assert "not saved yet" in screen.said()
    screen.click("done")
    assert "something typed here is not saved" in screen.said()
    screen.open("question_1")
    assert screen.field("question_1.options").value == "Only one"
    screen.type("question_1.options", "Only one\nAnd another")
    assert kept(draft).questions[0].options == ("Only one", "And another") and not screen.app.error


def test_a_condition_is_built_from_the_answers_of_an_earlier_question(open_editor, draft):
    made, _ = edits.add_question(draft.questionnaire, QuestionType.TEXT, "questions")
    made, scale = edits.add_question(made, QuestionType.SCALE, "questions")
    made, last = edits.add_question(made, QuestionType.YES_NO, "questions")
    changed(draft, made)
    screen = open_editor(draft)
    screen.open(last)
    offered = list(screen.field(f"{last}.ask_if").options)[1:]
    assert offered == ["Depends on 1: New question", "Depends on 3: New question"], "no text, no later one"
    screen.type(f"{last}.ask_if", "question_1")
    assert kept(draft).question(last).ask_if == Condition("question_1", ("First answer",))
    screen.type(f"{last}.ask_if.question_1.any_of", ["First answer", "Second answer"])
    assert kept(draft).question(last).ask_if.any_of == ("First answer", "Second answer")
    screen.type(f"{last}.ask_if.question_1.any_of", [])
    assert "Choose at least one answer" in screen.app.error[0].value
    screen.type(f"{last}.ask_if", scale)
    screen.type(f"{last}.ask_if.{scale}.at_most", 4.0)
    assert kept(draft).question(last).ask_if == Condition(scale, (), 3.0, 4.0)
    screen.type(f"{last}.ask_if", "")
    assert kept(draft).question(last).ask_if is None


def test_questions_move_are_duplicated_and_deleted_with_what_it_costs(open_editor, draft):
    made, key = edits.add_question(draft.questionnaire, QuestionType.YES_NO, "questions")
    made = edits.change_question(made, key, ask_if=Condition("question_1", ("First answer",)))
    changed(draft, made)
    screen = open_editor(draft)
    screen.open(key)
    screen.click(f"{key}.move.-1")
    assert "has to come after it" in screen.app.error[0].value
    assert "Saved" in screen.said() and "Not saved" not in screen.said()
    screen.click("done")
    assert not screen.app.error and "not saved" not in screen.said(), "nothing was typed"
    screen.open(key)
    assert not screen.app.error
    screen.click(f"{key}.duplicate")
    assert [q.key for q in kept(draft).questions] == ["question_1", "question_2", "question_3"]
    assert screen.field("question_3.wording"), "the copy is open"
    screen.click("question_3.move.-1")
    assert [q.key for q in kept(draft).questions] == ["question_1", "question_3", "question_2"]
    screen.open("question_1")
    screen.press("question_1.delete")
    assert "2 other questions lose their condition" in screen.said()
    screen.click("question_1.keep")
    assert len(kept(draft).questions) == 3
    screen.press("question_1.delete")
    screen.click("question_1.delete_now")
    assert [q.key for q in kept(draft).questions] == ["question_3", "question_2"]
    assert all(q.ask_if is None for q in kept(draft).questions)


def test_several_steps_are_undone_and_done_again(open_editor, draft):
    screen = open_editor(draft)
    screen.open("question_1")
    screen.type("question_1.wording", "One")
    screen.type("question_1.wording", "Two")
    screen.add(QuestionType.TEXT)
    for left in ("Two", "One", "New question"):
        screen.click("undo")
        assert [q.name for q in kept(draft).questions] == [left]
    assert screen.field("undo").disabled
    screen.click("redo")
    screen.click("redo")
    assert [q.name for q in kept(draft).questions] == ["Two"]
    screen.open("question_1")
    assert screen.field("question_1.wording").value == "Two", "the field shows what was restored"


def test_what_counts_as_agreement_is_set_undone_and_told_where_it_cannot_be(open_editor, draft):
    screen = open_editor(draft)
    screen.type("head.consensus.agree", 80.0)
    assert kept(draft).consensus == ConsensusRule(0.8, 0.15, 0.5)
    assert "at least 80% of each are for it" in screen.said()
    screen.type("head.consensus.out", 90.0)
    assert kept(draft).consensus.out == 0.5
    assert "What is left out has to be below what counts as being for it" in screen.said()
    screen.type("head.consensus.oppose", 60.0)
    assert kept(draft).consensus.oppose == 0.15 and "above 0%, and at most 50%" in screen.said()
    screen.type("head.consensus.oppose", 15.0)
    screen.type("head.consensus.out", 40.0)
    screen.click("undo")
    screen.click("undo")
    assert kept(draft).consensus == ConsensusRule()
    assert screen.field("head.consensus.agree").value == 70.0
    screen.click("redo")
    assert kept(draft).consensus.agree == 0.8


def test_what_counts_as_agreement_is_only_read_once_people_answer(open_editor, draft):
    changed(draft, edits.change_head(kept(draft), consensus=ConsensusRule(0.9, 0.1, 0.3)))
    for survey in (opened(draft), surveys.close_survey(MACHINE, draft.id)):
        screen = open_editor(survey)
        assert (
            "at least 90% of each are for it" in screen.said()
            and "settled before the first answer" in screen.said()
        )
        assert not [field for field in screen.app.number_input if "consensus" in field.key]


def test_those_who_run_a_questionnaire_read_what_counts_as_agreement_with_its_questions(
    open_page, make_person, draft
):
    page = "pages/surveys/questionnaires.py"
    sentence = "at least 70% of each are for it"
    facilitator = open_page(page, make_person("facilitator", None), survey=draft.id, part="questions")
    assert sentence in said(facilitator)


def test_a_question_is_tied_to_a_lead_field_that_fits_its_type(open_editor, draft):
    screen = open_editor(draft)
    screen.add(QuestionType.NUMBER)
    fields = screen.field("question_2.field")
    assert "employees" in fields.options or "Employees" in fields.options
    assert "Source" not in fields.options and "There are no leads yet" in screen.said()
    screen.type("question_2.field", "employees")
    assert kept(draft).question("question_2").field == "employees"
    assert "about the lead field employees" not in screen.said(), "it is open, and says so in its field"
    screen.click("undo")
    assert kept(draft).question("question_2").field == ""
    screen.click("redo")
    screen.click("done")
    assert "about the lead field employees" in screen.said()
    screen.add(QuestionType.TEXT)
    assert not [box for box in screen.app.selectbox if box.key.endswith(".field")]


def test_with_leads_a_choice_says_which_answers_are_no_values_of_its_field(open_editor, draft):
    history = History()
    came = datetime(2026, 1, 5, tzinfo=UTC)
    for number in range(12):
        history.lead(f"L{number}", ("Fair", "<b>Ads</b> *all*")[number % 2], employees=float(number)).enter(
            f"L{number}", "mql", came
        )
    history.load()
    changed(draft, edits.change_question(kept(draft), "question_1", options=("Fair", "Nowhere")))
    screen = open_editor(draft)
    screen.open("question_1")
    screen.type("question_1.field", "source")
    assert "Not among their usual values: “Nowhere”." in screen.said()
    assert "<b>Ads</b> *all*" not in "\n".join(element.value for element in screen.app.caption)


def test_the_lead_field_of_an_open_questionnaire_is_a_correction(open_editor, draft):
    screen = open_editor(opened(draft))
    screen.open("question_1")
    screen.type("question_1.field", "source")
    assert kept(draft).question("question_1").field == "", "it waits to be published"
    screen.press("publish")
    assert "Lead field of" in screen.said()
    screen.field("note").set_value("Nothing that you see has changed.")
    screen.app.get_by_key(f"editor_publish_{draft.id}").click().run()
    screen.look()
    assert kept(draft).question("question_1").field == "source"


def test_a_field_that_the_leads_do_not_have_stays_and_is_told(open_editor, draft):
    changed(draft, edits.change_question(kept(draft), "question_1", field="region"))
    screen = open_editor(draft)
    screen.open("question_1")
    assert screen.field("question_1.field").value == "region"
    assert kept(draft).question("question_1").field == "region"


def test_sections_are_added_named_moved_and_asked_for_their_importance(open_editor, draft):
    screen = open_editor(draft)
    screen.click("add_section")
    topic = kept(draft).sections[1].key
    screen.type(f"section:{topic}.title", "The hand-off")
    screen.type(f"section:{topic}.importance", True)
    screen.click(f"section:{topic}.move.-1")
    made = kept(draft)
    assert [section.title for section in made.sections] == ["The hand-off", "Questions"]
    assert made.importance == (topic,)
    screen.click("done")
    screen.open("question_1")
    screen.press("question_1.move_to")
    screen.click(f"question_1.move_to.{topic}")
    assert kept(draft).question("question_1").topic == topic and len(kept(draft).sections) == 1
    screen.click("undo")
    screen.open(f"section:{topic}")
    screen.press(f"section:{topic}.delete")
    assert "Its question goes with it" in screen.said()
    screen.click(f"section:{topic}.delete_now")
    assert [section.title for section in kept(draft).sections] == ["Questions"]


def test_the_head_is_set_and_a_template_keeps_its_privacy(open_editor, draft):
    screen = open_editor(draft)
    screen.type("head.title", "Our leads")
    screen.type("head.introduction", "Four minutes.")
    screen.type("head.mode", Mode.ANONYMOUS)
    screen.type("head.min_group", 4)
    made = surveys.read_survey(MACHINE, draft.id)
    assert (made.title, made.mode, made.min_group) == ("Our leads", Mode.ANONYMOUS, 4)
    assert made.questionnaire.introduction == "Four minutes." and "Our leads" in screen.app.title[0].value
    pulse = surveys.prepare_survey(MACHINE, template="pulse")
    screen = open_editor(pulse)
    screen.type("head.mode", Mode.NAMED)
    assert "can only become stricter" in screen.app.error[0].value
    assert surveys.read_survey(MACHINE, pulse.id).mode is Mode.ANONYMOUS


def test_texts_are_translated_beside_the_original(open_editor, draft):
    screen = open_editor(draft)
    screen.type("languages.add", "de")
    screen.click("languages.do")
    assert kept(draft).languages == ("en", "de")
    screen.type("head.de.title", "Über Leads")
    screen.open("question_1")
    assert "In Deutsch." in screen.said()
    assert "Question, in English:  \nNew question" in screen.said()
    assert "Answers, in English:  \nFirst answer  \nSecond answer" in screen.said()
    screen.type("question_1.de.wording", "Wann?")
    screen.type("question_1.de.options", "Sofort")
    assert "Question, in English:  \nNew question" in screen.said(), "also beside what is translated"
    assert "There are 2 answers" in screen.app.error[0].value
    screen.type("question_1.de.options", "Sofort\nNie")
    german = kept(draft).in_language("de")
    assert german.title == "Über Leads" and german.question("question_1").labels == ("Sofort", "Nie")
    assert kept(draft).question("question_1").name == "New question"


def test_the_preview_shows_either_team_in_any_language(open_editor, draft):
    made = edits.change_question(
        draft.questionnaire,
        "question_1",
        wording={Team.SALES: "For sales?", Team.MARKETING: "For marketing?"},
    )
    made = edits.translate_question(
        edits.add_language(made, "de"),
        "question_1",
        "de",
        wording={Team.SALES: "Vertrieb?", Team.MARKETING: "Marketing?"},
    )
    changed(draft, made)
    screen = open_editor(draft)
    key = f"preview_{draft.id}_0"
    # a dialog that is opened from a part of the screen is gone after the next run of this tester; a browser keeps it
    for team, language, wording in (
        (Team.SALES, "en", "For sales?"),
        (Team.MARKETING, "en", "For marketing?"),
        (Team.MARKETING, "de", "Marketing?"),
    ):
        screen.app.session_state[f"{key}_team"] = team
        screen.app.session_state[f"{key}_language"] = language
        screen.press("preview")
        shown = {element.value.replace("\\", "") for element in screen.app.subheader}
        assert wording in shown and len(shown & {"For sales?", "For marketing?", "Marketing?"}) == 1


# ── two people at once ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_slower_of_two_writers_is_told_and_loses_nothing_that_was_typed(open_editor, draft):
    screen = open_editor(draft)
    screen.open("question_1")
    theirs = edits.change_question(draft.questionnaire, "question_1", help="Theirs.")
    changed(draft, theirs)
    screen.field("question_1.wording").set_value("Mine?").run()
    screen.look()
    assert "Somebody else changed" in screen.said() and "Not saved" in screen.said()
    assert screen.field("question_1.wording").value == "Mine?"
    assert kept(draft).questions[0].name == "New question"
    screen.click("conflict.mine")
    question = kept(draft).questions[0]
    assert question.name == "Mine?" and question.help == "Theirs." and "Saved" in screen.said()


def test_the_slower_of_two_writers_can_drop_what_was_typed(open_editor, draft):
    screen = open_editor(draft)
    changed(draft, edits.change_question(draft.questionnaire, "question_1", help="Theirs."))
    screen.field("open.question_1").click().run()
    screen.field("question_1.help").set_value("Mine").run()
    screen.look()
    screen.click("conflict.theirs")
    assert kept(draft).questions[0].help == "Theirs." and "Somebody else" not in screen.said()
    assert screen.field("question_1.help").value == "Theirs."


def test_other_settings_of_the_survey_do_not_stand_in_the_way(open_editor, draft, facilitator):
    screen = open_editor(draft)
    screen.open("question_1")
    now = surveys.read_survey(MACHINE, draft.id)
    closes = (clock.now() + timedelta(days=7)).replace(tzinfo=None)
    schedules.set_dates(MACHINE, draft.id, closes=closes, revision=now.revision)
    screen.field("question_1.wording").set_value("Mine?").run()
    assert kept(draft).questions[0].name == "Mine?" and "Somebody else" not in screen.said()


def test_undoing_and_doing_again_go_on_when_a_colleague_has_set_dates(open_editor, draft):
    screen = open_editor(draft)
    screen.open("question_1")
    screen.type("question_1.wording", "One?")
    screen.type("question_1.wording", "Two?")
    closes = clock.now().replace(tzinfo=None)
    for step, wording in (("undo", "One?"), ("undo", "New question"), ("redo", "One?")):
        closes += timedelta(days=7)
        now = surveys.read_survey(MACHINE, draft.id)
        schedules.set_dates(MACHINE, draft.id, closes=closes, revision=now.revision)
        screen.click(step)
        assert kept(draft).questions[0].name == wording and "Somebody else" not in screen.said()
    assert not screen.field("undo").disabled and not screen.field("redo").disabled


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_takes_the_place_of_all_questions_and_each_mistake_has_its_line(open_editor, draft):
    screen = open_editor(draft)

    def upload(text):
        screen.field("file.in").set_value(("ours.toml", text.encode(), "application/toml")).run()
        assert not screen.app.exception

    upload('title = "Ours"\nmode = "secret"\n[[questions]]\nkey = "Size"\n')
    assert "mistakes" in screen.app.error[0].value
    assert "Line 2, key ‘mode’" in screen.said() and "Line 4, key ‘key’" in screen.said()
    upload('title = "Ours"\n[[questions]]\nkey = "size"\ntopic = "t"\ntype = "number"\ntext = "How large?"\n')
    screen.click("file.use")
    assert kept(draft).title == "Ours" and [q.key for q in kept(draft).questions] == ["size"]
    screen.click("undo")
    assert kept(draft).title == "About leads"


# ── open and closed ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_open_offers_its_texts_only_and_publishes_corrections_with_a_note(
    open_editor, draft, make_person
):
    survey = opened(draft)
    seller = make_person("member", "sales")
    answers.save_answer(acting(seller), survey.id, "question_1", "At once")
    screen = open_editor(survey)
    screen.open("question_1")
    keys = {
        element.key or ""
        for kind in ("text_area", "number_input", "selectbox", "button")
        for element in screen.app.get(kind)
    }
    assert not [
        key for key in keys if key.endswith((".options", ".type", ".ask_if", ".delete", "add.questions"))
    ]
    screen.type("question_1.wording", "When is a lead reddy?")
    screen.type("question_1.wording", "When is a lead ready?")
    assert kept(survey).questions[0].name == "When is it ready?", "nothing is published yet"
    screen.click("undo")
    screen.click("undo")
    assert "No corrections yet" in screen.said()
    screen.type("question_1.wording", "When is a lead ready?")
    screen.press("publish")
    assert "When is a lead ready?" in screen.said()
    screen.app.button(key=f"editor_publish_{survey.id}").click().run()
    screen.look()
    assert "The note is empty" in screen.said()
    screen.press("publish")
    screen.field("note").set_value("A word was wrong.")
    screen.app.button(key=f"editor_publish_{survey.id}").click().run()
    assert kept(survey).questions[0].name == "When is a lead ready?"
    (note,) = questionnaires.list_corrections(acting(seller), survey.id)
    assert note.note == "A word was wrong."
    assert answers.my_progress(acting(seller), survey.id).answers == {"question_1": "At once"}


def test_correcting_begins_in_the_questionnaires_own_language(open_editor, draft):
    changed(draft, edits.add_language(draft.questionnaire, "de"))
    screen = open_editor(draft)
    screen.type("language", "de")
    screen.open("question_1")
    assert screen.field("question_1.de.wording")
    opened(draft)
    screen.look()
    assert screen.field("question_1.wording").value == "When is it ready?"


def test_what_is_closed_is_read_and_copied(open_editor, draft):
    survey = surveys.close_survey(MACHINE, opened(draft).id)
    screen = open_editor(survey)
    assert not [button for button in screen.app.button if button.label.startswith("Edit")]
    assert not screen.app.text_input
    screen.app.button(key=f"editor_copy_{survey.id}").click().run()
    (copy,) = [s for s in surveys.list_surveys(MACHINE) if s.status is SurveyStatus.DRAFT]
    assert "Draft · 1 question" in screen.said() and copy.title == "About leads"


# ── text from people ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_hostile_texts_show_as_they_were_typed(open_editor, draft):
    made = edits.change_head(draft.questionnaire, title=f"{SHORT} title", introduction=HOSTILE)
    made = edits.rename_section(made, "questions", f"{SHORT} heading")
    made = edits.change_question(
        made, "question_1", wording=dict.fromkeys(Team, HOSTILE), help=HOSTILE, title=f"{SHORT} t",
        options=(f"{SHORT} one", f"{SHORT} two"),
    )  # fmt: skip
    made, key = edits.add_question(made, QuestionType.SCALE, "questions")
    made = edits.change_question(made, key, ask_if=Condition("question_1", (f"{SHORT} one",)))
    made, _ = edits.add_section(made, f"{SHORT} other")
    made = edits.add_language(made, "de")
    changed(draft, made)
    screen = open_editor(draft)
    screens = [screen.app]

    def look_at(*places):
        for place in places:
            screen.field(place).click().run()
            assert not screen.app.exception
            assert [text for text in rendered(screen.app) if LIVE.search(text)] == [], place

    assert [text for text in rendered(screens[0]) if LIVE.search(text)] == []
    look_at("open.question_1", "question_1.delete", f"open.{key}", "open.section:questions", "preview")
    screen.type("language", "de")
    look_at("open.question_1")
    made = kept(draft)
    for question in edits.unwritten(made):
        options = (f"{SHORT} one", f"{SHORT} two") if question.options else ()
        made = edits.change_question(
            made, question.key, wording=dict.fromkeys(Team, HOSTILE), options=options
        )
    changed(draft, made)
    survey = surveys.open_survey(MACHINE, draft.id)
    screen = open_editor(survey)
    screen.open("question_1")
    screen.type("question_1.help", f"{HOSTILE} corrected")
    screen.field("publish").click().run()
    assert [text for text in rendered(screen.app) if LIVE.search(text)] == []


def test_a_translated_answer_of_what_is_open_is_refused_in_its_field(open_editor, draft, make_person):
    made = edits.change_question(draft.questionnaire, "question_1", wording=dict.fromkeys(Team, "When?"))
    made = edits.change_question(made, "question_1", options=("Now", "Never"))
    made = edits.translate_question(
        edits.add_language(made, "de"), "question_1", "de", options=("Jetzt", "Nie")
    )
    changed(draft, made)
    screen = open_editor(surveys.open_survey(MACHINE, draft.id))
    screen.type("language", "de")
    screen.open("question_1")
    screen.type("question_1.de.options", "Nie\nJetzt")
    assert "would not be comparable" in screen.app.error[0].value
    screen.type("question_1.de.wording", "Wann?")
    assert screen.field("publish").label == "Publish 2 corrections"  # one for each team
