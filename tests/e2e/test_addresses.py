"""Addresses that are no screen, or none for whoever follows them."""

from playwright.sync_api import expect


def test_an_address_that_leads_nowhere_says_so_and_leads_on(portal, add_person, sign_in, new_context):
    page = sign_in(add_person("Mia Member"), "/no_such_screen")
    expect(page.get_by_role("heading", name="There is no screen at this address.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(f"{portal.url}/settings")
    expect(page.get_by_role("heading", name="This screen is for administrators.")).to_be_visible()
    expect(page).to_have_title("Settings · Concord")
    expect(page.get_by_text("How mail leaves the house")).to_have_count(0)
    page.get_by_role("link", name="To Today").click()
    expect(page.get_by_role("heading", name="Hello, Mia")).to_be_visible()
    stranger = new_context().new_page()
    stranger.goto(f"{portal.url}/no_such_screen")
    expect(stranger.get_by_role("textbox", name="Password")).to_be_visible()
    expect(stranger.get_by_text("No such screen")).to_have_count(0)
