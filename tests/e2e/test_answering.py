"""Answering in a browser: by keyboard alone, on a second device, in two windows, on the phone, and when it closes."""

import re

import pytest
from all_kinds import GIVEN, open_all_kinds
from browsing import settle
from controls import choose_option, expect_heading, expect_no_error, heading, option_of, press, question_box
from playwright.sync_api import Locator, Page, expect

from actions import answers, clock, surveys
from alignment.people import MACHINE, Actor

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}


def kept(person, survey):
    return answers.my_progress(Actor(person.id, clock.now_text()), survey.id).answers


def saved(page: Page, count: int = 1) -> None:
    """Wait until the screen says so."""
    marks = page.locator("[class*=st-key-answer_mark-]")
    expect(marks.filter(has_text=re.compile("Saved$"))).to_have_count(count)


def go_on(page: Page, wording: str) -> None:
    """Press Next (or Skip) by keyboard and wait for the next question, to which the focus has to go."""
    page.locator(".st-key-answer_next button").focus()
    page.keyboard.press("Enter")
    expect_heading(page, wording)
    settle(page)
    expect(heading(page, wording)).to_be_focused()


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until the control has the focus, as somebody does who has no mouse."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate_all("found => found.includes(document.activeElement)"):
            return
    raise AssertionError(f"{target} is not reached within {most} steps")


def test_every_kind_of_question_is_answered_by_keyboard_alone(portal, add_person, sign_in):
    survey, sol = open_all_kinds(), add_person("Sol Sales")
    page = sign_in(sol, "/answer")
    keys = page.keyboard
    expect_heading(page, "When do you call?")
    settle(page)

    def choose(wording: str, option: str, count: int = 1) -> None:
        tab_to(page, option_of(page, wording, option))
        keys.press("Space")
        expect(option_of(page, wording, option)).to_have_attribute("aria-pressed", "true")
        expect(option_of(page, wording, option)).to_be_focused()
        saved(page, count)
        settle(page)

    choose("When do you call?", "They fit")
    choose(re.compile("^What do you think marketing"), "They have a budget", 2)  # the guess comes after it
    go_on(page, "How much does a budget matter?")
    choose("How much does a budget matter?", "9")
    choose(re.compile("^How much does “What a lead is” matter"), "4", 2)
    go_on(page, "Do you turn private addresses down?")
    choose("Do you turn private addresses down?", "Yes")

    go_on(page, "Why do you turn them down?")
    tab_to(page, page.get_by_role("textbox", name="Why do you turn them down?"))
    keys.type("They never buy.")
    saved(page)

    go_on(page, "Which signals make you call?")
    choose("Which signals make you call?", "Asked for a demo")
    choose("Which signals make you call?", "Started a trial")

    go_on(page, "How far off may the purchase be?")
    tab_to(page, page.get_by_role("spinbutton", name="How far off may the purchase be?"))
    keys.type("6")
    keys.press("Enter")
    saved(page)

    go_on(page, "What matters most?")
    tab_to(page, page.get_by_role("button", name=re.compile("Need$")))
    keys.press("Enter")
    saved(page)
    settle(page)
    tab_to(page, page.get_by_role("button", name=re.compile("Budget$")))
    keys.press("Enter")
    expect(page.get_by_role("button", name="Move up: Budget")).to_be_enabled()
    settle(page)

    go_on(page, "Which definition would you sign?")
    tab_to(page, page.get_by_role("combobox", name="Field"))
    keys.type("Employees")
    keys.press("Enter")
    expect(page.get_by_role("spinbutton", name="Value")).to_be_visible()
    settle(page)
    tab_to(page, page.get_by_role("spinbutton", name="Value"))
    keys.type("50")
    keys.press("Enter")
    expect(page.get_by_text("A lead qualifies if employees is at least 50.")).to_be_visible()
    saved(page)

    go_on(page, "Would you call these leads qualified?")
    for place in (1, 2, 3):
        expect(page.get_by_text(f"Lead {place} of 3 · {place - 1} judged")).to_be_visible()
        settle(page)
        choose("Would you call these leads qualified?", "Qualified")
        expect(page.get_by_text(f"Lead {place} of 3 · {place} judged")).to_be_visible()
        settle(page)
        if place < 3:
            tab_to(page, page.get_by_role("button", name=re.compile("^Next lead")))
            keys.press("Enter")

    go_on(page, "What do you wish for?")
    tab_to(page, page.get_by_role("textbox", name="What do you wish for?"))
    keys.type("More context")
    saved(page)
    page.locator(".st-key-answer_next button").focus()
    keys.press("Enter")
    expect(heading(page, "Ready to submit")).to_be_focused()
    tab_to(page, page.get_by_role("button", name=re.compile("Submit my answers")))
    keys.press("Enter")
    expect_heading(page, "Thank you. Your answers are in.")

    found = answers.my_progress(Actor(sol.id, clock.now_text()), survey.id)
    assert found.submitted
    assert dict(found.answers) == {
        **GIVEN,
        "order": ["Need", "Budget"],
        "cards": {str(number): {"verdict": "qualified"} for number in (1, 2, 3)},
    }
    expect_no_error(page)


def test_one_goes_on_where_one_stopped_on_another_device(portal, add_person, sign_in):
    open_all_kinds()
    sol = add_person("Sol Sales")
    desk = sign_in(sol, "/answer")
    choose_option(desk, "When do you call?", "They fit")
    saved(desk)
    desk.locator(".st-key-answer_next button").click()
    expect_heading(desk, "How much does a budget matter?")
    choose_option(desk, "How much does a budget matter?", "9")
    saved(desk)

    phone = sign_in(sol, "/answer", **PHONE)
    expect_heading(phone, "How much does a budget matter?")
    nine = option_of(phone, "How much does a budget matter?", "9")
    expect(nine).to_have_attribute("aria-pressed", "true")
    phone.locator(".st-key-answer_back button").click()
    expect_heading(phone, "When do you call?")


def test_the_later_of_two_windows_is_told_and_loses_nothing(portal, add_person, sign_in):
    survey = open_all_kinds()
    sol = add_person("Sol Sales")
    first = sign_in(sol, f"/answer?survey={survey.id}&at=wish")
    second = first.context.new_page()
    second.goto(first.url)
    wish = "What do you wish for?"
    expect_heading(second, wish)
    settle(second)
    first.get_by_role("textbox", name=wish).fill("A call back")
    saved(first)
    second.get_by_role("textbox", name=wish).fill("More context")
    expect(second.get_by_text(re.compile("differently in another window"))).to_be_visible()
    expect(second.get_by_text("A call back")).to_be_visible()
    expect(second.get_by_role("textbox", name=wish)).to_have_value("More context")
    assert kept(sol, survey)["wish"] == "A call back"
    press(second, "Keep mine")
    saved(second)
    assert kept(sol, survey)["wish"] == "More context"

    first.get_by_role("textbox", name=wish).fill("Neither")
    expect(first.get_by_text(re.compile("differently in another window"))).to_be_visible()
    press(first, "Keep the other")
    expect(first.get_by_role("textbox", name=wish)).to_have_value("More context")
    saved(first)
    assert kept(sol, survey)["wish"] == "More context"


def test_closing_while_someone_writes_is_told_with_what_was_written(portal, add_person, sign_in):
    survey = open_all_kinds()
    sol = add_person("Sol Sales")
    page = sign_in(sol, f"/answer?survey={survey.id}&at=wish")
    field = page.get_by_role("textbox", name="What do you wish for?")
    expect(field).to_be_visible()
    settle(page)
    surveys.close_survey(MACHINE, survey.id)
    field.fill("A call back")
    expect(page.get_by_text(re.compile("What you had submitted counts"))).to_be_visible()
    expect(page.get_by_text("This was not saved any more")).to_be_visible()
    expect(page.get_by_text("A call back")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


def test_what_was_typed_last_is_saved_by_a_click_on_next(portal, add_person, sign_in):
    survey = open_all_kinds()
    sol = add_person("Sol Sales")
    answers.save_answer(Actor(sol.id, clock.now_text()), survey.id, "private", True)
    page = sign_in(sol, f"/answer?survey={survey.id}&at=why")
    field = page.get_by_role("textbox", name="Why do you turn them down?")
    expect(field).to_be_visible()
    settle(page)
    field.press_sequentially("They never buy.", delay=5)
    page.locator(".st-key-answer_next button").click()
    expect_heading(page, "Which signals make you call?")
    assert kept(sol, survey)["why"] == "They never buy."


def test_every_step_fits_a_phone(portal, add_person, sign_in):
    survey = open_all_kinds()
    sol = add_person("Sol Sales")
    for key, value in GIVEN.items():
        answers.save_answer(Actor(sol.id, clock.now_text()), survey.id, key, value)
    page = sign_in(sol, f"/answer?survey={survey.id}&at=kind", **PHONE)
    for asked in survey.questionnaire.asked(GIVEN):
        if asked.key.startswith(("guess:", "importance:")):
            continue
        expect_heading(page, asked.wording[sol.team])
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, asked.key
        inner = page.evaluate(
            "(main => main.scrollWidth - main.clientWidth)(document.querySelector('[data-testid=stMain]'))"
        )
        assert inner <= 0, asked.key
        page.locator(".st-key-answer_next button").click()
    expect_heading(page, "Ready to submit")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def still_saved(page: Page) -> None:
    """The word stands there to be read: the script beside the screen hides it while something is not confirmed."""
    settle(page)
    expect(page.locator("[class*=st-key-answer_mark-]").get_by_text("Saved")).to_be_visible(timeout=5_000)


def test_a_number_confirmed_with_enter_is_said_to_be_saved_and_stays_so(portal, add_person, sign_in):
    survey = open_all_kinds()
    sol = add_person("Sol Sales")
    months = "How far off may the purchase be?"
    page = sign_in(sol, f"/answer?survey={survey.id}&at=months", **PHONE)
    field = page.get_by_role("spinbutton", name=months)
    expect(field).to_be_visible()
    settle(page)
    field.press_sequentially("20", delay=30)
    field.press("Enter")
    still_saved(page)
    assert kept(sol, survey)["months"] == 20
    field.press("Tab")
    settle(page)
    still_saved(page)
    field.press_sequentially("5", delay=30)
    field.press("Backspace")  # back to what is kept
    field.press("Enter")
    settle(page)
    still_saved(page)
    page.reload()
    expect(field).to_have_value("20")
    still_saved(page)


def test_a_refused_number_is_in_view_and_next_does_not_pass_it_without_a_word(portal, add_person, sign_in):
    survey = open_all_kinds()
    months = "How far off may the purchase be?"
    page = sign_in(add_person("Sol Sales"), f"/answer?survey={survey.id}&at=months", **PHONE)
    field = page.get_by_role("spinbutton", name=months)
    expect(field).to_be_visible()
    settle(page)
    field.fill("99")
    # leaving the field commits it, and the click goes on in the same moment: before the script beside the screen commits it
    page.locator(".st-key-answer_next button").evaluate(
        "button => { document.activeElement.blur(); button.click() }"
    )
    refusal = page.get_by_text("Not saved.")
    expect(refusal).to_be_visible()
    settle(page)
    expect_heading(page, months)
    expect(refusal).to_be_in_viewport()
    expect(page.get_by_text("An answer on this page is not kept.")).to_be_visible()
    cannot = question_box(page, months).get_by_role("button", name="Can't say")
    assert refusal.bounding_box()["y"] < cannot.bounding_box()["y"]
    page.locator(".st-key-answer_next button").click()
    expect_heading(page, "What matters most?")


def test_the_next_lead_is_shown_from_its_top_and_a_verdict_moves_nothing(portal, add_person, sign_in):
    survey = open_all_kinds()
    page = sign_in(add_person("Sol Sales"), f"/answer?survey={survey.id}&at=cards", **PHONE)
    asked = "Would you call these leads qualified?"
    expect(page.get_by_text("Lead 1 of 3 · 0 judged")).to_be_visible()
    settle(page)
    parts = [option_of(page, asked, name) for name in ("Qualified", "Not qualified", "Can't tell")]
    parts += [page.get_by_label("Why? (optional)"), page.get_by_role("button", name=re.compile("^Next lead"))]

    def places() -> list[dict]:
        top = page.get_by_text(re.compile("Lead 1 of 3")).bounding_box()["y"]
        return [{**(box := part.bounding_box()), "y": box["y"] - top} for part in parts]

    before = places()
    choose_option(page, asked, "Not qualified")
    settle(page)
    assert places() == before
    parts[-1].click()
    top = page.get_by_text(re.compile("Lead 2 of 3"))
    expect(top).to_be_in_viewport()
    settle(page)
    header = page.get_by_test_id("stHeader").bounding_box()
    assert header["y"] + header["height"] <= top.bounding_box()["y"] < 200
    expect(page.get_by_role("group", name=re.compile("Lead 2 of 3"))).to_be_focused()


def test_changing_an_answer_of_a_section_shows_its_wording_beneath_the_header(portal, add_person, sign_in):
    survey = open_all_kinds(('pace = "question"', 'pace = "section"'))
    sol = add_person("Sol Sales")
    for key, value in GIVEN.items():
        answers.save_answer(Actor(sol.id, clock.now_text()), survey.id, key, value)
    page = sign_in(sol, f"/answer?survey={survey.id}&at=review", **PHONE)
    expect_heading(page, "Ready to submit")
    settle(page)
    page.locator(".st-key-answer_jump_budget button").click()
    wording = heading(page, "How much does a budget matter?")
    expect(wording).to_be_in_viewport()
    settle(page)
    header = page.get_by_test_id("stHeader").bounding_box()
    mark = question_box(page, "How much does a budget matter?").get_by_text(re.compile(r"^\d+ of \d+"))
    assert header["y"] + header["height"] <= mark.bounding_box()["y"]
    expect(wording).to_be_focused()


def test_no_hint_asks_for_a_key_that_nobody_needs(portal, add_person, sign_in):
    survey = open_all_kinds()
    page = sign_in(add_person("Sol Sales"), f"/answer?survey={survey.id}&at=wish")
    field = page.get_by_role("textbox", name="What do you wish for?")
    expect(field).to_be_visible()
    settle(page)
    field.press_sequentially("A call", delay=20)
    settle(page)
    expect(page.get_by_text(re.compile(r"^Press .*Enter to apply$"))).to_be_hidden()
    expect(page.get_by_text("6/2000")).to_be_hidden()
    field.fill("x" * 1_990)
    expect(page.get_by_text("1990/2000")).to_be_visible()
