"""Writing a questionnaire in a browser: several types, a condition, a guess; previewed, undone, opened, put right."""

import re

import pytest
from browsing import settle, until
from controls import choose, confirm, expect_heading, expect_no_error, press
from playwright.sync_api import Locator, Page, expect

from actions import questionnaires, surveys
from alignment.people import MACHINE, Team
from alignment.questionnaires import Condition, Mode, QuestionType
from alignment.surveys import SurveyStatus

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}


def write(page: Page, label: str, text: str) -> None:
    """Write into a field and leave it, which keeps it."""
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.blur()
    settle(page)


def add(page: Page, kind: str, number: int) -> None:
    """Add a question of a type at the end of the only section, and wait until it is open."""
    press(page, "Add a question")
    page.get_by_role("dialog").get_by_role("button", name=re.compile(kind)).click()
    expect(page.get_by_text(f"Question {number} · {kind}")).to_be_visible()
    settle(page)


def tab_to(page: Page, target: Locator, most: int = 15) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("found => found === document.activeElement"):
            return
    raise AssertionError(f"not reached within {most} steps")


def kept(survey_id: str):
    return surveys.read_survey(MACHINE, survey_id).questionnaire


def test_a_facilitator_writes_previews_undoes_opens_and_corrects_a_questionnaire(portal, add_person, sign_in):
    fay = add_person("Fay Facilitator", "facilitator", None)
    add_person("Sven Seller"), add_person("Mona Market", team="marketing")
    page = sign_in(fay, "/questionnaires")
    page.get_by_role("radiogroup", name="Begin with").get_by_text("A blank questionnaire").click()
    settle(page)
    page.get_by_label("Title").fill("What we call ready")
    press(page, "Prepare")
    expect_heading(page, "What we call ready")
    expect(page.get_by_text("1 question still to be written.")).to_be_visible()
    press(page, "Edit the questions")
    expect(page.get_by_text("Every change is saved at once.")).to_be_visible()
    settle(page)
    (survey,) = surveys.list_surveys(MACHINE)

    # a choice in each team's own words, with a guess
    press(page, "Edit 1")
    page.get_by_text("Each team in its own words").click()
    write(page, "Question for sales", "When do you call?")
    write(page, "Question for marketing", "When do you hand a lead over?")
    write(page, "Answers, one in each line", "They fit\nThey asked\nNever")
    page.get_by_text("Also ask what the other team mostly answers").click()
    until(page, lambda: kept(survey.id).questions[0].guess)
    first = kept(survey.id).questions[0]
    assert first.options == ("They fit", "They asked", "Never")
    assert first.wording == {Team.SALES: "When do you call?", Team.MARKETING: "When do you hand a lead over?"}

    # a scale, and a number that is asked only of those who answered in one way
    add(page, "Scale", 2)
    write(page, "Question", "How sure are you?")
    add(page, "Number", 3)
    write(page, "Question", "How many hours later?")
    write(page, "Unit", "hours")
    choose(page, "Who is asked?", "Depends on 1: When do you call?")
    expect(page.get_by_text("Only if the answer is")).to_be_visible()
    number = kept(survey.id).questions[2]
    assert number.type is QuestionType.NUMBER and number.unit == "hours"
    assert number.ask_if == Condition("question_1", ("They fit",))

    # what cannot be kept stays where it was typed, and says why
    press(page, "Edit 1")
    expect(page.get_by_text("Question 1 ·")).to_be_visible()
    settle(page)
    write(page, "Answers, one in each line", "Only one")
    expect(page.get_by_text("Not saved. Give at least two answers.")).to_be_visible()
    write(page, "Answers, one in each line", "They fit\nThey asked\nNever")
    expect(page.get_by_text("Not saved. Give at least two answers.")).to_have_count(0)

    # deleting says what it costs; undo brings it back
    press(page, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 other question loses its condition")).to_be_visible()
    confirm(page, "Delete")
    until(page, lambda: len(kept(survey.id).questions) == 2)
    settle(page)
    press(page, "Undo")
    until(page, lambda: len(kept(survey.id).questions) == 3)
    assert kept(survey.id).questions[2].ask_if == Condition("question_1", ("They fit",))
    settle(page)

    # the preview as either team; the guess stands behind its question
    press(page, "Preview")
    expect(dialog.get_by_role("heading", name="When do you call?", exact=True)).to_be_visible()
    dialog.get_by_role("radio", name="Marketing").click()
    expect(dialog.get_by_role("heading", name="When do you hand a lead over?", exact=True)).to_be_visible()
    expect(
        dialog.get_by_role("heading", name=re.compile("What do you think sales mostly answers"))
    ).to_be_visible()
    expect(dialog.get_by_text("Asked only if")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect_no_error(page)

    # what was written is there after a reload, and is opened
    page.reload()
    expect(page.get_by_text("How many hours later?")).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Back to the questionnaire").click()
    expect(page.get_by_role("button", name="Edit the questions")).to_be_visible()
    settle(page)
    press(page, "Open")
    confirm(page, "Open for both teams")
    until(page, lambda: surveys.read_survey(MACHINE, survey.id).status is SurveyStatus.OPEN)
    settle(page)

    # while it is open, a typing error is put right with a note
    page.get_by_role("radio", name="Questions").click()
    press(page, "Correct texts")
    expect(page.get_by_text("No corrections yet")).to_be_visible()
    settle(page)
    press(page, "Edit 2")
    expect(page.get_by_text("Question 2 ·")).to_be_visible()
    settle(page)
    write(page, "Question", "How sure are you of that?")
    press(page, "Publish 1 correction")
    dialog.get_by_label("Note to everybody who answers").fill("‘Of that’ was missing.")
    confirm(page, "Publish")
    until(page, lambda: kept(survey.id).questions[1].name == "How sure are you of that?")
    (note,) = questionnaires.list_corrections(MACHINE, survey.id)
    assert note.note == "‘Of that’ was missing."
    expect_no_error(page)


def test_two_windows_and_a_phone_write_the_same_draft_and_lose_nothing(portal, add_person, sign_in):
    fay = add_person("Fay Facilitator", "facilitator", None)
    draft = questionnaires.prepare_blank(MACHINE, "Two at once")
    desk = sign_in(fay, f"/editor?survey={draft.id}")
    phone = sign_in(fay, f"/editor?survey={draft.id}", **PHONE)
    for page in (desk, phone):
        press(page, "Edit 1")
        expect(page.get_by_label("Question", exact=True)).to_be_visible()
        settle(page)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    write(desk, "Question", "From the desk?")
    write(phone, "Help beneath the question", "From the phone.")
    expect(phone.get_by_text("Somebody else changed this questionnaire")).to_be_visible()
    expect(phone.get_by_label("Help beneath the question")).to_have_value("From the phone.")
    press(phone, "Save mine on top")
    until(phone, lambda: kept(draft.id).questions[0].help == "From the phone.")
    assert kept(draft.id).questions[0].name == "From the desk?"
    settle(phone)
    expect(phone.get_by_label("Question", exact=True)).to_have_value("From the desk?")


def test_the_editor_is_used_by_keyboard(portal, add_person, sign_in):
    fay = add_person("Fay Facilitator", "facilitator", None)
    draft = questionnaires.prepare_blank(MACHINE, "By keyboard")
    page = sign_in(fay, f"/editor?survey={draft.id}")
    page.locator("summary").filter(has_text="Title, introduction, privacy").focus()
    page.keyboard.press("Enter")
    privacy = page.get_by_role("radiogroup", name="Privacy")
    expect(privacy).to_be_visible()
    privacy.get_by_role("radio", name="Confidential").focus()
    page.keyboard.press("ArrowDown")
    until(page, lambda: kept(draft.id).mode is Mode.ANONYMOUS)
    settle(page)
    page.get_by_role("button", name="Edit 1").focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("Question", exact=True)
    expect(field).to_be_visible()
    settle(page)
    field.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Typed?")
    page.keyboard.press("Tab")
    until(page, lambda: kept(draft.id).questions[0].name == "Typed?")
    settle(page)
    page.get_by_role("button", name="Add a question").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=re.compile("One choice"))).to_be_visible()
    settle(page)
    tab_to(page, dialog.get_by_role("button", name=re.compile("Scale")))
    page.keyboard.press("Enter")
    until(page, lambda: len(kept(draft.id).questions) == 2)
    assert kept(draft.id).questions[1].type is QuestionType.SCALE
    expect_no_error(page)
