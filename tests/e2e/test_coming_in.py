"""Setting up, coming in and leaving, in a real browser."""

from contextlib import closing

import pytest
from browsing import PASSWORD, fill_in_sign_in, kept_sign_ins, settle, settle_signed_in
from controls import expect_heading, expect_no_error, heading
from playwright.sync_api import expect
from raw_client import RawClient

from actions import people
from alignment.people import MACHINE, Role, Team
from components.navigation import screens

pytestmark = pytest.mark.browser


def test_nobody_is_sent_anything_of_a_screen_before_signing_in(portal, add_person):
    add_person("Ada Admin", "admin", None)
    for screen in screens():
        with closing(RawClient(portal.url)) as client:
            text = client.run("" if screen.is_home else screen.address)
        assert client.headings == ["Sign in"], screen.path
        assert "Sign out" not in text and "Ada" not in text, screen.path
        assert text.count("app_pages {") == text.count("is_hidden: true") > 0, screen.path


def test_on_a_fresh_server_a_deep_link_shows_nothing_before_signing_in_and_survives_it(
    portal, add_person, new_context
):
    ada = add_person("Ada Admin", "admin", None)
    context = new_context()
    page = context.new_page()
    for address in ("people", "glossary", ""):
        page.goto(f"{portal.url}/{address}")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        settle(page)
        assert page.get_by_role("heading").all_inner_texts() == ["Sign in"], address
        assert page.get_by_role("dialog").count() == 0, address
        assert page.get_by_test_id("stSidebarNav").count() == 0, address
    page.goto(portal.url + "/account")
    fill_in_sign_in(page, ada.email)
    expect_heading(page, "Account")
    for _ in range(2):
        page.reload()
        expect_heading(page, "Account")
        settle(page)
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert cookies["concord_session"]["httpOnly"] and cookies["concord_session"]["sameSite"] == "Strict"
    assert "concord_sign_in" not in cookies


def test_signing_out_ends_the_session_in_every_tab_and_browser_and_one_can_come_back(
    portal, add_person, sign_in
):
    ada = add_person("Ada Admin", "admin", None)
    page, elsewhere = sign_in(ada, "/account"), sign_in(ada, "/account")
    page.reload()  # from here on the browser holds the cookie that scripts cannot reach
    expect_heading(page, "Account")
    tab = page.context.new_page()
    tab.goto(portal.url + "/account")
    expect_heading(tab, "Account")
    kept = [cookie for cookie in page.context.cookies() if cookie["name"] == "concord_session"]

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out")).to_be_visible()
    for other in (tab, elsewhere):
        other.get_by_role("button", name="Save name").click()
        expect(other.get_by_role("button", name="Sign in")).to_be_visible()
        expect(heading(other, "Account")).not_to_be_attached()
    page.context.add_cookies(kept)  # a copy kept by somebody
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()

    settle(page)
    fill_in_sign_in(page, ada.email)
    page.reload()
    expect_heading(page, "Account")
    settle(page)
    page.reload()
    expect_heading(page, "Account")


def test_another_person_can_sign_in_at_the_same_browser(portal, add_person, sign_in):
    ada, bea = add_person("Ada Admin", "admin", None), add_person("Bea Braun")
    page = sign_in(ada)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out")).to_be_visible()
    settle(page)
    fill_in_sign_in(page, bea.email)
    page.reload()
    expect(page.get_by_text("Bea Braun")).to_be_visible()
    expect(page.get_by_text("Ada Admin")).not_to_be_attached()
    expect(page.get_by_role("link", name="People")).not_to_be_attached()


def test_five_failures_lock_the_name_in_every_browser_and_after_a_restart(portal, add_person, new_context):
    ada = add_person("Ada Admin", "admin", None)
    browsers = [new_context().new_page() for _ in range(2)]
    for number in range(5):
        page = browsers[number % 2]
        page.goto(portal.url)
        page.get_by_label("E-mail").fill(ada.email)
        page.get_by_label("Password", exact=True).fill(f"wrong {number}")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("is not right")).to_be_visible()
    portal.stop()
    portal.start()
    page = new_context().new_page()
    page.goto(portal.url)
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Please try again in 15 minutes")).to_be_visible()


def test_a_restart_of_the_server_keeps_people_signed_in_and_what_they_typed(portal, add_person, sign_in):
    page = sign_in(add_person("Ada Admin", "admin", None), "/account")
    page.reload()
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    portal.stop()
    portal.start()
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ada Lovelace")


def test_access_taken_away_ends_the_open_page_by_itself_where_it_refreshes(portal, add_person, sign_in):
    add_person("Ada Admin", "admin", None)
    lead = add_person("Lena Lead", "team_lead")
    page = sign_in(lead, "/metrics")
    expect_heading(page, "Metrics")
    people.end_access(MACHINE, lead.id)
    expect(page.get_by_text("sign in").first).to_be_visible(timeout=15_000)  # a fragment, five seconds later


def test_the_first_start_leads_from_the_log_to_the_administrator_and_on_to_a_colleague(portal, new_context):
    page = new_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto(portal.url + "/glossary")
    expect_heading(page, "Set up Concord")
    expect(page.get_by_text("server's log")).to_be_visible()
    page.goto(portal.setup_link())
    page.get_by_label("Your name").fill("Ada Admin")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create and sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()  # it goes on by itself
    settle_signed_in(page)
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.get_by_role("link", name="People").click()
    expect_heading(page, "People")
    page.get_by_label("Name", exact=True).fill("Bea Braun")
    page.get_by_label("E-mail").fill("bea@example.com")
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.get_by_test_id("stCode").locator("code").inner_text().strip()
    assert link.startswith(f"{portal.url}/sign-in/")

    theirs = new_context(viewport={"width": 360, "height": 740}).new_page()
    theirs.goto(link)
    expect(theirs.get_by_text("Hello Bea")).to_be_visible()
    theirs.reload()  # looking again does not use it up
    theirs.get_by_label("Password", exact=True).fill(PASSWORD)
    theirs.get_by_label("Password again").fill(PASSWORD)
    theirs.get_by_role("button", name="Come in").click()
    expect(theirs.get_by_role("button", name="Sign out")).to_be_attached()
    settle_signed_in(theirs)
    theirs.reload()
    expect(theirs.get_by_role("button", name="Sign out")).to_be_attached()
    settle(theirs)
    assert theirs.evaluate("document.documentElement.scrollWidth") <= 360
    again = new_context().new_page()
    again.goto(link)
    expect(again.get_by_text("does not work any more")).to_be_visible()


def test_a_double_click_lets_an_invited_person_in_and_changes_a_password_once(portal, new_context):
    added = people.add_person(MACHINE, "Bea Braun", "bea@example.com", Team.SALES, Role.MEMBER)
    page = new_context().new_page()
    page.goto(f"{portal.url}/welcome?token={added.token}")
    settle(page)
    for label in ("Password", "Password again"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Come in").dblclick(delay=60)
    expect_heading(page, "Hello, Bea")
    settle_signed_in(page)

    page.goto(f"{portal.url}/account")
    expect_heading(page, "Password")
    settle(page)
    kept = kept_sign_ins(page)
    page.get_by_label("Old password", exact=True).fill(PASSWORD)
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill("correct horse battery two")
    page.get_by_role("button", name="Change password").dblclick(delay=60)
    expect(page.get_by_text("Password changed. You stay signed in here")).to_be_visible()
    settle_signed_in(page, kept)
    page.reload()
    expect_heading(page, "Password")
    expect_no_error(page)
