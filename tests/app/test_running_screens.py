"""People and dates, the inbox, the account and the mail's settings as each role finds them."""

from datetime import datetime, timedelta

import pytest
import streamlit as st
from hostile import HOSTILE, LIVE
from test_hostile_text import rendered

from actions import answers, clock, invitations, mail, messages, people, schedules, surveys
from alignment.people import MACHINE, Actor, Role, Team
from alignment.questionnaire_files import from_document, to_document, write_toml
from alignment.surveys import Audience
from alignment.templates import template
from db.store import store

RUN, INBOX, ACCOUNT = "pages/surveys/questionnaires.py", "pages/home/inbox.py", "pages/people/account.py"
SETTINGS, WELCOME, TODAY = "pages/admin/settings.py", "pages/setup/welcome.py", "pages/home/today.py"


def acting(person):
    return Actor(person.id, clock.now_text())


def prepared(mode="confidential", title="Our leads"):
    document = to_document(template("qualified_lead")) | {"mode": mode, "title": title}
    return surveys.prepare_survey(MACHINE, toml=write_toml(from_document(document)))


def opened(mode="confidential", title="Our leads"):
    return surveys.open_survey(MACHINE, prepared(mode, title).id)


def words(app):
    return "\n".join(rendered(app))


def labels(app):
    return [button.label for button in app.button]


def click(app, label):
    next(button for button in app.button if button.label == label).click()
    return app.run()


# ── people and dates ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_says_when_it_opens_and_whom_it_asks(open_page, make_person):
    make_person(), make_person(team="marketing")
    survey = prepared()
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    assert "Opens when you open it, closes when you close it." in words(app)
    assert "Everybody in both teams is asked: 1 in sales and 1 in marketing." in words(app)
    assert {"Who is asked", "Dates"} <= set(labels(app)) and "Links to copy" not in labels(app)


def test_a_questionnaire_for_nobody_says_so(open_page, make_person):
    ada = make_person()
    survey = prepared()
    survey = invitations.ask_people(MACHINE, survey.id, [ada.id], revision=survey.revision)
    assert survey.audience is Audience.PEOPLE
    people.end_access(MACHINE, ada.id)
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    assert "Nobody is asked yet." in words(app)


def test_an_open_one_offers_reminders_dates_and_links_to_those_who_run_it_only(open_page, make_person):
    make_person()
    survey = opened()
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    assert {"Remind up to 1 person", "Dates", "Links to copy"} <= set(labels(app))
    assert "Mail is not set up" in words(app)
    lead = open_page(RUN, make_person("team_lead"), survey=survey.id, part="people")
    assert not {"Remind up to 2 people", "Dates", "Links to copy"} & set(labels(lead))
    assert "Closes when you close it." in words(lead)


def test_only_in_a_named_one_it_says_who_has_not_finished(open_page, make_person):
    make_person(name="Ada Sales")
    facilitator = make_person("facilitator", None)
    for mode, told in (("named", True), ("confidential", False), ("anonymous", False)):
        app = open_page(RUN, facilitator, survey=opened(mode).id, part="people")
        assert ("Ada Sales" in "\n".join(text.value for text in app.text)) is told, mode


def test_a_reminder_is_asked_about_first_and_says_how_many_mails_it_sends(open_page, make_person):
    ada = make_person()
    mail.set_mail(MACHINE, "mailto://127.0.0.1:1?from=a@b.example", "https://concord.example", revision=0)
    survey = opened("named")
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    click(app, "Remind 1 person")
    assert "this sends 1 mail" in words(app)
    assert len(messages.my_messages(acting(ada))) == 1
    click(app, "Remind")
    assert [message.kind for message in messages.my_messages(acting(ada))] == ["reminder", "invitation"]


def test_opening_says_how_many_mails_it_sends(open_page, make_person):
    make_person(), make_person(team="marketing")
    mail.set_mail(MACHINE, "mailto://127.0.0.1:1?from=a@b.example", "https://concord.example", revision=0)
    survey = prepared()
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    click(app, "Open")
    assert "2 people are told in the portal, and this sends 2 mails." in words(app)


def test_dates_typed_last_are_the_ones_that_are_saved(open_page, make_person):
    survey = prepared()
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    app.session_state[f"running_closes_{survey.id}"] = (
        True  # the toggle, as if it had been pressed in the dialog
    )
    click(app, "Dates")
    later = (datetime.now() + timedelta(days=20)).replace(hour=8, minute=15, second=0, microsecond=0)
    app.datetime_input(key=f"running_closes_at_{survey.id}").set_value(later)
    click(app, "Save")
    assert surveys.read_survey(MACHINE, survey.id).closes_at == later.strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def test_a_date_that_makes_no_sense_is_refused_in_words(open_page, make_person):
    survey = prepared()
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    app.session_state[f"running_closes_{survey.id}"] = (
        True  # the toggle, as if it had been pressed in the dialog
    )
    click(app, "Dates")
    app.datetime_input(key=f"running_closes_at_{survey.id}").set_value(datetime(2020, 1, 1, 8))
    click(app, "Save")
    assert "The closing time has to lie ahead" in words(app)
    assert surveys.read_survey(MACHINE, survey.id) == survey


def test_what_could_not_be_delivered_is_counted(open_page, make_person):
    make_person()
    mail.set_mail(MACHINE, "mailto://127.0.0.1:1?from=a@b.example", "https://concord.example", revision=0)
    survey = opened()
    store().write(lambda connection: connection.execute("UPDATE message SET mail = 'failed'"))
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id, part="people")
    assert "1 mail could not be delivered" in words(app)


# ── the inbox ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["member", "facilitator", "team_lead", "admin"])
def test_an_empty_inbox_says_what_will_come(open_page, make_person, role):
    app = open_page(INBOX, make_person(role))
    assert "Nothing yet." in words(app) and not app.exception


def test_messages_are_new_until_they_were_shown_and_lead_to_the_questionnaire(open_page, make_person):
    ada = make_person()
    survey = opened(title=HOSTILE[:100])
    app = open_page(INBOX, ada)
    assert "1 new message." in words(app)
    assert not [text for text in rendered(app) if LIVE.search(text)]
    app.run()
    assert "Nothing new." in words(app)
    click(app, "Answer")
    assert app.query_params["survey"] == survey.id and not app.exception


def test_a_request_for_answers_asks_no_more_once_they_are_in(open_page, make_person):
    ada = make_person()
    survey = opened(title=HOSTILE[:100])
    questionnaire = survey.questionnaire
    for asked in questionnaire.everything:
        if asked.required:
            answers.save_answer(acting(ada), survey.id, asked.key, None)
    assert "waits for your answers" in words(open_page(INBOX, ada))
    answers.submit_answers(acting(ada), survey.id)
    app = open_page(INBOX, ada)
    assert "waits for your answers" not in words(app)
    assert any("You have answered this" in one.label for one in app.expander)
    assert not [text for text in rendered(app) if LIVE.search(text)]
    click(app, "Change answers")
    assert app.query_params["survey"] == survey.id and not app.exception


def test_new_dates_are_a_task_on_today_until_they_were_read(open_page, make_person):
    ada = make_person()
    survey = opened()
    assert "New closing time" not in words(open_page(TODAY, ada))
    closes = datetime.now() + timedelta(days=3)
    schedules.set_dates(MACHINE, survey.id, closes=closes, revision=survey.revision)
    assert "New closing time: Our leads" in words(open_page(TODAY, ada))
    open_page(INBOX, ada)
    assert "New closing time" not in words(open_page(TODAY, ada))


# ── account, settings, welcome ───────────────────────────────────────────────────────────────────────────────────────


def test_reminders_are_turned_off_on_the_account_page(open_page, make_person):
    ada = make_person()
    app = open_page(ACCOUNT, ada)
    app.toggle(key="account_reminders").set_value(False).run()
    assert not messages.wants_reminders(acting(ada)) and not app.exception


def test_who_has_no_password_is_not_asked_for_the_old_one(open_page, make_person):
    ada = make_person()
    assert "You have none yet" in words(open_page(ACCOUNT, ada))
    people.set_password(MACHINE, ada.id, "correct horse battery")
    assert "You have none yet" not in words(open_page(ACCOUNT, ada))


def test_the_mail_address_is_on_no_screen_once_it_was_entered(open_page, make_person):
    app = open_page(SETTINGS, make_person("admin", None))
    app.text_input(key="mail_address").set_value("mailtos://me:s3cret-word@smtp.c.example?from=a@c.example")
    app.text_input(key="mail_portal_url").set_value("https://concord.example")
    click_form(app, "mail_save")
    assert mail.read_mail(MACHINE).host == "smtp.c.example:587"
    app.run()
    assert "smtp.c.example" in words(app)
    assert "s3cret" not in words(app) and "s3cret" not in str([one.value for one in app.text_input])


def click_form(app, key):
    next(button for button in app.button if button.key and button.key.endswith(key)).click()
    return app.run()


def test_a_bad_mail_address_is_refused_and_can_be_mended(open_page, make_person):
    app = open_page(SETTINGS, make_person("admin", None))
    app.text_input(key="mail_address").set_value("syslog://")
    app.text_input(key="mail_portal_url").set_value("https://concord.example")
    click_form(app, "mail_save")
    assert "kind of address is not used here" in words(app) and not mail.read_mail(MACHINE).is_set


def test_a_link_shows_a_hostile_title_as_text_and_signs_nobody_in_by_being_looked_at(open_page, make_person):
    ada = make_person(name="Ada Sales")
    survey = opened(title=HOSTILE[:150])
    token = store().write(lambda connection: invitations.new_token(connection, survey.id, ada.id))
    app = open_page(WELCOME, None, token=token)
    assert "Hello Ada" in words(app) and not [text for text in rendered(app) if LIVE.search(text)]
    assert "signed_in" not in app.session_state
    click(app, "Begin, or go on where I stopped")
    assert app.session_state["signed_in"].person_id == ada.id


def test_a_copied_link_asks_for_the_password_when_it_is_used_again(open_page, make_person):
    ada, bea = make_person(), make_person()
    survey = opened()
    tokens = {link.person.id: link.token for link in invitations.make_links(MACHINE, survey.id)}
    invitations.sign_in_by_link(tokens[ada.id])
    begun, fresh = (open_page(WELCOME, None, token=tokens[who.id]) for who in (ada, bea))
    assert labels(begun) == labels(fresh)
    click(begun, "Begin, or go on where I stopped")
    assert "such a link works once" in words(begun)
    assert "signed_in" not in begun.session_state
    click(begun, "Sign in with my password")
    assert not begun.exception


def test_who_has_come_in_is_not_told_that_the_link_was_used_when_the_next_run_is_cut_off(
    open_page, monkeypatch
):
    invited = people.add_person(MACHINE, "Sue", "sue@example.com", Team.SALES, Role.MEMBER)
    app = open_page(WELCOME, None, token=invited.token)
    for key in ("welcome_password", "welcome_repeated"):
        app.text_input(key=key).set_value("correct horse battery")
    click(app, "Come in")
    assert "you are signed in" in words(app)
    gone = []
    monkeypatch.setattr(st, "switch_page", lambda page, **options: gone.append(page) or st.stop())
    for _ in range(2):  # the browser asks for another run before it has seen where the first one leads
        app.run()
    del app.query_params["token"]  # or when it has seen the new address, but not yet the page
    app.run()
    assert len(gone) == 3 and "does not work any more" not in words(app)
    app.query_params["token"] = "another"
    app.run()
    assert len(gone) == 3
