"""Mail: it arrives with a link that works, waits when the service does not answer, and goes to nobody else."""

import json
import re
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from mail_server import Mailbox, free_port, link_of, text_of, use_mail
from people import make_actor
from test_survey_running import draft, finish, opened

from actions import clock, invitations, mail, mail_services, messages, people, surveys
from alignment.errors import InvalidInput, StaleVersion, WrongState
from alignment.messages import MailState
from alignment.people import MACHINE, Team
from db import store as stores
from db.store import store
from jobs.clockwork import Clockwork
from jobs.rounds import run_round
from manage import manage

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def mailbox():
    """A mail server that is running."""
    box = Mailbox(free_port())
    running = box.start()
    yield box
    running.stop()


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None, "Fia Facilitator")


@pytest.fixture
def admin():
    return make_actor("admin", None, "Ada Admin")


def token_of(message):
    return link_of(message).rpartition("/")[2]


def deliver():
    return mail.deliver(MACHINE, route=mail.SIGN_IN_ROUTE)


def waiting(actor):
    return [message.mail for message in messages.my_messages(actor)]


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invitation_arrives_with_a_link_that_signs_in_and_all_of_them_by_one_connection(
    mailbox, facilitator
):
    use_mail(mailbox)
    members = [make_actor("member", team) for team in ("sales", "marketing") for _ in range(3)]
    lead = make_actor("team_lead", "sales")
    survey = opened(facilitator)
    assert deliver() == mail.Sent(sent=7)
    assert len(mailbox.connections) == 1
    signed_in = set()
    for message in mailbox.got:
        assert message["From"] == "Concord <portal@company.example>"
        assert survey.title in message["Subject"] and survey.mode.promise in text_of(message)
        link = link_of(message)
        if "/sign-in/" in link:
            assert link.startswith("https://concord.example/sign-in/m.")
            session, survey_id = invitations.sign_in_by_link(token_of(message))
            assert survey_id == survey.id
            signed_in.add(session.person_id)
        else:
            assert link == f"https://concord.example/answer?survey={survey.id}"
    assert signed_in == {member.person_id for member in members} and lead.person_id not in signed_in
    assert deliver() == mail.Sent()


def test_nothing_is_sent_in_the_click_and_nothing_without_mail(mailbox, facilitator):
    ada = make_actor("member", "sales")
    opened(facilitator)
    assert waiting(ada) == [MailState.NONE]
    use_mail(mailbox)
    opened(facilitator)
    assert waiting(ada) == [MailState.WAITING, MailState.NONE]
    assert mailbox.got == []
    deliver()
    assert len(mailbox.got) == 1


def test_a_link_is_nowhere_but_in_its_mail(mailbox, facilitator, data_folder):
    use_mail(mailbox)
    make_actor("member", "sales")
    opened(facilitator)
    deliver()
    token = token_of(mailbox.got[0])
    stores.close_all()
    for path in data_folder.rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes(), path


def test_a_reminder_reaches_only_those_who_have_not_finished_even_if_they_finish_before_it_is_sent(
    mailbox, facilitator
):
    ada, bea, cleo = (make_actor("member", "sales", name) for name in ("Ada", "Bea", "Cleo"))
    survey = opened(facilitator, "anonymous")
    use_mail(mailbox)
    finish(ada, survey)
    invitations.remind(facilitator, survey.id)
    finish(bea, survey)
    assert deliver().sent == 1
    assert [message["To"].addresses[0].display_name for message in mailbox.got] == ["Cleo"]
    assert waiting(bea)[0] is MailState.NONE
    # its second link turns reminders off, also for people without a password
    account = re.findall(r"https?://\S+", text_of(mailbox.got[0]))[1]
    assert account == link_of(mailbox.got[0]) + "?go=account"
    messages.choose_reminders(cleo, False)
    with clock.at(datetime.now(UTC) + timedelta(days=2)):
        invitations.remind(facilitator, survey.id)
        assert deliver().sent == 0


def test_what_nobody_needs_any_more_is_not_sent(mailbox, facilitator):
    use_mail(mailbox)
    ada = make_actor("member", "sales")
    closed = opened(facilitator)
    surveys.close_survey(facilitator, closed.id)
    opened(facilitator)
    people.end_access(MACHINE, ada.person_id)
    assert deliver() == mail.Sent() and mailbox.got == []


def test_a_line_break_in_a_title_or_a_name_makes_no_header(mailbox, facilitator):
    use_mail(mailbox)
    make_actor("member", "sales", "Ada\nBcc: spy@example.com")
    opened(facilitator, title="Leads\nBcc: spy@example.com\n\nHello")
    assert deliver().sent == 1
    (message,) = mailbox.got
    assert (
        message["Bcc"] is None
        and "spy@example.com" not in mailbox.recipients
        and len(mailbox.recipients) == 1
    )
    assert message["Subject"] == "Your view is asked: Leads Bcc: spy@example.com Hello"


def test_formatting_in_a_title_stays_plain_text(mailbox, facilitator):
    use_mail(mailbox)
    make_actor("member", "sales")
    opened(facilitator, title="<b>Leads</b> <img src=https://evil.example/x>")
    deliver()
    (message,) = mailbox.got
    assert message.get_content_type() == "text/plain" and not list(message.iter_attachments())


# ── when it does not work ────────────────────────────────────────────────────────────────────────────────────────────


def test_with_the_server_down_it_is_tried_again_after_a_minute_ten_and_an_hour_and_then_given_up(facilitator):
    use_mail(Mailbox(free_port()))
    with clock.at(NOON):
        make_actor("member", "sales")
        ada = make_actor("member", "sales")
        survey = opened(facilitator)
        assert deliver() == mail.Sent(again=2)
        assert deliver() == mail.Sent()
    at = NOON
    for pause in (timedelta(minutes=1), timedelta(minutes=10)):
        at += pause
        with clock.at(at - timedelta(seconds=1)):
            assert deliver() == mail.Sent()
        with clock.at(at):
            assert deliver() == mail.Sent(again=2)
    with clock.at(at + timedelta(hours=1)):
        assert deliver() == mail.Sent(failed=2)
    with clock.at(at + timedelta(days=3)):
        assert deliver() == mail.Sent()
    found = invitations.delivery(facilitator, survey.id)
    assert (found.sent, found.waiting, found.failed) == (0, 0, 2)
    assert waiting(ada) == [MailState.FAILED]
    assert "refuses connections" in mail.read_mail(MACHINE).last_error
    assert store().read().execute("SELECT count(*) FROM survey_link").fetchone()[0] == 0


def test_one_recipient_that_is_refused_keeps_no_mail_from_the_others_and_is_not_named(mailbox, facilitator):
    use_mail(mailbox)
    actors = [make_actor("member", "sales") for _ in range(3)]
    emails = {entry.person.id: entry.person.email for entry in people.list_people(MACHINE)}
    bad = emails[actors[1].person_id]
    mailbox.refused.add(bad)
    opened(facilitator)
    assert deliver() == mail.Sent(sent=2, again=1)
    kept = messages.my_messages(actors[1])[0]
    assert "550" in kept.mail_error and "no such mailbox" in kept.mail_error and bad not in kept.mail_error
    mailbox.refused.clear()
    with clock.at(datetime.now(UTC) + timedelta(minutes=2)):
        assert deliver() == mail.Sent(sent=1)
    assert sorted(mailbox.recipients) == sorted(emails[actor.person_id] for actor in actors)


def test_a_mail_whose_sending_was_cut_off_is_not_sent_twice(mailbox, facilitator):
    use_mail(mailbox)
    ada = make_actor("member", "sales")
    opened(facilitator)
    kept = {"portal_url": "https://concord.example"}
    store().write(
        lambda connection: mail._claim(connection, kept["portal_url"], "sign-in/")
    )  # and then, kill -9
    assert deliver() == mail.Sent()
    with clock.at(datetime.now(UTC) + timedelta(hours=1)):
        deliver()
    assert mailbox.got == [] and waiting(ada) == [MailState.FAILED]
    assert "may have arrived" in messages.my_messages(ada)[0].mail_error


def test_two_servers_on_one_store_send_every_mail_once(mailbox, facilitator):
    use_mail(mailbox)
    for _ in range(12):
        make_actor("member", "sales")
    opened(facilitator)
    together = threading.Barrier(4)

    def serve():
        together.wait()
        run_round()

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailbox.recipients) == 12 == len(set(mailbox.recipients))


def test_stopping_in_the_middle_leaves_the_rest_for_later(mailbox, facilitator):
    use_mail(mailbox)
    for _ in range(5):
        make_actor("member", "sales")
    opened(facilitator)
    answers_given = iter([True, True, False, False, False, False, False])
    assert mail.deliver(MACHINE, may_go_on=lambda: next(answers_given)).sent == 2
    assert deliver().sent == 3
    assert len(set(mailbox.recipients)) == 5


def test_a_fault_in_one_step_of_a_round_keeps_nothing_else_from_being_done(mailbox, facilitator):
    use_mail(mailbox)
    make_actor("member", "sales")
    broken = draft(facilitator)
    opened(facilitator)
    store().write(
        lambda connection: connection.execute("UPDATE survey SET content = '{' WHERE id = ?", (broken.id,))
    )
    done = run_round()
    assert done.faults == ("open and close", "invite", "remind") and done.mails_sent == 1


def test_with_another_key_nothing_is_sent_and_the_settings_say_what_to_do(mailbox, facilitator, data_folder):
    use_mail(mailbox)
    ada = make_actor("member", "sales")
    opened(facilitator)
    for key in ("0" * 64, "no key at all", ""):
        (data_folder / mail.KEY_FILE).write_text(key)
        assert run_round().faults == () and waiting(ada) == [MailState.WAITING]
        assert "Enter it anew" in mail.read_mail(MACHINE).fault


def test_what_became_of_reminders_is_told_in_named_surveys_only(mailbox, facilitator):
    use_mail(mailbox)
    ada = make_actor("member", "sales")
    for mode, failed in (("confidential", 1), ("anonymous", 1), ("named", 2)):
        survey = opened(facilitator, mode)
        invitations.remind(facilitator, survey.id)
        store().write(
            lambda connection, survey=survey: connection.execute(
                "UPDATE message SET mail = 'failed' WHERE survey_id = ?", (survey.id,)
            )
        )
        assert invitations.delivery(facilitator, survey.id).failed == failed, mode
    assert len(messages.my_messages(ada)) == 6


# ── the setting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_address_is_kept_encrypted_under_a_key_that_only_the_owner_can_read_and_never_shown(
    admin, data_folder
):
    mail.set_mail(
        admin,
        "mailtos://robot:s3cret-word@smtp.company.example?from=portal@company.example",
        "https://concord.example/",
        revision=0,
    )
    found = mail.read_mail(admin)
    assert (found.service, found.host, found.sender) == (
        "SMTP",
        "smtp.company.example:587",
        "portal@company.example",
    )
    assert found.portal_url == "https://concord.example" and not found.fault
    assert "s3cret" not in repr(found)
    assert stat.S_IMODE((data_folder / mail.KEY_FILE).stat().st_mode) == 0o600
    audit = [tuple(row) for row in store().read().execute("SELECT * FROM audit")]
    assert "s3cret" not in repr(audit) and "smtp.company.example" in repr(audit)
    stores.close_all()
    for path in data_folder.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes(), path


def test_an_address_stays_when_only_the_portals_own_is_changed(admin, mailbox):
    use_mail(mailbox)
    mail.set_mail(admin, "", "https://other.example", revision=1)
    assert mail.send_test(admin) and "https://other.example" in text_of(mailbox.got[0])
    with pytest.raises(StaleVersion):
        mail.set_mail(admin, "", "https://third.example", revision=1)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Enter the mail address"),
        ("syslog://", "kind of address"),
        ("dbus://", "kind of address"),
        ("file:///etc/passwd", "kind of address"),
        ("json://localhost/x", "kind of address"),
        ("slack://a/b/c", "kind of address"),
        ("config://https://evil.example", "kind of address"),
        ("smtp.company.example", "kind of address"),
        ("mailto://h.example?from=a@b.example&bcc=spy@b.example", "‘bcc’"),
        ("mailto://h.example?from=a@b.example&to=spy@b.example", "‘to’"),
        ("mailto://h.example/spy@b.example?from=a@b.example", "recipients"),
        ("mailto://h.example?from=a@b.example&pgp=sign&pgpprv=/etc/ssl/key", "‘pgp’"),
        ("mailto://h.example?from=a@b.example&+Bcc=spy@b.example", "not used here"),
        ("mailto://h.example?from=a@b.example&attach=/etc/passwd", "‘attach’"),
        ("mailto://h.example?from=a@b.example\r\nX: y", "cannot be read"),
        ("mailto://h.example", "not complete"),
        ("mailtos://u:s3cret-word@?from=nobody", "not complete"),
        ("sendgrid://s3cret-word", "address"),
        ("x" * 3000, "cannot be read"),
    ],
)
def test_an_address_that_is_of_no_use_or_would_do_more_is_refused_without_being_repeated(
    admin, address, words
):
    with pytest.raises(InvalidInput, match=words) as refusal:
        mail.set_mail(admin, address, "https://concord.example", revision=0)
    assert "s3cret" not in str(refusal.value)
    assert not mail.read_mail(admin).is_set


@pytest.mark.parametrize("name", mail_services.OTHER_SERVICES)
def test_every_service_that_is_named_is_one_that_apprise_has(name):
    from apprise import Apprise

    services = Apprise().details()["schemas"]
    known = {schema for service in services for schema in service["secure_protocols"] or ()}
    (scheme,) = [scheme for scheme, called in mail_services.SERVICES.items() if called == name]
    assert scheme in known


@pytest.mark.parametrize(
    "url",
    ["", "concord.example", "ftp://concord.example", "https://", "https://user:pw@concord.example", "https://c.example?x=1",
     "https://c.example#x", "https://c.example\n", "https://c.example:99999", "javascript:alert(1)", None],
)  # fmt: skip
def test_the_portals_own_address_has_to_be_one(admin, url):
    if url == "https://c.example\n":
        mail.set_mail(
            admin, "mailto://h.example?from=a@b.example", url, revision=0
        )  # a trailing break is trimmed
        assert mail.read_mail(admin).portal_url == "https://c.example"
        return
    with pytest.raises(InvalidInput, match="portal's address"):
        mail.set_mail(admin, "mailto://h.example?from=a@b.example", url, revision=0)


def test_a_test_says_what_is_wrong_in_words(admin, mailbox):
    with pytest.raises(WrongState, match="not set up"):
        mail.send_test(admin)
    mail.set_mail(
        admin, f"mailto://127.0.0.1:{free_port()}?from=a@b.example", "https://c.example", revision=0
    )
    with pytest.raises(mail.MailFailed, match="refuses connections"):
        mail.send_test(admin)
    mail.set_mail(
        admin, f"mailtos://127.0.0.1:{mailbox.port}?from=a@b.example", "https://c.example", revision=1
    )
    with pytest.raises(mail.MailFailed, match="STARTTLS"):
        mail.send_test(admin)
    mail.set_mail(
        admin,
        f"mailto://me:s3cret@127.0.0.1:{mailbox.port}?from=a@b.example",
        "https://c.example",
        revision=2,
    )
    with pytest.raises(mail.MailFailed) as refusal:
        mail.send_test(admin)
    assert "s3cret" not in str(refusal.value)
    mail.set_mail(admin, mailbox.address, "https://c.example", revision=3)
    email = mail.send_test(admin)
    assert mailbox.recipients == [email]


def test_without_mail_what_waited_stays_in_the_inbox(admin, mailbox, facilitator):
    use_mail(mailbox)
    ada = make_actor("member", "sales")
    opened(facilitator)
    mail.remove_mail(admin)
    assert waiting(ada) == [MailState.NONE] and not mail.read_mail(admin).is_set
    use_mail(mailbox)
    assert deliver() == mail.Sent()
    with pytest.raises(WrongState):
        mail.remove_mail(admin)
        mail.remove_mail(admin)


def test_apprise_and_the_cipher_are_loaded_only_when_a_mail_is_sent():
    code = "import sys, actions.mail, jobs.clockwork; print(json.dumps([m in sys.modules for m in ('apprise', 'cryptography.fernet')]))"
    found = subprocess.run(
        [sys.executable, "-c", "import json; " + code], capture_output=True, text=True, check=True
    )
    assert json.loads(found.stdout) == [False, False]


def test_the_drafts_of_a_facilitator_are_told_to_nobody(facilitator, mailbox):
    use_mail(mailbox)
    ada = make_actor("member", Team.SALES.value)
    draft(facilitator)
    run_round()
    assert messages.my_messages(ada) == [] and mailbox.got == []


def test_one_round_from_the_command_line_does_what_is_due_and_says_so(mailbox, facilitator):
    use_mail(mailbox)
    make_actor("member", "sales")
    opened(facilitator)
    done = CliRunner().invoke(manage, ["jobs", "run", "--json"])
    assert done.exit_code == 0 and json.loads(done.output)["mails_sent"] == 1
    assert link_of(mailbox.got[0]).startswith("https://concord.example/welcome?token=m.")
    assert CliRunner().invoke(manage, ["jobs", "run"]).output == "Nothing was due.\n"


def test_the_clockwork_does_a_first_round_at_once_and_stops_in_order(mailbox, facilitator):
    use_mail(mailbox)
    make_actor("member", "sales")
    opened(facilitator)
    clockwork = Clockwork(every=3600)
    clockwork.start()
    assert mailbox.arrived.wait(20)
    assert clockwork.stop() and not clockwork.is_running
    assert len(mailbox.got) == 1
