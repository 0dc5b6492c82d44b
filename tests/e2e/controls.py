"""The controls of a screen, used as a person uses them: found by what they are and what they are called."""

import re

from browsing import settle
from playwright.sync_api import Locator, Page, expect

_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def heading(page: Page, name: str | re.Pattern[str]) -> Locator:
    """A heading by its words; a text has to be the whole heading."""
    return page.get_by_role("heading", name=name, exact=True)


def expect_heading(page: Page, name: str | re.Pattern[str]) -> None:
    """Wait until the heading stands there once: while a screen is drawn anew it can be there twice for a moment."""
    expect(heading(page, name)).to_have_count(1)
    expect(heading(page, name)).to_be_visible()


def press(page: Page | Locator, name: str, *, exact: bool = True) -> None:
    """Press the button with this name."""
    page.get_by_role("button", name=name, exact=exact).click()


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list that opens while one types into it."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    page.evaluate(_TWO_FRAMES)  # an open list closes when the page scrolls beneath it
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def pick(page: Page | Locator, group: str | re.Pattern[str], option: str) -> None:
    """Pick one of several options that all show; `group` is what they answer."""
    options = page.get_by_role("radiogroup", name=group)
    options.get_by_text(option, exact=True).click()
    expect(options.get_by_role("radio", name=option, exact=True)).to_be_checked()


def question_box(page: Page, wording: str | re.Pattern[str]) -> Locator:
    """A question on the screen for answering, found by its wording."""
    return page.locator("[class*=st-key-answer_box-]").filter(has=heading(page, wording))


def option_of(page: Page, wording: str | re.Pattern[str], option: str) -> Locator:
    """One of the options of a question; a chosen one has a tick before its words."""
    named = re.compile(rf"^(check icon\s*)?{re.escape(option)}$")
    return question_box(page, wording).get_by_role("button", name=named)


def choose_option(page: Page, wording: str | re.Pattern[str], option: str) -> None:
    """Choose an answer, and wait until it stands chosen."""
    option_of(page, wording, option).click()
    expect(option_of(page, wording, option)).to_have_attribute("aria-pressed", "true")


def go_to(page: Page, name: str) -> None:
    """Follow the navigation to a screen, which is there once its heading is."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    expect_heading(page, name)
    settle(page)


def confirm(page: Page, name: str) -> None:
    """Press the button in the dialog that asks whether one is sure."""
    press(page.get_by_role("dialog"), name)
    expect(page.get_by_role("dialog")).to_have_count(0)


def expect_no_error(page: Page) -> None:
    """The screen shows neither a refusal nor a fault."""
    settle(page)
    shown = page.get_by_test_id("stAlertContentError").all_inner_texts()
    assert not shown, f"{page.url}: {shown}"
    assert page.get_by_test_id("stException").count() == 0, page.url
