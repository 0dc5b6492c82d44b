"""The comparison in a browser: from the overview to a question to the workshop; one's own answer; files to take away."""

import csv
import io
import json
import re

import pytest
from browsing import PASSWORD, settle
from controls import choose, expect_no_error, heading, press
from playwright.sync_api import Page, expect
from test_accessibility import SIZES, violations

from actions import answers, clock, comparison, people, surveys, workshops
from alignment.disagreement import Verdict
from alignment.people import MACHINE, Actor, Team

pytestmark = pytest.mark.browser

TOML = """
title = "Spring"
mode = "confidential"
min_group = 3
importance = ["handing"]
[topics]
handing = "Handing over"
[[questions]]
key = "hours"
topic = "handing"
type = "number"
title = "Time to call"
unit = "hours"
guess = true
text = "Within how many hours is a lead called?"
[[questions]]
key = "kind"
topic = "leads"
type = "choice"
title = "When it counts"
options = ["They asked", "They fit"]
text = "When does a lead count?"
[[questions]]
key = "reason"
topic = "leads"
type = "yes_no"
title = "A reason for each"
text = "Is a reason needed?"
[[questions]]
key = "wish"
topic = "leads"
type = "text"
title = "One wish"
required = false
text = "What do you wish for?"
"""
QUIET_WISHES = ("Call sooner", "More time for each lead")


def fill_in(person, survey, hours):
    actor = Actor(person.id, clock.now_text())
    sales = person.team is Team.SALES
    given = {
        "hours": hours,
        "guess:hours": 10.0,
        "importance:handing": 5,
        "kind": "They asked" if sales else "They fit",
        "reason": True,
        "wish": QUIET_WISHES[0 if sales else 1],
    }
    for key, value in given.items():
        answers.save_answer(actor, survey.id, key, value)
    answers.submit_answers(actor, survey.id)


def chosen_by_themself(person):
    """As most people have it: a password of their own, by the link in their invitation, before they answer anything."""
    people.accept_invitation(people.invite(MACHINE, person.id).token, PASSWORD, PASSWORD)


@pytest.fixture
def company(add_person):
    """(facilitator, member, others, closed survey): sales says 20 to 25 hours, the member 33, marketing 2 to 7."""
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML).id)
    fay, sol = add_person("Fay Facilitator", "facilitator", None), add_person("Sol Sales")
    chosen_by_themself(sol)
    others = [add_person(f"Other {number}", team=list(Team)[number % 2].value) for number in range(11)]
    chosen_by_themself(others[0])
    fill_in(sol, survey, 33.0)
    for number, person in enumerate(others):
        fill_in(person, survey, (20.0 if person.team is Team.SALES else 2.0) + number // 2)
    return fay, sol, others, surveys.close_survey(MACHINE, survey.id)


def row(page: Page, name: str):
    """The link of a question in the ranked list."""
    return page.get_by_role("link", name=re.compile(rf"\d+\. {name}"))


def test_from_the_overview_to_a_question_to_the_workshops_agenda(portal, company, sign_in):
    fay, _, _, survey = company
    page = sign_in(fay, "/comparison")
    found = comparison.compare_survey(MACHINE, survey.id)
    expect(heading(page, found.sentence)).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    settle(page)
    choose(page, "Verdict", f"Split between the teams ({found.count(Verdict.SPLIT_BETWEEN)})")
    page.keyboard.press("Escape")
    expect(row(page, "A reason for each")).to_have_count(0)
    settle(page)
    assert "verdict=split_between" in page.url, "the filter is in the link"
    page.reload()
    expect(row(page, "Time to call")).to_be_visible()
    expect(row(page, "A reason for each")).to_have_count(0)

    settle(page)
    row(page, "Time to call").click()
    expect(heading(page, "Time to call")).to_be_visible()
    expect(heading(page, found.question("hours").sentence)).to_be_visible()
    settle(page)
    page.get_by_role("link", name="All questions").click()
    expect(row(page, "When it counts")).to_be_visible()
    expect(row(page, "A reason for each")).to_have_count(0)
    settle(page)
    row(page, "When it counts").click()
    expect(heading(page, "When it counts")).to_be_visible()
    settle(page)
    press(page, "Take to the workshop")
    expect(page.get_by_text("On the table of the workshop.")).to_be_visible()
    page.get_by_role("link", name="On the table; go to the workshop").click()
    expect(heading(page, "Workshop")).to_be_visible()
    expect(page.get_by_text("1. When it counts")).to_be_visible()
    expect(page.get_by_text(found.question("kind").sentence).first).to_be_visible()
    settle(page)
    page.get_by_role("link", name="How both teams answered").click()
    expect(heading(page, "When it counts")).to_be_visible()
    expect_no_error(page)
    (room,) = workshops.list_workshops(MACHINE)
    assert [t.question_key for t in workshops.read_workshop(MACHINE, room.id).topics] == ["kind"]


def test_the_address_follows_from_question_to_question_and_back_leads_back(portal, company, sign_in):
    _, sol, _, survey = company
    order = [one.question for one in comparison.compare_survey(MACHINE, survey.id).questions]
    split = f"/compared?survey={survey.id}&question={order[0].key}&verdict=split_between"
    page = sign_in(sol, split)
    expect(heading(page, order[0].name)).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Next").click()
    expect(heading(page, order[1].name)).to_be_visible()
    expect(page).to_have_url(f"{portal.url}{split.replace(order[0].key, order[1].key)}")
    expect(page.get_by_text("2 of 2")).to_be_visible()
    settle(page)
    page.reload()
    expect(heading(page, order[1].name)).to_be_visible()
    settle(page)
    page.go_back()
    expect(heading(page, order[0].name)).to_be_visible()
    expect(page).to_have_url(f"{portal.url}{split}")
    settle(page)
    page.go_forward()
    expect(heading(page, order[1].name)).to_be_visible()
    expect_no_error(page)


def test_all_that_is_to_be_settled_goes_on_the_agenda_in_one_step(portal, company, sign_in):
    fay, *_ = company
    page = sign_in(fay, "/comparison")
    settle(page)
    press(page, "Put the 2 topics to settle on the agenda")
    expect(page.get_by_text(re.compile(r"On the table$"))).to_have_count(2)
    settle(page)
    page.get_by_role("link", name="On the table; go to the workshop").click()
    expect(heading(page, "Workshop")).to_be_visible()
    expect(page.get_by_text("2. ", exact=False).first).to_be_visible()
    (room,) = workshops.list_workshops(MACHINE)
    topics = workshops.read_workshop(MACHINE, room.id).topics
    assert {topic.question_key for topic in topics} == {"hours", "kind"}
    expect_no_error(page)


def test_a_member_sees_their_own_answer_and_nobody_elses_on_a_phone(portal, company, sign_in):
    _, sol, others, survey = company
    page = sign_in(sol, f"/compared?survey={survey.id}&question=hours", viewport=SIZES["phone"])
    expect(page.get_by_text("33 hours", exact=False).first).to_be_visible()
    expect(page.get_by_text("Your answer")).to_be_visible()
    settle(page)
    content = page.content()
    for person in others:
        assert person.name not in content and person.email not in content and person.id not in content
    of = comparison.compare_survey(MACHINE, survey.id).question("hours").distributions
    medians = {of[team].median for team in Team}
    for hours in {*range(20, 26), *range(2, 7)} - medians:
        assert not re.search(rf"\b{hours} hours", content), "only the medians and the classes of whole teams"
    expect(page.get_by_role("button", name="Take to the workshop")).to_have_count(0)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= SIZES["phone"]["width"]
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("2 of 4")).to_be_visible()
    settle(page)
    page.goto(f"{portal.url}/compared?survey={survey.id}&question=wish")
    expect(page.get_by_text(QUIET_WISHES[1]).first).to_be_visible()
    page.goto(f"{portal.url}/compared?survey={survey.id}&question=none")
    expect(page.get_by_text("no such question")).to_be_visible()
    page.get_by_role("link", name="Go to the comparison").click()
    expect(row(page, "Time to call")).to_be_visible()
    expect_no_error(page)
    other = others[0]
    theirs = sign_in(other, f"/compared?survey={survey.id}&question=hours")
    expect(theirs.get_by_text("Your answer")).to_be_visible()
    settle(theirs)
    assert "33 hours" not in theirs.content()


def test_the_files_arrive_and_are_right(portal, company, sign_in):
    fay, _, _, survey = company
    page = sign_in(fay, "/comparison")
    found = comparison.compare_survey(MACHINE, survey.id)
    press(page, "Download", exact=False)
    taken = {}
    for form, name in (
        ("csv", "Ranked list as CSV"),
        ("json", "Everything as JSON"),
        ("html", "Report to print"),
    ):
        with page.expect_download() as download:
            press(page, name, exact=False)
        assert re.fullmatch(
            rf"spring-comparison-\d{{4}}-\d\d-\d\d\.{form}", download.value.suggested_filename
        )
        taken[form] = download.value.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(taken["csv"])))
    assert [line["question"] for line in rows] == [one.question.key for one in found.questions]
    assert json.loads(taken["json"])["sentence"] == found.sentence
    assert found.sentence in taken["html"] and "<script" not in taken["html"]
    expect_no_error(page)


@pytest.mark.parametrize("size", SIZES)
def test_both_screens_are_accessible(portal, company, sign_in, size):
    fay, _, _, survey = company
    page = sign_in(fay, "/comparison?verdict=split_between", viewport=SIZES[size])
    expect(row(page, "Time to call")).to_be_visible()
    found = {"the overview": violations(page)}
    for key in ("hours", "kind", "wish"):
        page.goto(f"{portal.url}/compared?survey={survey.id}&question={key}")
        expect(page.get_by_role("link", name="All questions")).to_be_visible()
        found[key] = violations(page)
    bad = {name: told for name, told in found.items() if told}
    assert not bad, "\n".join(f"{name}:\n  " + "\n  ".join(told) for name, told in bad.items())
