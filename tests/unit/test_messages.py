"""What people are told: subjects are one line whatever the title holds, and a mail holds what it needs."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from alignment import messages, templates
from alignment.messages import MailState, Message, MessageKind
from alignment.people import Role
from alignment.surveys import Survey, SurveyStatus

LINK, ACCOUNT = "https://concord.example/sign-in/m.x", "https://concord.example/sign-in/m.x?go=account"


def survey():
    return Survey(
        "1", None, "pulse", templates.template("pulse"), SurveyStatus.OPEN, "2026-01-01", None, None, 1
    )


def message(kind):
    return Message("1", "2", "3", kind, "Subject", "Body", "answer", "2026-01-01", MailState.WAITING)


@given(st.text(max_size=400))
def test_a_subject_is_one_line_of_printable_text(text):
    line = messages.one_line(text)
    assert len(line) <= 150
    assert line.isprintable() or not line
    assert line == line.strip()


def test_a_line_break_in_a_name_or_title_cannot_begin_a_header():
    assert messages.one_line("Hello\r\nBcc: all@example.com") == "Hello Bcc: all@example.com"
    assert messages.one_line("Hello\u2028Bcc: x") == "Hello Bcc: x"


def test_an_invitation_tells_the_privacy_and_when_it_closes():
    closes = datetime(2026, 12, 4, 17, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    told = messages.invitation(survey(), closes)
    assert survey().title in told.subject
    assert survey().mode.promise in told.body
    assert "Friday 4 December 2026 at 17:00 (Europe/Berlin)" in told.body
    assert "closes on" not in messages.invitation(survey(), None).body


def test_a_members_mail_warns_not_to_pass_the_link_on_and_a_reminder_leads_to_the_account():
    body = messages.mail_body(message(MessageKind.REMINDER), Role.MEMBER, LINK, ACCOUNT)
    assert f"\n{LINK}\n" in body and "do not pass it on" in body and f"\n{ACCOUNT}\n" in body
    body = messages.mail_body(message(MessageKind.INVITATION), Role.FACILITATOR, LINK, ACCOUNT)
    assert LINK in body and "pass it on" not in body and ACCOUNT not in body
