"""What people do in a browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

PASSWORD = "correct horse battery"
QUIET = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"


def fill_in_sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Use the sign-in form, and wait until somebody is signed in and the page is quiet."""
    expect(page.get_by_label("E-mail")).to_have_count(1)  # the form of an earlier screen is gone
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_attached()
    settle_signed_in(page)


def settle_signed_in(page: Page) -> None:
    """Wait until the browser holds the sign-in and the page is quiet."""
    until(page, lambda: any(cookie["name"].startswith("concord_") for cookie in page.context.cookies()))
    settle(page)


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until something holds that no locator can see. (`wait_for_function` needs eval, which the portal forbids.)"""
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(25)
    raise AssertionError("waited ten seconds in vain")


def settle(page: Page) -> None:
    """Wait until the page is connected and no script runs."""
    page.wait_for_selector(QUIET)
