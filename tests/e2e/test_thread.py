"""The whole portal in browsers: one cycle from the first question to the recap, and the sample company by every role."""

import csv
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from browsing import fill_in_sign_in, settle
from controls import (
    choose,
    choose_option,
    confirm,
    expect_heading,
    expect_no_error,
    go_to,
    heading,
    pick,
    press,
    question_box,
)
from playwright.sync_api import expect
from portals import ROOT

from actions import answers, clock, comparison, cycles, people, surveys
from alignment.cycles import Phase
from alignment.people import MACHINE, Actor, Role, Team
from alignment.questionnaires import QuestionType
from components.navigation import screens_for

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
WORDING = "A company of at least 50 people that has asked to talk to us."
GROWTH = "Settle next how long interest stays warm."
# what the teams see differently; on everything else they agree
SALES = {"qualified_when": "They fit, and need, budget and date are known", "budget": 5, "min_employees": 200}
MARKETING = {"qualified_when": "They fit and have shown interest", "budget": 1, "min_employees": 10}
COLUMNS = ["Lead ID", "Source", "Employees", "MQL date", "Phoned", "Accepted", "First invoice"]
MAPPING = """
lead_id = "Lead ID"
source = "Source"
employees = "Employees"
[stages]
mql = "MQL date"
won = "First invoice"
[events]
contact_attempted = "Phoned"
accepted = "Accepted"
"""


def acting(person):
    return Actor(person.id, clock.now_text())


def answer_the_rest(person, survey, leaning):
    """Answer what the person has not answered yet, through the action that the screen calls."""
    given = {progress.survey.id: progress.answers for progress in answers.my_surveys(acting(person))}
    for question in survey.questionnaire.questions:
        if question.key in given[survey.id]:
            continue
        usual = {
            QuestionType.CHOICE: lambda asked: asked.options[0],
            QuestionType.CHOICES: lambda asked: list(asked.options[:2]),
            QuestionType.YES_NO: lambda asked: True,
            QuestionType.SCALE: lambda asked: 3,
            QuestionType.NUMBER: lambda asked: 5.0,
            QuestionType.TEXT: lambda asked: "They call us back.",
            QuestionType.RANKING: lambda asked: list(asked.options[:2]),
            QuestionType.RULE: lambda asked: None,
        }[question.type](question)
        answers.save_answer(acting(person), survey.id, question.key, leaning.get(question.key, usual))


def write_history(path, today):
    """400 leads over 200 days, an exact half of them accepted and a tenth won; ends yesterday."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(400):
            mql = today - timedelta(days=200 - number // 2)
            rows.writerow(
                [
                    f"L{number:04}",
                    ("referral", "webinar", "paid search")[number % 3],
                    (8, 30, 70, 400)[number % 4],
                    f"{mql} 09:00",
                    f"{mql} 09:{10 + number % 40}",
                    f"{mql} 15:00" if number % 2 else "",
                    f"{mql + timedelta(days=12)} 12:00" if number % 10 == 1 and number < 360 else "",
                ]
            )


def write_newcomers(path, at):
    """40 leads of companies of 100 people and 20 of companies of 10, which became MQLs just now."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number in range(60):
            size = 100 if number < 40 else 10
            rows.writerow([f"N{number:04}", "referral", size, at.isoformat(timespec="seconds"), "", "", ""])


def answered(page, count):
    """Wait until the foot of the screen says so: the store has confirmed that many answers."""
    expect(page.get_by_text(re.compile(rf"^{count} of \d+ answered"))).to_be_visible()


def saved(page, count):
    """Wait until that many questions on the screen are marked as saved."""
    marks = page.locator("[class*=st-key-answer_mark-]")
    expect(marks.filter(has_text=re.compile("Saved$"))).to_have_count(count)


def test_one_cycle_from_the_first_question_to_the_recap(portal, add_person, sign_in, tmp_path):
    fay = add_person("Fay Facilitator", "facilitator", None)
    sven, mona = add_person("Sven Seller"), add_person("Mona Market", team="marketing")
    sasha = add_person("Sasha Saleslead", "team_lead", "sales")
    mila = add_person("Mila Marketinglead", "team_lead", "marketing")
    others = [
        people.add_person(
            MACHINE, f"{team.value} {number}", f"{team.value}{number}@example.com", team, Role.MEMBER
        ).person
        for team in Team
        for number in range(3)
    ]

    # Identify: the facilitator starts a cycle and puts the questionnaire to both teams
    facilitator = sign_in(fay, "/cycle")
    press(facilitator, "Start a cycle")
    facilitator.get_by_label("What shall it be called?").fill("First round")
    confirm(facilitator, "Start")
    expect(
        heading(facilitator, re.compile("First round. is in Identify: 3 things are missing"))
    ).to_be_visible()
    facilitator.get_by_role("link", name="Go to Questionnaires").click()
    expect_heading(facilitator, "There is no questionnaire yet.")
    settle(facilitator)
    pick(facilitator, "Begin with", "What is a qualified lead?")
    press(facilitator, "Prepare")
    expect_heading(facilitator, "What is a qualified lead?")
    press(facilitator, "Open")
    confirm(facilitator, "Open for both teams")
    press(facilitator, "All questionnaires")
    expect_heading(facilitator, "One questionnaire is open: 0 of 10 people have submitted.")
    (survey,) = surveys.list_surveys(MACHINE)

    # a seller answers on the phone, and goes on after a break where they stopped
    phone = sign_in(sven, **PHONE)
    expect(phone.get_by_text("waits for your answers")).to_be_visible()
    press(phone, "Answer")
    expect_heading(phone, "What is a qualified lead?")
    answered(phone, 0)
    choose_option(phone, re.compile("^When is a lead ready for a first call"), SALES["qualified_when"])
    answered(phone, 1)
    choose_option(phone, re.compile("^What tells you more about a lead"), "2")
    answered(phone, 2)
    choose_option(
        phone, re.compile("^Before you take a lead: how much does it matter that they have a budget"), "5"
    )
    answered(phone, 3)
    authority = question_box(
        phone, re.compile("^Before you take a lead: how much does it matter that your contact")
    )
    authority.get_by_role("button", name="Can't say").click()
    answered(phone, 4)
    months = phone.get_by_role("spinbutton", name=re.compile("^How far off"))
    months.fill("6")
    months.blur()
    answered(phone, 5)
    sentence = phone.get_by_role("textbox", name=re.compile("^In one sentence"))
    sentence.fill("They have a problem we solve.")  # kept a moment after the last key
    answered(phone, 6)
    saved(phone, 6)
    press(phone, "Next")
    choose_option(phone, re.compile("turn a lead down at once"), "No budget this year")
    answered(phone, 7)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    phone.goto(portal.url + "/answer")
    expect_heading(phone, "What rules a lead out")
    answered(phone, 7)
    saved(phone, 1)
    settle(phone)
    press(phone, "Back")
    expect(months).to_have_value("6")
    expect(sentence).to_have_value("They have a problem we solve.")
    press(phone, "Next")
    choose_option(phone, re.compile("^Would you call a lead who left only a private"), "No")
    answered(phone, 8)
    kept = answers.my_progress(acting(sven), survey.id).answers
    assert kept["qualified_when"] == SALES["qualified_when"] and kept["authority"] is None
    assert kept["rule_outs"] == ["No budget this year"] and kept["private_email"] is False

    # the others answer; the seller submits on the phone
    for person in (*others, sven, mona, sasha, mila):
        answer_the_rest(person, survey, SALES if person.team is Team.SALES else MARKETING)
        if person is not sven:
            answers.submit_answers(acting(person), survey.id)
    settle(phone)
    press(phone, "All answers")
    expect_heading(phone, "Ready to submit")
    settle(phone)
    phone.get_by_role("button", name="Submit my answers").first.click()
    expect_heading(phone, "Thank you. Your answers are in.")

    # the facilitator closes it, reads where the teams differ, and takes that to the workshop
    facilitator.reload()
    expect_heading(facilitator, "One questionnaire is open: 10 of 10 people have submitted.")
    press(facilitator, "See how it runs")
    press(facilitator, "Close")
    expect(facilitator.get_by_role("dialog").get_by_text("Closing is final")).to_be_visible()
    confirm(facilitator, "Close for good")
    facilitator.get_by_role("link", name="See the comparison").click()
    found = comparison.compare_survey(MACHINE, survey.id)
    expect_heading(facilitator, found.sentence)
    first = found.questions[0]
    assert first.question.key in SALES
    expect(facilitator.get_by_text(first.sentence).first).to_be_visible()
    expect(facilitator.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    facilitator.get_by_role("link", name=f"1. {first.question.name}").click()
    expect(heading(facilitator, first.question.name)).to_be_visible()
    settle(facilitator)
    press(facilitator, "Take to the workshop")
    expect(facilitator.get_by_text("On the table of the workshop.")).to_be_visible()

    # leads are checked, then imported, so that there is a baseline
    today = clock.now().date()
    history, newcomers, mapping = (tmp_path / name for name in ("crm.csv", "new.csv", "crm.toml"))
    write_history(history, today)
    go_to(facilitator, "Bring in leads")
    facilitator.locator("input[type=file]").set_input_files(history)
    expect_heading(facilitator, re.compile("crm.csv looks like a table of leads: 6 of 7 columns are matched"))
    facilitator.get_by_text("Left out (1)", exact=True).click()
    choose(facilitator, "What First invoice means", "Date: Won")
    press(facilitator, "Check")
    expect(facilitator.get_by_text("Nothing has been kept yet")).to_be_visible()
    expect(facilitator.get_by_text("400 rows read: 400 would be new")).to_be_visible()
    press(facilitator, "Import")
    expect(
        facilitator.get_by_text("400 rows read: 400 new, 0 changed, 0 unchanged, 0 refused.")
    ).to_be_visible()

    # Plan: the baseline is frozen
    go_to(facilitator, "Cycle")
    press(facilitator, "Freeze the baseline and start planning")
    confirm(facilitator, "Freeze the baseline and start planning")
    expect_heading(facilitator, re.compile("is in Plan: 2 things are missing"))
    assert cycles.read_current(MACHINE).cycle.baseline["figures"]["acceptance"]["denominator"] > 0

    # the workshop: a wording with a rule; two members vote in two browsers; all see the result
    go_to(facilitator, "Workshop")
    facilitator.get_by_label("Wording that both teams could sign").fill(WORDING)
    pick(facilitator, "Rule that runs on the lead data", "Conditions")
    choose(facilitator, "Field", "Employees")
    size = facilitator.get_by_role("spinbutton", name="Value")
    size.fill("50")
    size.blur()
    expect(facilitator.get_by_text("A lead qualifies if employees is at least 50.")).to_be_visible()
    press(facilitator, "Open the vote")
    expect(facilitator.get_by_text("Voting now")).to_be_visible()
    desk = sign_in(mona, "/workshop")
    phone.goto(portal.url + "/workshop")
    for page in (desk, phone):
        expect(page.get_by_text(WORDING)).to_be_visible()
        settle(page)
    for page in (desk, phone):
        page.get_by_role("radiogroup", name="Your vote").get_by_role("radio", name="Yes").click()
    for page in (facilitator, desk, phone):
        expect(page.get_by_text("Voted so far: sales 1 of 5, marketing 1 of 5.")).to_be_visible()
        expect(page.get_by_text("both teams carry it.")).to_have_count(0)
    press(facilitator, "Close the vote")  # not everybody has voted: it asks
    press(facilitator, "Close it now")
    expect(facilitator.get_by_text("Agreed: both teams carry it.")).to_be_visible()
    confirmed = time.monotonic()
    for page in (desk, phone):
        left = 3 - (time.monotonic() - confirmed)
        expect(page.get_by_text("Agreed: both teams carry it.")).to_be_visible(
            timeout=max(left, 0.001) * 1000
        )
    press(facilitator, "Make it the next definition")
    facilitator.get_by_role("link", name="See it in the glossary").click()

    # the definition: proposed, signed by both team leads, in force, read by a member
    press(facilitator, "Propose for signature")
    expect_heading(facilitator, re.compile("MQL v1 waits for signatures"))
    sales_lead, marketing_lead = sign_in(sasha), sign_in(mila)
    for page, team in ((sales_lead, "sales"), (marketing_lead, "marketing")):
        expect(page.get_by_text("MQL v1 waits for your signature.")).to_be_visible()
        press(page, "Read and sign")
        expect(page.get_by_text(WORDING)).to_be_visible()
        expect(page.get_by_text("A lead qualifies if employees is at least 50")).to_be_visible()
        press(page, f"Sign for {team}")
    expect(marketing_lead.get_by_text("MQL v1 is agreed, in force since")).to_be_visible()
    phone.goto(portal.url)
    expect(phone.get_by_text("MQL v1 is in force and you have not read it yet.")).to_be_visible()
    press(phone, "Read")
    press(phone, "I have read it")
    expect(phone.get_by_text("Read and acknowledged by 3 of 10 people.")).to_be_visible()

    # Execute
    go_to(facilitator, "Cycle")
    choose(facilitator, "For sales", "Sven Seller")
    choose(facilitator, "For marketing", "Mona Market")
    press(facilitator, "Save")
    press(facilitator, "Put the plan into practice")
    confirm(facilitator, "Put the plan into practice")
    expect_heading(facilitator, re.compile("is in Execute: everything"))

    # new leads come in by the command line while a team lead looks at the figures
    go_to(sales_lead, "Metrics")
    expect_heading(sales_lead, re.compile("^Marketing delivered 178 qualified leads"))
    settle(sales_lead)
    write_newcomers(newcomers, datetime.now(UTC))
    mapping.write_text(MAPPING)
    done = subprocess.run(
        [sys.executable, "manage.py", "import-leads", newcomers, "--mapping", mapping, "--json"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["new"] == 60
    expect(heading(sales_lead, re.compile("^Marketing delivered 218 qualified leads"))).to_be_visible(
        timeout=5000
    )
    sales_lead.get_by_role("button", name="Passport").first.click()  # that of the first card, MQLs
    passport = sales_lead.get_by_role("dialog")
    expect(passport.get_by_text("Formula: leads that entered MQL in the period")).to_be_visible()
    expect(passport.get_by_text("MQL v1 (40 leads)")).to_be_visible()
    expect(passport.get_by_text("Left out: 20, do not meet the definition.")).to_be_visible()
    sales_lead.keyboard.press("Escape")

    # Recap: honest that it is too early
    go_to(facilitator, "Cycle")
    press(facilitator, "Look back")
    confirm(facilitator, "Look back")
    expect_heading(facilitator, re.compile("is in Recap"))
    go_to(facilitator, "Recap")
    expect(facilitator.get_by_text("Too early to tell")).not_to_have_count(0)
    expect(facilitator.get_by_text(re.compile(r"Readable on about \d+ \w+ 20\d\d")).first).to_be_visible()
    growth = facilitator.get_by_label(re.compile("^Growth areas"))
    growth.fill(GROWTH)
    growth.blur()
    press(facilitator, "Write down the recap")
    expect(facilitator.get_by_text("Growth areas for the next cycle")).to_be_visible()
    go_to(facilitator, "Cycle")
    press(facilitator, "Close this cycle")
    confirm(facilitator, "Close this cycle")
    expect_heading(facilitator, "No cycle is running.")
    expect(facilitator.get_by_text(f"Growth areas: {GROWTH}")).to_be_visible()
    (cycle,) = cycles.list_cycles(MACHINE)
    assert cycle.phase is Phase.CLOSED
    assert {verdict["outcome"] for verdict in cycle.recap["verdicts"]} == {"too_early"}
    for page in (facilitator, phone, desk, sales_lead, marketing_lead):
        expect_no_error(page)


def test_from_the_set_up_link_through_the_sample_company_every_role_opens_every_page(portal, new_context):
    page = new_context().new_page()
    elsewhere = []

    def listen(page):
        """Keep what is fetched from elsewhere; the fixtures do so for violations of the content policy."""
        page.on(
            "request", lambda sent: elsewhere.append(sent.url) if is_elsewhere(sent.url, portal) else None
        )

    listen(page)
    page.goto(portal.setup_link())
    page.get_by_role("tab", name="Sample company").click()
    press(page, "Load the sample company", exact=False)
    expect(page.get_by_text("all people and data are made up")).to_be_visible(timeout=240_000)
    password = page.get_by_test_id("stCode").locator("code").inner_text().strip()
    everyone = [entry.person for entry in people.list_people(MACHINE)]
    for role in sorted(Role, key=lambda role: role is not Role.ADMIN):
        if role is not Role.ADMIN:  # who goes on in the browser in which the company was loaded
            page = new_context().new_page()
            listen(page)
            page.goto(portal.url)
        settle(page)
        fill_in_sign_in(page, next(one.email for one in everyone if one.role is role), password)
        links = page.get_by_test_id("stSidebarNav").get_by_role("link")
        screens = [screen for screen in screens_for(role) if screen.section]
        expect(links).to_have_count(len(screens))
        for screen in screens:
            links.get_by_text(re.compile(f"^{screen.title}")).click()  # the inbox says how many are new
            expect(page).to_have_url(re.compile(f"/{'' if screen.is_home else screen.address}([?].*)?$"))
            title = {"Today": "Hello", "Answer": "Answer|Promises to each other"}.get(
                screen.title, screen.title
            )
            expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(f"^({title})"))
            expect(page.get_by_text("all data are synthetic")).to_be_visible()
            if role is Role.ADMIN and screen.address == "comparison":
                expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
            if screen.address == "people":
                expect(page.get_by_test_id("stDataFrame")).to_be_visible()
            expect_no_error(page)
    assert elsewhere == []


def is_elsewhere(url, portal):
    return not url.startswith((portal.url, portal.url.replace("http", "ws"), "data:", "blob:"))
