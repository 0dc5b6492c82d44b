"""axe finds no serious or critical violation on any screen for answering, wide or on a phone, in light or dark."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from all_kinds import GIVEN, open_all_kinds
from browsing import go, settle, until
from controls import expect_heading, option_of
from playwright.sync_api import Page, expect

from actions import answers, clock, surveys
from alignment.people import MACHINE, Actor

pytestmark = pytest.mark.browser

AXE = (Path(find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text(encoding="utf-8")
# only what is violated is looked into, and no style sheet is fetched anew for rules that are not run
_BRIEF = {"resultTypes": ["violations"], "preload": False}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], **_BRIEF}
# the other theme draws the same elements in other colours: these are the rules that look at colours
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, **_BRIEF}
THEMES = ("light", "dark")
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}


# Streamlit draws the navigation's sections as <ul><div><li>: no label, theme or other widget changes that. The links in it
# are reached and read all the same.
KNOWN = """one => ['list', 'listitem'].includes(one.rule)
    && document.querySelector(one.target)?.closest('[data-testid=stSidebarNavItems]')"""
DRAWN_IN = "getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme"
SEVERE = """async options => (await axe.run(document, options)).violations
    .filter(one => ['serious', 'critical'].includes(one.impact))
    .flatMap(one => one.nodes.map(node => (
        {rule: one.id, target: node.target[0], html: node.html.slice(0, 160), why: node.failureSummary})))
    .filter(one => !(KNOWN)(one))""".replace("KNOWN", KNOWN)


def violations(page: Page) -> list[str]:
    """What axe finds that is serious or critical, in light and in dark: the rule, and where.

    The theme that the page is in comes first, with every rule: it was the second one of the page before.
    """
    settle(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = []
    in_order = sorted(THEMES, key=lambda one: one != page.evaluate(DRAWN_IN))
    for theme, rules in zip(in_order, (RULES, OF_COLOURS), strict=True):
        page.emulate_media(color_scheme=theme)
        until(page, lambda: page.evaluate(DRAWN_IN) == theme)  # noqa: B023
        settle(page)
        found += [
            f"{theme} {one['rule']}: {one['target']} {one['html']} {one['why']}"
            for one in page.evaluate(SEVERE, rules)
        ]
    return found


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_for_answering(portal, add_person, sign_in, size):
    survey = open_all_kinds()
    second = open_all_kinds(("All kinds", "All by section"), ('pace = "question"', 'pace = "section"'))
    sol = add_person("Sol Sales")
    acting = Actor(sol.id, clock.now_text())
    page = sign_in(sol, "/answer", viewport=SIZES[size])
    found = {}

    def look(name: str) -> None:
        bad = violations(page)
        if bad:
            found[name] = bad

    def open_step(which, key: str, name: str) -> None:
        go(page, f"/answer?survey={which.id}&at={key}")
        expect_heading(page, name)
        settle(page)

    expect_heading(page, "Answer")
    look("the list")
    for asked in survey.questionnaire.questions:
        if asked.ask_if is None:
            open_step(survey, asked.key, asked.wording[sol.team])
            look(f"{asked.key}, open")
    open_step(survey, "review", "8 questions still need an answer")
    look("the review, with what is missing")

    for key, value in GIVEN.items():
        answers.save_answer(acting, survey.id, key, value)
        answers.save_answer(acting, second.id, key, value)
    for asked in survey.questionnaire.questions:
        open_step(survey, asked.key, asked.wording[sol.team])
        look(f"{asked.key}, answered")
    months = "How far off may the purchase be?"
    open_step(survey, "months", months)
    page.get_by_role("spinbutton", name=months).fill("99")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not saved.")).to_be_visible()
    look("a refusal")
    for section in ("kind", "private"):
        open_step(second, section, "What a lead is" if section == "kind" else "What rules it out")
        look(f"a section, {section}")
    open_step(survey, "kind", "When do you call?")
    settle(page)
    answers.save_answer(acting, survey.id, "kind", "They have a budget")
    option_of(page, "When do you call?", "They fit and asked").click()
    expect(page.get_by_role("button", name="Keep mine")).to_be_visible()
    look("a conflict")
    page.get_by_role("button", name="Keep the other").click()
    open_step(survey, "review", "Ready to submit")
    look("the review")
    settle(page)
    page.get_by_role("button", name="Submit my answers").first.click()
    expect_heading(page, "Thank you. Your answers are in.")
    look("thanks")
    page.context.set_offline(True)
    expect(page.get_by_test_id("connection")).to_be_visible()
    look("offline")
    page.context.set_offline(False)
    surveys.close_survey(MACHINE, survey.id)
    go(page, f"/answer?survey={survey.id}")
    expect(page.get_by_text("has been closed")).to_be_visible()
    look("closed")
    assert not found, "\n".join(f"{name}:\n  " + "\n  ".join(bad) for name, bad in found.items())
