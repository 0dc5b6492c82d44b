"""What people typed or uploaded does nothing in a browser: no dialog, no script, no request to elsewhere."""

from itertools import pairwise, zip_longest

import pytest
from browsing import PASSWORD, go, settle
from controls import expect_no_error
from hostile import fill_store, write_leads
from playwright.sync_api import expect

from actions import people, surveys
from alignment.people import MACHINE, Role, Team
from alignment.surveys import SurveyStatus
from components.navigation import screens_for

pytestmark = pytest.mark.browser
ELSEWHERE = "img[src*='evil'], image[href*='evil'], iframe, form[action*='evil']"
# Streamlit's own file of a table, in which a cell such as =1+1 would be a formula
TABLE_AS_IT_IS = "[data-testid=stElementToolbar] [aria-label^='Download as CSV']"
# a link within the portal may name in its query what somebody typed
LINKS_ELSEWHERE = """[...document.querySelectorAll('a[*|href*=evil]')]
    .filter(link => link.origin !== location.origin).map(link => link.outerHTML)"""


def make_person(role, team, name):
    number = len(people.list_people(MACHINE))
    return people.add_person(
        MACHINE, name, f"{number}@example.com", Team(team) if team else None, Role(role)
    ).person


def open_everything(page):
    """Open every part that is folded away, so that what it holds is on the screen too."""
    parts = page.get_by_test_id("stExpander")
    for number in range(parts.count()):
        part = parts.nth(number).locator("details")
        if part.get_attribute("open") is None:
            part.locator("summary").click()
            expect(part).to_have_attribute("open", "")
            settle(page)


def test_every_page_of_a_store_full_of_hostile_text_shows_it_as_text(portal, sign_in, tmp_path):
    company = fill_store(make_person, tmp_path)
    facilitator = company["facilitator"]
    people.set_password(MACHINE, facilitator.id, PASSWORD)
    page = sign_in(facilitator)
    dialogs, elsewhere = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.context.on("request", lambda sent: elsewhere.append(sent.url) if is_elsewhere(sent.url) else None)
    page.context.on("page", lambda opened: elsewhere.append(opened.url))

    def is_elsewhere(url):
        return not url.startswith((portal.url, portal.url.replace("http", "ws"), "data:", "blob:"))

    def look():
        settle(page)
        assert page.title() != "x", page.url
        assert page.locator(ELSEWHERE).count() == 0, page.url
        assert page.evaluate(LINKS_ELSEWHERE) == [], page.url
        assert page.locator(TABLE_AS_IT_IS).count() == 0, page.url
        assert (dialogs, elsewhere) == ([], []), page.url
        expect_no_error(page)

    seen = ""
    closed = next(one for one in surveys.list_surveys(MACHINE) if one.status is SurveyStatus.CLOSED)
    asked = [question.key for question in closed.questionnaire.questions]
    screens = [
        ("" if screen.is_home else screen.address, screen.title) for screen in screens_for(Role.FACILITATOR)
    ]
    others = [(f"compared?survey={closed.id}&question={key}", "Question") for key in asked]
    others += [("definition?term=sal", "Definition"), ("definition?term=sal&version=1", "Definition")]
    # a screen of another name between two of the same, so that its name tells that it has come
    order = [one for pair in zip_longest(screens, others) for one in pair if one]
    assert all(one[1] != following[1] for one, following in pairwise(order))
    for path, title in order:
        go(page, f"/{path}")
        expect(page).to_have_title(f"{title} · Concord")
        settle(page)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        open_everything(page)
        look()
        seen += page.get_by_test_id("stMain").inner_text()
    assert "<script>" in seen and "<form action" in seen and "![i](https://evil.io/s)" in seen

    # a file whose columns have hostile names, up to the report
    page.goto(f"{portal.url}/bring_in")
    page.locator("input[type=file]").set_input_files(write_leads(tmp_path / "more.csv", 3))
    column = page.get_by_role("combobox", name="What id means")
    expect(column).to_be_visible()
    page.get_by_text("Left out (1)", exact=True).click()
    expect(page.get_by_role("combobox")).to_have_count(2)
    look()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("Nothing has been kept yet")).to_be_visible()
    look()
    # the fixtures add: no violation of the content policy in any console, no warning in the server's log
