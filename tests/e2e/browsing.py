"""What people do in a browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

PASSWORD = "correct horse battery"
QUIET = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
_GO = """address => {
    history.pushState({}, '', address);
    dispatchEvent(new PopStateEvent('popstate', {state: {}}));
}"""


def fill_in_sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Use the sign-in form, and wait until somebody is signed in and the page is quiet."""
    expect(page.get_by_label("E-mail")).to_have_count(1)  # the form of an earlier screen is gone
    settle(page)
    before = kept_sign_ins(page)
    fields = ((page.get_by_label("E-mail"), email), (page.get_by_label("Password", exact=True), password))
    for _ in range(3):
        for field, text in fields:
            field.fill(text)
        settle(page)  # a run that was still under way can draw the form anew
        if all(field.input_value() == text for field, text in fields):
            break
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_attached()
    settle_signed_in(page, before)


def kept_sign_ins(page: Page) -> dict[str, str]:
    """The sign-ins that the browser holds, by the cookie's name; those of people who have signed out among them."""
    return {c["name"]: c["value"] for c in page.context.cookies() if c["name"].startswith("concord_")}


def settle_signed_in(page: Page, before: dict[str, str] | None = None) -> None:
    """Wait until the browser holds a sign-in that it did not hold before, and the page is quiet."""
    until(page, lambda: bool(set(kept_sign_ins(page).values()) - set((before or {}).values())))
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


def go(page: Page, address: str) -> None:
    """Set out for another address of the portal as Back and Forward do; who calls this waits for what the screen is to show.

    The program stays in the tab, which takes a third of the time of loading it again with `page.goto`.
    """
    settle(page)
    page.evaluate(_GO, address)
