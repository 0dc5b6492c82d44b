"""Running a questionnaire in a browser: from the mail to the first question, reminders, links to copy, and the end."""

import re
import sys
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from browsing import fill_in_sign_in, settle, settle_signed_in, until
from controls import confirm, expect_heading, expect_no_error, pick, press
from mail_server import Mailbox, link_of, text_of, use_mail
from playwright.sync_api import Page, expect
from portals import Portal, free_port

from actions import answers, clock, invitations, mail, messages, people, schedules, surveys
from alignment.people import MACHINE, Actor, Role, Team
from alignment.surveys import SurveyStatus
from db.store import store

pytestmark = pytest.mark.browser

FIRST, SECOND = "Which leads are worth a call?", "How soon do you call?"
TOML = f"""
title = "Worth a call"
mode = "{{mode}}"
min_group = 3
pace = "question"
[topics]
calls = "Calls"
[[questions]]
key = "worth"
topic = "calls"
type = "choice"
options = ["All of them", "Some of them"]
text = "{FIRST}"
[[questions]]
key = "soon"
topic = "calls"
type = "choice"
options = ["Within an hour", "Within a day"]
text = "{SECOND}"
"""


@pytest.fixture
def mailbox():
    """A mail server that is running."""
    box = Mailbox(free_port())
    running = box.start()
    yield box
    running.stop()


@pytest.fixture
def ada(portal):
    """A member who has never chosen a password."""
    return people.add_person(MACHINE, "Ada Sales", "ada@example.com", Team.SALES, Role.MEMBER).person


def opened(mode="confidential"):
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode)).id)


def delivered(page: Page, mailbox: Mailbox, count: int) -> None:
    """Wait until so many mails have come, sent by the portal's own clockwork or, sooner, from here."""

    def arrived() -> bool:
        mail.deliver(MACHINE, route=mail.SIGN_IN_ROUTE)
        return len(mailbox.got) >= count

    until(page, arrived)


def come_in(page: Page, link: str) -> None:
    """Follow a personal link and press its button."""
    page.goto(link)
    press(page, "Begin, or go on where I stopped")
    settle_signed_in(page)


def answer(page: Page, wording: str, option: str) -> None:
    expect_heading(page, wording)
    settle(page)
    page.get_by_text(option, exact=True).first.click()
    settle(page)


def kept(person, survey):
    return answers.my_progress(Actor(person.id, clock.now_text()), survey.id).answers


def test_from_the_mails_link_to_the_first_question_and_on_another_device_to_where_one_stopped(
    portal, mailbox, ada, new_context
):
    use_mail(mailbox, portal.url)
    survey = opened()
    page = new_context().new_page()
    delivered(page, mailbox, 1)
    (message,) = mailbox.got
    link = link_of(message)
    assert link.startswith(f"{portal.url}/sign-in/m.")
    for _ in range(2):  # what a mail scanner does first
        with urllib.request.urlopen(link) as scanned:
            assert scanned.status == 200 and not scanned.headers["Set-Cookie"]
    come_in(page, link)
    expect_heading(page, FIRST)
    expect(page).to_have_url(re.compile(f"^{portal.url}/answer\\?survey={survey.id}"))  # and no token
    answer(page, FIRST, "Some of them")
    until(page, lambda: kept(ada, survey) == {"worth": "Some of them"})
    expect_no_error(page)

    phone = new_context(viewport={"width": 360, "height": 640}).new_page()
    come_in(phone, link)
    expect_heading(phone, SECOND)
    phone.goto(link)  # signed in already: straight on
    expect_heading(phone, SECOND)
    assert link.rpartition("/")[2] not in portal.log.read_text()


def test_a_browser_that_is_slow_to_see_where_it_is_led_to_gets_to_the_first_question_all_the_same(
    portal, ada, new_context
):
    survey = opened()
    token = store().write(lambda connection: invitations.new_token(connection, survey.id, ada.id))
    page = new_context().new_page()
    cookies, unseen, asked = [], [], []
    busy = True

    def hold_all_but_first(request):  # two frames keep the sign-in, and each asks for a run when it has
        cookies.append(request)
        if len(cookies) == 1:
            request.continue_()

    def stand_between(socket):
        server = socket.connect_to_server()

        def pass_to_browser(message):
            if busy and (unseen or b"survey=" + survey.id.encode() in message):
                unseen.append((socket, message))
            if len(unseen) < 2:  # the address of the questionnaire comes through, and nothing after it
                socket.send(message)

        def pass_to_server(message):
            if unseen:
                asked.append(message)
            server.send(message)

        server.on_message(pass_to_browser)
        socket.on_message(pass_to_server)

    page.route("**/component/**/index.html**", hold_all_but_first)
    page.route_web_socket("**/_stcore/stream", stand_between)
    page.goto(f"{portal.url}/sign-in/{token}")
    press(page, "Begin, or go on where I stopped")
    until(page, lambda: len(cookies) > 1 and len(unseen) > 1)
    expect(page).to_have_url(re.compile(f"/welcome\\?survey={survey.id}"))
    for request in cookies[1:]:
        request.continue_()
    until(page, lambda: bool(asked))
    for socket, message in unseen[1:]:
        socket.send(message)
    unseen.clear()
    busy = False
    expect_heading(page, FIRST)
    expect(page).to_have_url(re.compile(f"^{portal.url}/answer\\?survey={survey.id}"))
    expect_no_error(page)


def test_a_link_is_of_no_use_to_somebody_else_who_is_signed_in_nor_after_closing(
    portal, ada, add_person, sign_in, new_context
):
    survey = opened()
    token = store().write(lambda connection: invitations.new_token(connection, survey.id, ada.id))
    page = sign_in(add_person("Bea Braun", team="marketing"))
    page.goto(f"{portal.url}/sign-in/{token}")
    expect(page.get_by_text("This link is for Ada Sales")).to_be_visible()
    assert page.get_by_role("button", name="Begin").count() == 0
    surveys.close_survey(MACHINE, survey.id)
    fresh = new_context().new_page()
    fresh.goto(f"{portal.url}/sign-in/{token}")
    expect(fresh.get_by_text("This link does not work any more")).to_be_visible()
    press(fresh, "To the portal")
    expect_heading(fresh, "Sign in")


def test_who_may_do_more_than_answer_signs_in_with_the_password_and_is_at_the_questionnaire(
    portal, mailbox, add_person, new_context
):
    use_mail(mailbox, portal.url)
    lead = add_person("Lea Lead", "team_lead")
    survey = opened()
    page = new_context().new_page()
    delivered(page, mailbox, 1)
    page.goto(link_of(mailbox.got[0]))
    fill_in_sign_in(page, lead.email)
    expect_heading(page, FIRST)
    token = store().write(lambda connection: invitations.new_token(connection, survey.id, lead.id))
    other = new_context().new_page()
    other.goto(f"{portal.url}/sign-in/{token}")
    expect(other.get_by_text("As team lead you sign in with your password")).to_be_visible()
    press(other, "Sign in with my password")
    fill_in_sign_in(other, lead.email)
    expect_heading(other, FIRST)


def test_a_reminder_reaches_only_who_has_not_finished_and_its_mail_leads_to_turning_them_off(
    portal, mailbox, ada, add_person, sign_in, new_context
):
    use_mail(mailbox, portal.url)
    bea, fia = add_person("Bea Braun", team="marketing"), add_person("Fia Facilitator", "facilitator", None)
    survey = opened()
    page = sign_in(fia, f"/questionnaires?survey={survey.id}&part=people")
    delivered(page, mailbox, 2)
    for key, value in (("worth", "All of them"), ("soon", "Within a day")):
        answers.save_answer(Actor(bea.id, clock.now_text()), survey.id, key, value)
    answers.submit_answers(Actor(bea.id, clock.now_text()), survey.id)
    expect(page.get_by_text("Marketing: 1 of 1 submitted")).to_be_visible()
    page.reload()
    press(page, "Remind up to 1 person")
    expect(page.get_by_text("this sends up to 1 mail")).to_be_visible()
    confirm(page, "Remind")
    expect_no_error(page)
    delivered(page, mailbox, 3)
    reminder = mailbox.got[2]
    assert reminder["To"].addresses[0].addr_spec == ada.email and reminder["Subject"].startswith("Still open")
    assert len(mailbox.got) == 3
    inbox = [message.kind.value for message in messages.my_messages(Actor(bea.id, clock.now_text()))]
    assert inbox == ["invitation"]

    fresh = new_context().new_page()
    account = text_of(reminder).split()[-1]
    fresh.goto(account)
    press(fresh, "Go to my account")
    settle_signed_in(fresh)
    fresh.get_by_text("Remind me of questionnaires that I have not finished").click()
    until(fresh, lambda: not messages.wants_reminders(Actor(ada.id, clock.now_text())))
    expect_no_error(fresh)


def test_without_mail_links_are_copied_shown_once_and_sign_in(portal, ada, add_person, sign_in, new_context):
    fia = add_person("Fia Facilitator", "facilitator", None)
    survey = opened()
    page = sign_in(fia, f"/questionnaires?survey={survey.id}&part=people")
    expect(page.get_by_text("Mail is not set up")).to_be_visible()
    press(page, "Links to copy")
    dialog = page.get_by_role("dialog")
    press(dialog, "Make 1 link")
    expect(dialog.get_by_text("shown only now")).to_be_visible()
    link = dialog.locator("code").first.inner_text().strip()
    with page.expect_download() as download:
        press(dialog, "Download as CSV")
    rows = download.value.path().read_text("utf-8-sig").splitlines()
    assert rows == ["name,email,link", f"Ada Sales,ada@example.com,{link}"]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    press(page, "Links to copy")
    expect(dialog.get_by_role("button", name="Make 1 link")).to_be_visible()
    assert dialog.locator("code").count() == 0

    fresh = new_context().new_page()
    come_in(fresh, link)
    answer(fresh, FIRST, "All of them")
    until(fresh, lambda: bool(kept(ada, survey)))
    fresh.get_by_test_id("stSidebarNav").get_by_role("link", name="Inbox (2 new)").click()
    expect(fresh.get_by_text("Fia Facilitator has made a personal link")).to_be_visible()
    settle(fresh)
    fresh.reload()
    expect(fresh.get_by_test_id("stSidebarNav").get_by_role("link", name="Inbox", exact=True)).to_be_visible()

    other = new_context().new_page()  # whoever holds a copy of the link does not see her answers
    other.goto(link)
    press(other, "Begin, or go on where I stopped")
    expect(other.get_by_text("such a link works once")).to_be_visible()


def test_the_closing_time_passes_while_the_page_is_open(portal, ada, new_context):
    survey = opened()
    token = store().write(lambda connection: invitations.new_token(connection, survey.id, ada.id))
    page = new_context().new_page()
    come_in(page, f"{portal.url}/sign-in/{token}")
    answer(page, FIRST, "All of them")
    until(page, lambda: bool(kept(ada, survey)))
    with clock.at(datetime.now(UTC) - timedelta(hours=1)):
        at = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=2)
        schedules.set_dates(MACHINE, survey.id, closes=at, revision=survey.revision)
    until(page, lambda: datetime.now(UTC).replace(tzinfo=None) > at)
    page.get_by_text("Some of them", exact=True).first.click()
    expect(page.get_by_text("closed").first).to_be_visible()

    def closed() -> bool:
        schedules.open_and_close_due(MACHINE)
        return surveys.read_survey(MACHINE, survey.id).status is SurveyStatus.CLOSED

    until(page, closed)
    row = store().read().execute("SELECT value FROM answer WHERE question = 'worth'").fetchone()
    assert row["value"] == '"All of them"'


def test_the_clockwork_of_the_server_invites_and_sends_without_anybody(portal, mailbox, ada, new_context):
    use_mail(mailbox, portal.url)
    opened()
    portal.stop()
    portal.start()  # the first round comes at the start
    until(new_context().new_page(), lambda: len(mailbox.got) == 1)


def test_dates_are_set_on_the_screen_in_the_companys_time_and_told(portal, ada, add_person, sign_in):
    survey = opened()
    page = sign_in(
        add_person("Fia Facilitator", "facilitator", None), f"/questionnaires?survey={survey.id}&part=people"
    )
    press(page, "Dates")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Closes by itself").click()
    expect(dialog.get_by_label("Closing time").first).to_be_visible()
    dialog.get_by_text("Remind before closing").click()
    expect(dialog.get_by_label("Days before closing")).to_be_visible()
    expect(dialog.get_by_text("A new closing time is told to 1 person.")).to_be_visible()
    surveys.tighten_survey(MACHINE, survey.id, min_group=4, revision=survey.revision)  # by somebody else
    press(dialog, "Save")
    expect(dialog.get_by_text("was changed in the meantime")).to_be_visible()  # and nothing typed is lost
    page.keyboard.press("Escape")
    page.reload()
    press(page, "Dates")
    dialog.get_by_text("Closes by itself").click()
    expect(dialog.get_by_label("Closing time").first).to_be_visible()
    dialog.get_by_text("Remind before closing").click()
    expect(dialog.get_by_label("Days before closing")).to_be_visible()
    confirm(page, "Save")
    expect(page.get_by_text("reminds 2 days before")).to_be_visible()
    found = surveys.read_survey(MACHINE, survey.id)
    assert found.remind_days == 2 and found.closes_at.endswith("17:00:00.000000Z")
    assert [message.kind.value for message in messages.my_messages(Actor(ada.id, clock.now_text()))] == [
        "dates",
        "invitation",
    ]


def test_people_are_chosen_from_a_file_whose_bad_rows_are_told(portal, ada, add_person, sign_in):
    survey = surveys.prepare_survey(MACHINE, toml=TOML.format(mode="named"))
    fia = add_person("Fia Facilitator", "facilitator", None)
    page = sign_in(fia, f"/questionnaires?survey={survey.id}&part=people")
    press(page, "Who is asked")
    dialog = page.get_by_role("dialog")
    pick(dialog, "Who is to answer?", "People I choose")
    content = "email;name\nada@example.com;Ada\n![x](https://evil.example/x);Nobody\n"
    dialog.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    expect(dialog.get_by_text("1 person found in the file.")).to_be_visible()
    expect(dialog.get_by_text("Line 3, ![x](")).to_be_visible()
    confirm(page, "Ask 1 person")
    expect(page.get_by_text("1 person is asked: 1 in sales and 0 in marketing.")).to_be_visible()
    assert invitations.read_asked(MACHINE, survey.id).asked == {ada.id}


def test_an_administrator_sets_up_mail_and_tries_it(portal, mailbox, add_person, sign_in):
    admin = add_person("Ada Admin", "admin", None)
    page = sign_in(admin, "/settings")
    expect_heading(page, "Mail")
    settle(page)
    page.get_by_text("Set up mail").click()
    address = page.get_by_role("textbox", name="Mail address")
    address.fill(mailbox.address.replace("127", "robot:s3cret@127"))
    address.press("Enter")
    expect(page.get_by_text("Mail goes out through")).to_be_visible()
    press(page, "Send a test to myself")
    refused = page.get_by_role("alert").filter(has_text=re.compile("Check|does not offer"))
    expect(refused.first).to_be_visible()
    settle(page)  # the form below the test is drawn anew
    assert "s3cret" not in page.content()
    page.get_by_text("Change it").click()
    expect(address).to_be_visible()
    settle(page)
    address.fill(mailbox.address)
    address.press("Enter")
    expect(page.get_by_text("Mail is set. Send a test to yourself.")).to_be_visible()
    settle(page)
    press(page, "Send a test to myself")
    expect(page.get_by_text("The mail service took the test.")).to_be_visible()
    assert mailbox.recipients == [admin.email]
    assert portal.url in text_of(mailbox.got[0])


def test_under_streamlits_own_server_a_link_works_by_its_token(data_folder, tmp_path, browser, portal, ada):
    survey = opened()
    token = store().write(lambda connection: invitations.new_token(connection, survey.id, ada.id))
    plain = Portal(data_folder, free_port(), tmp_path / "streamlit.log")
    plain.start([sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(plain.port)])
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(plain.url)
        settle(page)
        page.goto(f"{plain.url}/welcome?token={token}")
        press(page, "Begin, or go on where I stopped")
        expect_heading(page, FIRST)
    finally:
        context.close()
        plain.stop()
