"""Two people of sales with the same lead before them, in two browsers: one decision stands, and both know whose it is."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from browsing import settle
from controls import expect_heading, pick, press
from playwright.sync_api import Page, expect

from actions import lead_inbox
from alignment.people import MACHINE
from tests.lead_histories import History

pytestmark = pytest.mark.browser

CHANGED = "The list below has changed meanwhile."


def lead(page: Page, lead_id: str) -> None:
    """Wait until this lead is the one to decide on."""
    expect_heading(page, re.compile(lead_id))
    settle(page)


def reject(page: Page, reason: str) -> None:
    """Reject the lead that is shown."""
    press(page, "Reject")
    pick(page, "Why not?", reason)
    confirming = page.get_by_test_id("stPopoverBody").get_by_role("button", name="Reject", exact=True)
    expect(confirming).to_be_enabled()
    confirming.click()


def three_leads_that_wait() -> list[str]:
    """The latest first, as the inbox has them."""
    ids, history, now = ["Alpha", "Beta", "Gamma"], History(), datetime.now(UTC)
    for hours, lead_id in enumerate(ids, start=1):
        history.lead(lead_id).enter(lead_id, "mql", now - timedelta(hours=hours))
    history.load()
    return ids


def decided(lead_id: str) -> list[tuple[str, str]]:
    """Who decided on a lead, and what."""
    return [(one.person_name, str(one.verdict)) for one in lead_inbox.read_lead(MACHINE, lead_id).decisions]


def test_of_two_who_decide_on_one_lead_one_is_told_who_was_faster_and_both_go_on(portal, add_person, sign_in):
    latest, next_, last = three_leads_that_wait()
    sue, sam = sign_in(add_person("Sue Seller"), "/leads"), sign_in(add_person("Sam Second"), "/leads")
    for page in (sue, sam):
        expect_heading(page, re.compile("^3 leads wait for a decision"))
        lead(page, latest)

    # Sue accepts; on Sam's screen the sentence follows, and the lead he is reading stays beneath his hands
    press(sue, "Accept")
    expect(sue.get_by_text(f"Decided: {latest}")).to_be_visible()
    lead(sue, next_)
    expect(sam.get_by_text(CHANGED)).to_be_visible()
    expect_heading(sam, re.compile("^2 leads wait for a decision"))
    lead(sam, latest)

    # he decides all the same, is told, and has the next lead before him
    reject(sam, "No budget")
    expect(sam.get_by_text(f"Nothing was decided on {latest}")).to_contain_text("Sue Seller")
    lead(sam, next_)
    expect(sam.get_by_text(CHANGED)).to_have_count(0)
    assert decided(latest) == [("Sue Seller", "accepted")]

    # the other way round: on the next lead Sam is faster
    reject(sam, "No budget")
    expect(sam.get_by_text(f"Decided: {next_}")).to_be_visible()
    expect(sue.get_by_text(CHANGED)).to_be_visible()
    press(sue, "Accept")
    expect(sue.get_by_text(f"Nothing was decided on {next_}")).to_contain_text("Sam Second")
    assert decided(next_) == [("Sam Second", "rejected")]

    # what Sue takes back waits for both again, and then Sam's decision on it stands
    for page in (sue, sam):
        lead(page, last)
    press(sue, "Undo")
    lead(sue, latest)
    press(sam, "Show the change")
    lead(sam, last)  # the one he was reading
    press(sam, "Previous")
    lead(sam, latest)
    press(sam, "Accept")
    expect(sam.get_by_text(f"Decided: {latest}")).to_be_visible()
    assert decided(latest)[0] == ("Sam Second", "accepted")
    assert lead_inbox.list_waiting(MACHINE) == [last]
