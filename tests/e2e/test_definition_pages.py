"""A link to one version survives signing in; what changed is told in words and leads; the public page needs no sign-in."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from browsing import fill_in_sign_in, settle
from playwright.sync_api import expect

from actions import agreement_documents, clock, definitions
from alignment.people import MACHINE, Actor
from tests.lead_histories import History

pytestmark = pytest.mark.browser


def rule(size):
    return {"version": 1, "all": [{"field": "employees", "op": ">=", "value": size}]}


def agree(facilitator, leads, text, size):
    version = definitions.draft(facilitator, "mql", text, rule(size))
    definitions.propose(facilitator, version)
    content = next(entry.open for entry in definitions.read_glossary(facilitator) if entry.open).content_hash
    for lead in leads:
        definitions.sign(lead, version, content)


@pytest.fixture
def agreed(data_folder):
    """Ten leads of 10 to 100 employees, every other one won."""
    history = History()
    for number in range(1, 11):
        came = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=number)
        history.lead(f"L{number}", employees=float(10 * number))
        history.enter(f"L{number}", "mql", came)
        history.enter(f"L{number}", "won" if number % 2 else "lost", came + timedelta(days=9))
    history.load()


def test_a_permanent_link_and_what_changed(agreed, portal, add_person, new_context):
    facilitator = add_person("Fay Facilitator", "facilitator", None)
    leads = [
        add_person("Sol Sales", "team_lead", "sales"),
        add_person("Mara Market", "team_lead", "marketing"),
    ]
    member = add_person("Mona Member")
    acting = [Actor(person.id, clock.now_text()) for person in (facilitator, *leads)]
    agree(acting[0], acting[1:], "Ten people or more.", 10)
    agree(acting[0], acting[1:], "Fifty people or more.", 50)

    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{portal.url}/definition?term=mql&version=1")
    fill_in_sign_in(page, member.email)
    expect(page.get_by_text("In force now is MQL v2.")).to_be_visible()
    expect(page.get_by_text("Ten people or more.", exact=True)).to_be_visible()
    assert "version=1" in page.url

    page.get_by_role("link", name="See what is in force").click()
    expect(page.get_by_text("MQL v2 is agreed, in force since")).to_be_visible()
    expect(page.locator("del", has_text="Ten")).to_be_visible()
    changed = re.compile("^4 leads of 10 .*would change side; 2 of them were won")
    expect(page.get_by_text(changed)).to_be_visible()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    address = f"{portal.url}/agreement"
    assert httpx.get(address).status_code == 404
    agreement_documents.publish(MACHINE, True)
    answer = httpx.get(address, headers={"Cookie": "concord_sign_in=a.b.c; concord_session=a.b.c"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    public = new_context(viewport={"width": 360, "height": 740}).new_page()
    public.goto(address)
    expect(public.get_by_text("Fifty people or more.", exact=True)).to_be_visible()
    assert "Sol Sales" not in public.content()
    assert public.evaluate("document.documentElement.scrollWidth") <= 360
