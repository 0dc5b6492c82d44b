"""A definition on its way in browsers: one drafts and proposes, one of each team signs, and everybody sees what changed."""

import pytest
from browsing import settle
from controls import expect_no_error, press
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

TERM = "/definition?term=mql"


def write(page: Page, text: str) -> None:
    """Type the definition and keep it as a draft."""
    field = page.get_by_label("Definition", exact=True)
    field.fill(text)
    field.press("Control+Enter")
    settle(page)
    press(page, "Save the draft")
    expect(page.get_by_role("button", name="Propose for signature")).to_be_visible()
    settle(page)


def test_three_people_bring_a_definition_into_force_and_a_fourth_reads_what_changed(
    portal, add_person, sign_in
):
    author = sign_in(add_person("Fay Facilitator", role="facilitator", team=None), TERM)
    sales = sign_in(add_person("Sal Lead", role="team_lead", team="sales"), TERM)
    marketing = sign_in(add_person("Mar Lead", role="team_lead", team="marketing"), TERM)
    member = sign_in(add_person("Mem Ber"), TERM, viewport={"width": 360, "height": 800})

    def agree(label: str) -> None:
        press(author, "Propose for signature")
        expect(author.get_by_text(f"{label} waits for signatures.")).to_be_visible()
        for page, team in ((sales, "sales"), (marketing, "marketing")):
            page.goto(portal.url + TERM)
            expect(page.get_by_text(f"{label} waits for your signature.")).to_be_visible()
            settle(page)
            press(page, f"Sign for {team}")
            expect(page.get_by_role("button", name=f"Sign for {team}")).to_have_count(0)
            member.goto(portal.url + TERM)
            settle(member)
            in_force = member.get_by_text(f"{label} is agreed, in force since")
            expect(in_force).to_have_count(1 if page is marketing else 0)

    expect(member.get_by_text("Sales and marketing have not agreed yet what MQL means.")).to_be_visible()
    write(author, "Whoever asks for a demo.")
    agree("MQL v1")
    expect(member.get_by_text("Whoever asks for a demo.").first).to_be_visible()
    press(member, "I have read it")
    expect(member.get_by_text("Read and acknowledged by 3 of 3 people.")).to_be_visible()

    author.goto(portal.url + TERM)
    settle(author)
    author.get_by_text("Prepare the next version").click()
    settle(author)
    write(author, "Whoever asks for a demo twice.")
    agree("MQL v2")
    expect(member.get_by_text("What changed")).to_be_visible()
    expect(member.get_by_text("twice.").last).to_be_visible()
    member.goto(f"{portal.url}{TERM}&version=1")
    expect(member.get_by_text("MQL v1 was in force")).to_be_visible()
    expect(member.get_by_text("Whoever asks for a demo.").first).to_be_visible()
    for page in (author, sales, marketing, member):
        expect_no_error(page)
