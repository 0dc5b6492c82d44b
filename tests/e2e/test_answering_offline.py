"""Nothing typed is lost: not when the connection drops, not when the server dies, not by loading the page again."""

import re
import signal

import pytest
from all_kinds import open_all_kinds
from browsing import fill_in_sign_in, settle, until
from controls import expect_no_error
from playwright.sync_api import Page, expect

from actions import answers, clock
from alignment.people import Actor
from db.queries import sign_ins
from db.store import store

pytestmark = pytest.mark.browser

WISH, MONTHS = "What do you wish for?", "How far off may the purchase be?"


@pytest.fixture
def survey():
    return open_all_kinds()


@pytest.fixture
def sol(add_person):
    return add_person("Sol Sales")


def kept(person, survey, key):
    return answers.my_progress(Actor(person.id, clock.now_text()), survey.id).answers.get(key)


def saved(page: Page):
    return page.locator("[class*=st-key-answer_mark-]").get_by_text(re.compile("Saved$"))


def banner(page: Page):
    return page.get_by_test_id("connection")


def opened(sign_in, sol, survey, at, name):
    page = sign_in(sol, f"/answer?survey={survey.id}&at={at}")
    field = page.get_by_label(name, exact=True).first
    expect(field).to_be_visible()
    settle(page)
    return page, field


def test_text_is_kept_a_moment_after_the_last_key_and_not_called_saved_before(portal, sign_in, sol, survey):
    page, field = opened(sign_in, sol, survey, "wish", WISH)
    field.press_sequentially("More")
    expect(saved(page)).to_be_visible()
    assert kept(sol, survey, "wish") == "More"
    expect(field).to_be_focused()
    field.press_sequentially(" context")
    expect(saved(page)).not_to_be_visible()
    expect(saved(page)).to_be_visible()
    assert kept(sol, survey, "wish") == "More context"
    expect(field).to_have_value("More context")
    expect(field).to_be_focused()


def test_while_there_is_no_connection_the_page_says_so_and_saves_afterwards(portal, sign_in, sol, survey):
    page, field = opened(sign_in, sol, survey, "wish", WISH)
    page.context.set_offline(True)
    field.press_sequentially("Typed in a tunnel")
    expect(banner(page)).to_contain_text("No connection. Keep this page open")
    expect(saved(page)).to_have_count(0)
    assert kept(sol, survey, "wish") is None
    page.context.set_offline(False)
    expect(banner(page)).to_contain_text("Connected again")
    expect(saved(page)).to_be_visible()
    assert kept(sol, survey, "wish") == "Typed in a tunnel"
    expect(field).to_have_value("Typed in a tunnel")


@pytest.mark.parametrize(
    ("at", "name", "typed", "value"),
    [("wish", WISH, "Half a sen", "Half a sen"), ("months", MONTHS, "7", 7.0)],
)
def test_what_stands_in_a_field_when_the_server_is_killed_is_saved_when_it_is_back(
    portal, sign_in, sol, survey, at, name, typed, value
):
    page, field = opened(sign_in, sol, survey, at, name)
    field.press_sequentially(typed)
    portal.stop(signal.SIGKILL)
    expect(banner(page)).to_contain_text("No connection")
    portal.start()
    expect(banner(page)).to_contain_text("Connected again")
    expect(saved(page)).to_be_visible()
    assert kept(sol, survey, at) == value
    expect(field).to_have_value(typed)
    expect(page.get_by_text("Is Streamlit still running?")).to_have_count(0)
    expect_no_error(page)


def test_what_was_typed_in_the_last_moment_is_there_after_loading_the_page_again(
    portal, sign_in, sol, survey
):
    page, field = opened(sign_in, sol, survey, "months", MONTHS)
    field.press_sequentially("8")
    page.reload()
    expect(field).to_have_value("8")
    expect(saved(page)).to_be_visible()
    until(page, lambda: kept(sol, survey, "months") == 8.0)


def test_an_answer_given_elsewhere_is_not_overwritten_by_what_was_left_in_a_field(
    portal, sign_in, sol, survey
):
    page, field = opened(sign_in, sol, survey, "wish", WISH)
    page.context.set_offline(True)
    field.press_sequentially("Mine")
    expect(banner(page)).to_contain_text("No connection")
    portal.stop(signal.SIGKILL)
    portal.start()
    answers.save_answer(Actor(sol.id, clock.now_text()), survey.id, "wish", "From my phone")
    page.context.set_offline(False)
    expect(banner(page)).to_contain_text("You had typed here: “Mine”")
    expect(field).to_have_value("From my phone")
    assert kept(sol, survey, "wish") == "From my phone"
    banner(page).get_by_role("button", name="Put mine back").click()
    expect(field).to_have_value("Mine")
    until(page, lambda: kept(sol, survey, "wish") == "Mine")


def memory(page: Page):
    return page.evaluate("JSON.stringify(sessionStorage)")


@pytest.mark.parametrize("way", ["signs out", "is signed out"])
def test_nothing_typed_is_left_in_the_tab_for_whoever_signs_in_next(
    portal, sign_in, sol, add_person, survey, way
):
    page, field = opened(sign_in, sol, survey, "wish", WISH)
    page.context.set_offline(True)
    field.press_sequentially("Between us")
    expect(banner(page)).to_be_visible()
    assert "Between us" in memory(page)
    if way == "signs out":
        page.context.set_offline(False)
        expect(saved(page)).to_be_visible()
        field.press_sequentially(", really")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "Between us" not in memory(page)
    else:
        session_ends(sol)
        page.context.set_offline(False)
    page.goto(f"{portal.url}/answer?survey={survey.id}&at=wish")
    bea = add_person("Bea Braun", team="marketing")
    fill_in_sign_in(page, bea.email)
    expect(field).to_have_value("")
    settle(page)
    until(page, lambda: "Between us" not in memory(page))
    assert kept(bea, survey, "wish") is None


def session_ends(person):
    store().write(lambda connection: sign_ins.end_sessions(connection, person.id, clock.now_text()))
