"""A rule put together by keyboard alone: conditions, a group, the menu of a part, undo, points."""

from browsing import settle
from playwright.sync_api import Locator, Page, expect

from actions import clock, workshops
from alignment.people import Actor


def tab_to(page: Page, target: Locator, most: int = 120) -> None:
    """Press Tab until the target has the focus."""
    expect(target).to_have_count(1)
    for _ in range(most):
        if target.evaluate("found => found === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached within {most} steps")


def test_a_rule_with_a_group_and_then_points_is_built_by_keyboard_alone(portal, add_person, sign_in):
    facilitator = add_person("Fay Facilitator", role="facilitator", team=None)
    acting = Actor(facilitator.id, clock.now_text())
    workshop_id = workshops.add_topic(acting, None, title="How big is a lead?")
    page = sign_in(facilitator, "/workshop")
    keys = page.keyboard
    settle(page)

    def choose(label: str, words: str) -> None:
        tab_to(page, page.get_by_role("combobox", name=label, exact=True))
        keys.type(words)
        keys.press("Enter")
        settle(page)

    def fill(label: str, number: str) -> None:
        tab_to(page, page.get_by_role("spinbutton", name=label, exact=True))
        keys.press("Control+A")
        keys.type(number)
        keys.press("Enter")
        settle(page)

    def press(label: str) -> None:
        tab_to(page, page.get_by_role("button", name=label, exact=True))
        keys.press("Enter")
        settle(page)

    def switch_to(label: str) -> None:
        ways = page.get_by_role("radiogroup", name="Rule that runs on the lead data")
        tab_to(page, ways.get_by_role("radio", checked=True))
        wanted = ways.get_by_role("radio", name=label, exact=True)
        while not wanted.evaluate("found => found === document.activeElement"):
            keys.press("ArrowRight")
        keys.press("Space")
        expect(wanted).to_be_checked()
        settle(page)

    def says(words: str) -> None:
        expect(page.get_by_text(words)).to_be_visible()
        settle(page)

    switch_to("Conditions")
    choose("Field", "Employees")
    fill("Value", "50")
    says("A lead qualifies if employees is at least 50.")
    press("Add a group")
    choose("Field of condition 2.1", "Source")
    choose("Values of condition 2.1", "referral")
    keys.press("Escape")
    says("A lead qualifies if employees is at least 50, and source is “referral”.")
    tab_to(page, page.locator("[class*=_0_more] button"))
    keys.press("Enter")
    settle(page)
    press("Move down")
    says("A lead qualifies if source is “referral”, and employees is at least 50.")
    press("Undo")
    says("A lead qualifies if employees is at least 50, and source is “referral”.")

    switch_to("Points")
    fill("From how many points does a lead qualify?", "20")
    says(
        "A lead qualifies with at least 20 points: +10 if employees is at least 50; +10 if source is “referral”."
    )
    tab_to(page, page.get_by_role("textbox", name="Wording that both teams could sign"))
    keys.type("Big, or sent by a friend.")
    keys.press("Control+Enter")
    settle(page)
    press("Open the vote")
    expect(page.get_by_text("Voting now")).to_be_visible()
    (proposal,) = workshops.read_workshop(acting, workshop_id).topics[0].proposals
    assert proposal.rule["threshold"] == 20
    assert [entry["add"] for entry in proposal.rule["points"]] == [10, 10]
