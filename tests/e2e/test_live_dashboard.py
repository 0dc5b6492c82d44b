"""The dashboard in a browser: what happens to a lead is in the figures without a reload, and a link shows another the same."""

from datetime import UTC, datetime, timedelta

import pytest
from browsing import settle
from controls import expect_no_error
from histories import add_history, morning
from playwright.sync_api import Page, expect

from actions import lead_feed
from alignment import instants
from db.store import store

pytestmark = pytest.mark.browser


def become_mql(lead_id: str) -> None:
    """A lead becomes an MQL, told as another system would."""
    event = {
        "id": f"{lead_id}-mql",
        "lead_id": lead_id,
        "type": "entered_stage",
        "stage": "mql",
        "at": instants.to_text(datetime.now(UTC) - timedelta(minutes=1)),
    }
    store().write(lambda connection: lead_feed.take(connection, "test", [{"lead_id": lead_id}], [event]))


def figure(page: Page, title: str):
    return page.get_by_test_id("stMetric").filter(has_text=title).get_by_test_id("stMetricValue")


def test_a_lead_that_comes_in_is_in_the_figures_of_who_looks(portal, add_person, sign_in):
    add_history(40, start=morning(120))
    lead = add_person("Tea Lead", role="team_lead", team="marketing")
    page = sign_in(lead, "/metrics?period=All&only=source%3Areferral")
    expect(figure(page, "Qualified leads")).to_have_text("20")
    page.goto(f"{portal.url}/metrics?period=All")
    expect(figure(page, "Qualified leads")).to_have_text("40")
    become_mql("new-1")
    expect(figure(page, "Qualified leads")).to_have_text("41")
    # while somebody reads the leads behind a figure, nothing is drawn anew beneath their hands
    settle(page)
    page.get_by_role("button", name="Passport").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("All that count: 41")).to_be_visible()
    become_mql("new-2")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(figure(page, "Qualified leads")).to_have_text("42")
    expect_no_error(page)
