"""Signing in, in a real browser."""

from browsing import fill_in_sign_in, settle
from playwright.sync_api import expect


def test_a_deep_link_survives_signing_in_and_reloading(portal, add_person, new_context):
    ada = add_person("Ada Admin", "admin", None)
    context = new_context()
    page = context.new_page()
    page.goto(portal.url + "/account")
    settle(page)
    assert "Your name, your password" not in page.content()
    fill_in_sign_in(page, ada.email)
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    settle(page)
    page.reload()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    settle(page)
    page.reload()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert cookies["concord_session"]["httpOnly"] and cookies["concord_session"]["sameSite"] == "Strict"
    assert "concord_sign_in" not in cookies
