"""The report that people take away, opened in a browser as the file that it is."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hostile import fill_store
from playwright.sync_api import Browser, Page

from actions import surveys
from alignment.people import MACHINE, Person
from alignment.surveys import SurveyStatus
from reports.comparison import make_html

pytestmark = pytest.mark.browser
WIDTHS = (360, 1200)
_made: list[bytes] = []
"""The report, made once for all tests."""


@pytest.fixture
def report(data_folder: Path, tmp_path: Path, add_person: Callable[..., Person]) -> Path:
    """The report of a questionnaire in which every text tries to be more than text, as a file."""
    if not _made:
        numbers = count()
        fill_store(
            lambda role, team, name: add_person(name, role, team, f"{next(numbers)}@example.com"), tmp_path
        )
        closed = next(one for one in surveys.list_surveys(MACHINE) if one.status is SurveyStatus.CLOSED)
        _made.append(make_html(MACHINE, closed.id)[1])
    path = tmp_path / "report.html"
    path.write_bytes(_made[0])
    return path


def opened(browser: Browser, report: Path, width: int, **options: str) -> tuple[Page, list[str]]:
    """The report on a screen of that width, and what the browser asked for, ran into or was told on the way."""
    page = browser.new_page(viewport={"width": width, "height": 900}, **options)
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: heard.append(message.text))
    page.goto(report.as_uri())
    return page, heard


def test_the_report_runs_and_loads_nothing_and_fits_every_screen(browser: Browser, report: Path) -> None:
    for width in WIDTHS:
        page, heard = opened(browser, report, width)
        assert heard == [report.as_uri()]
        assert page.title().endswith("how sales and marketing compare")
        assert page.locator("script, img, iframe, form, input, b").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()


def test_the_report_is_dark_on_a_dark_screen_and_light_on_paper(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, 1200, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 25, 29)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('article')).breakInside") == "avoid"
    page.close()


def test_a_place_in_the_list_leads_to_its_question(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, 1200)
    page.locator(".contents a").last.click()
    assert page.locator("article:target h3").is_visible()
    page.close()
