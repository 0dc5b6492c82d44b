"""What the screens show to whom, and what they refuse whatever the browser sends."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.testing.v1 import AppTest

from actions import backups, clock, people, settings, setup, sign_in
from alignment.company import BusinessHours, Company
from alignment.errors import InvalidInput, StaleVersion
from alignment.people import MACHINE, Actor, Role, Team
from components.navigation import FIRST_START, ROOT, WELCOME, screens, screens_for
from components.session import SignedIn

PASSWORD = "correct horse battery"


@pytest.fixture
def with_password(make_person):
    """with_password(role, team) -> Person who can use the form."""

    def make(role="member", team="sales", **more):
        person = make_person(role, team, **more)
        people.set_password(MACHINE, person.id, PASSWORD)
        return person

    return make


def start():
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)


def shown(app):
    """Everything that stands on the screen, as one text."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "text",
        "error",
        "warning",
        "info",
        "success",
        "code",
    )
    return read("\n".join(str(element.value) for kind in kinds for element in app.get(kind)))


def read(markdown):
    """Markdown as its reader sees it: escapes resolved."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "")


def button(app, label):
    return next(found for found in app.button if found.label == label)


def field(app, label):
    return next(found for found in app.text_input if found.label == label)


def use_form(app, email, password=PASSWORD):
    field(app, "E-mail").set_value(email)
    field(app, "Password").set_value(password)
    return button(app, "Sign in").click().run()


def is_form(app):
    return [found.label for found in app.text_input] == ["E-mail", "Password"] and not app.title


def acting(person):
    return Actor(person.id, clock.now_text())


# before signing in


def test_no_screen_is_shown_or_run_before_signing_in(make_person):
    make_person("admin", None)
    app = start().run()
    for screen in screens():
        app.switch_page(screen.path).run()
        assert is_form(app), screen.path
        assert not app.sidebar.children


def test_in_an_empty_portal_every_address_leads_to_set_up():
    app = start().run()
    for screen in screens():
        if not screen.is_home:
            app.switch_page(screen.path).run()
            assert app.title[0].value == "Set up Concord"


@pytest.mark.parametrize("path", ["pages/people/people.py", "pages/admin/settings.py"])
def test_a_screen_of_the_administrator_is_not_there_for_others(make_person, open_page, path):
    for role in ("member", "facilitator", "team_lead"):
        app = open_page("pages/home/today.py", make_person(role))
        with pytest.raises(ValueError, match="page"):
            app.switch_page(path)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_all_its_screens_and_no_others(make_person, role):
    person = make_person(role.value, "sales")
    app = start()
    app.session_state["signed_in"] = SignedIn(person.id, clock.now_text(), "")
    app.run()
    mine = screens_for(role)
    for screen in screens():
        if screen not in mine:
            with pytest.raises(ValueError):
                app.switch_page(screen.path)
            continue
        app.switch_page(screen.path).run()
        assert not app.exception, screen.path
        assert app.title, f"{screen.path} has no heading"


def test_an_address_that_is_no_screen_opens_the_start_page(make_person):
    person = make_person("member")
    app = start()
    app.session_state["signed_in"] = SignedIn(person.id, clock.now_text(), "")
    app.run()
    for path in (FIRST_START.path, "app.py", "actions/people.py", "../secrets.py"):
        with pytest.raises(ValueError):
            app.switch_page(path)


# the form


def test_the_right_password_opens_the_page_that_was_asked_for(with_password):
    ada = with_password("admin", None)
    app = start().run().switch_page("pages/people/account.py").run()
    use_form(app, ada.email)
    assert app.title[0].value == "Account" and not app.exception
    app.run()
    assert app.title[0].value == "Account"


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com", "**x** [y](http://evil.example)"])
def test_a_wrong_password_gets_one_sentence_and_five_lock_the_name(with_password, email):
    with_password("admin", None, email="ada@example.com")
    app = start().run()
    for _ in range(5):
        use_form(app, email, "wrong password")
        assert [found.value for found in app.error] == [sign_in.WRONG]
    for fresh in (app, start().run()):
        use_form(fresh, email)
        assert "5 failed attempts" in fresh.error[0].value and is_form(fresh)


def test_a_locked_name_does_not_throw_out_who_is_signed_in(with_password, open_page):
    ada = with_password("admin", None)
    app = open_page("pages/people/account.py", ada)
    for _ in range(5):
        with pytest.raises(sign_in.WrongPassword):
            sign_in.check(ada.email, "wrong")
    assert app.run().title[0].value == "Account"


@pytest.mark.parametrize(("email", "password"), [("", ""), ("ada@example.com", ""), ("", "something")])
def test_an_incomplete_form_signs_nobody_in(with_password, email, password):
    with_password("admin", None, email="ada@example.com")
    assert is_form(use_form(start().run(), email, password))


def test_signing_out_shows_the_form_and_ends_every_other_session(with_password, open_page):
    ada = with_password("admin", None)
    here, there = open_page("pages/people/account.py", ada), open_page("pages/people/account.py", ada)
    button(here, "Sign out").click().run()
    assert is_form(here) and "signed out" in shown(here)
    assert is_form(there.run())
    assert "signed_in" not in there.session_state
    use_form(here, ada.email)
    assert here.title[0].value == "Account"


def test_who_signs_out_and_in_again_is_told_once_and_comes_in(with_password, open_page):
    ada = with_password("admin", None)
    app = open_page("pages/people/account.py", ada)
    button(app, "Sign out").click().run()
    assert "signed out" in shown(
        app.run()
    )  # it stays until somebody signs in, whatever draws the screen anew
    use_form(app, ada.email)
    assert app.title[0].value == "Account" and "signed out" not in shown(app)


def test_a_sign_in_whose_run_is_cut_off_by_another_one_is_not_lost(with_password, monkeypatch):
    ada = with_password("admin", None)
    app = start().run().switch_page("pages/people/account.py").run()
    check = sign_in.check

    def check_and_be_cut_off(email, password):
        """As it goes when something on the screen asks for a run meanwhile: this one ends at its next touch of it."""
        found = check(email, password)
        get_script_run_ctx().script_requests.request_rerun(
            RerunData(page_script_hash=get_script_run_ctx().page_script_hash)
        )
        return found

    monkeypatch.setattr(sign_in, "check", check_and_be_cut_off)
    use_form(app, ada.email)
    assert app.title[0].value == "Account" and not app.exception


# sessions


def test_a_session_reached_over_another_connection_without_its_cookie_is_not_signed_in(make_person):
    ada = make_person("admin", None)
    app = start()
    app.session_state["signed_in"] = SignedIn(ada.id, clock.now_text(), "the key of somebody's browser")
    app.session_state["draft"] = "what Ada typed"
    app.run()
    assert is_form(app)
    assert "signed_in" not in app.session_state and "draft" not in app.session_state


@pytest.mark.parametrize("forged", ["text", {"person_id": "x"}, 7, None])
def test_nothing_but_a_claim_of_our_own_making_counts(make_person, forged):
    make_person("admin", None)
    app = start()
    app.session_state["signed_in"] = forged
    assert is_form(app.run())


def test_the_authenticators_own_session_keys_sign_nobody_in(make_person):
    ada = make_person("admin", None)
    app = start()
    for key, value in {
        "authentication_status": True,
        "username": ada.email,
        "name": "Ada",
        "roles": ["admin"],
    }.items():
        app.session_state[key] = value
    assert is_form(app.run())


def test_access_that_is_taken_away_ends_the_session_at_the_next_click_and_nothing_is_changed(
    make_person, open_page
):
    make_person("admin", None)
    bea = make_person("member", name="Bea")
    app = open_page("pages/people/account.py", bea)
    people.end_access(MACHINE, bea.id)
    field(app, "Name").set_value("Somebody else")
    button(app, "Save name").click().run()
    assert is_form(app)
    assert {entry.person.name for entry in people.list_people(MACHINE)} >= {"Bea"}


def callback_script():
    """A page whose button works in a callback, and a fragment: neither passes app.py."""
    import streamlit as st

    from actions import people
    from components.session import actor, person

    def rename():
        people.change_own_name(actor(), "Renamed")

    @st.fragment
    def part():
        st.text(f"hello {person().name}")
        st.button("Rename", on_click=rename)

    part()


def test_callbacks_and_fragments_ask_again_who_acts(make_person):
    bea = make_person("member", name="Bea")
    app = AppTest.from_function(callback_script)
    app.session_state["signed_in"] = SignedIn(bea.id, clock.now_text(), "")
    app.run()
    assert app.text[0].value == "hello Bea"
    people.end_access(MACHINE, bea.id)
    app.button[0].click().run()
    assert [entry.person.name for entry in people.list_people(MACHINE)] == ["Bea"]
    assert not app.text


def test_a_role_that_is_taken_away_takes_the_screens_with_it(make_person, open_page):
    make_person("admin", None)
    eve = make_person("admin", "sales", name="Eve")
    people.set_password(MACHINE, make_person("admin", None, email="third@example.com").id, PASSWORD)
    app = open_page("pages/people/people.py", eve)
    people.change_person(MACHINE, eve.id, name="Eve", team=Team.SALES, role=Role.MEMBER, revision=1)
    assert is_form(app.run())


# set-up and invitations


def test_set_up_makes_the_administrator_and_signs_them_in():
    app = start()
    app.query_params["setup"] = setup.new_code()
    app.run()
    for label, value in {
        "Your name": "Ada",
        "E-mail": "ada@example.com",
        "Password": PASSWORD,
        "Password again": PASSWORD,
    }.items():
        field(app, label).set_value(value)
    button(app, "Create and sign in").click().run()
    assert "You are the administrator" in shown(app)
    button(app, "Open the portal").click().run()
    assert app.title[0].value != "Set up Concord" and not app.exception
    assert "Ada" in app.sidebar.caption[0].value


@pytest.mark.parametrize("code", ["", "guess"])
def test_set_up_offers_nothing_without_the_code(code):
    setup.new_code()
    app = start()
    app.query_params["setup"] = code
    app.run()
    assert [found.label for found in app.text_input] == ["Set-up code"] and not app.button


def test_an_invitation_is_not_used_up_by_looking_and_leads_into_the_portal(make_person, with_password):
    with_password("admin", None)
    invited = people.add_person(MACHINE, "Bea", "bea@example.com", Team.SALES, Role.MEMBER)
    for _ in range(3):
        app = start()
        app.query_params["token"] = invited.token
        app.run().switch_page(WELCOME.path).run()
        assert "Hello Bea" in shown(app) and not app.sidebar.children
    field(app, "Password").set_value(PASSWORD)
    field(app, "Password again").set_value(PASSWORD)
    button(app, "Come in").click().run()
    assert "signed in" in shown(app)
    button(app, "Open the portal").click().run()
    assert "Bea" in app.sidebar.caption[0].value and not app.exception
    again = start()
    again.query_params["token"] = invited.token
    again.run().switch_page(WELCOME.path).run()
    assert "does not work any more" in again.error[0].value and not again.text_input


def test_an_invitation_of_somebody_else_is_not_mixed_into_a_session(with_password, open_page):
    app = open_page("pages/people/account.py", with_password("admin", None, name="Ada"))
    invited = people.add_person(MACHINE, "Bea", "bea@example.com", Team.SALES, Role.MEMBER)
    app.query_params["token"] = invited.token
    app.switch_page(WELCOME.path).run()
    app.query_params["token"] = invited.token
    app.run()
    assert "This link is for Bea" in shown(app) and not app.text_input
    button(app, "Sign out").click().run()
    assert "Hello Bea" in shown(app) and field(app, "Password")


def test_the_set_up_link_is_announced_once_per_process(caplog):
    setup.announce("http://localhost:1")
    setup.announce("http://localhost:1")
    links = [record.msg["url"] for record in caplog.records if "set up Concord" in str(record.msg)]
    assert len(links) == 1
    setup.check_code(links[0].partition("setup=")[2])


# looking after people


def test_the_administrator_invites_someone_and_sees_the_link_once(with_password, open_page):
    app = open_page("pages/people/people.py", with_password("admin", None))
    field(app, "Name").set_value("Bea")
    field(app, "E-mail").set_value("bea@example.com")
    button(app, "Invite").click().run()
    token = app.code[0].value.rpartition("=")[2]
    assert people.invited_person(token).name == "Bea"
    button(app, "I have copied it").click().run()
    assert token not in shown(app) and "Bea" in list(app.dataframe[0].value["Name"])


def test_an_invitation_with_a_fault_keeps_what_was_typed(with_password, open_page):
    app = open_page("pages/people/people.py", with_password("admin", None))
    field(app, "Name").set_value("Bea")
    field(app, "E-mail").set_value("no address")
    button(app, "Invite").click().run()
    assert "'no address' is no e-mail address" in read(app.error[0].value)
    assert field(app, "Name").value == "Bea"


def test_the_administrator_changes_ends_and_gives_back_access(with_password, make_person, open_page):
    admin, bea = with_password("admin", None), make_person("member", name="Bea")
    app = open_page("pages/people/people.py", admin)
    app.selectbox(key="people_chosen").select(bea.id).run()
    app.selectbox(key=f"people_role_{bea.id}").select("Team lead")
    button(app, "Save").click().run()
    assert people.list_people(MACHINE)[1].person.role is Role.TEAM_LEAD
    button(app, "End access now").click().run()
    assert not people.list_people(MACHINE)[1].person.active
    button(app, "Give access back").click().run()
    assert people.list_people(MACHINE)[1].person.active


def test_the_only_administrator_is_told_why_they_cannot_go(with_password, open_page):
    admin = with_password("admin", None)
    app = open_page("pages/people/people.py", admin)
    app.selectbox(key="people_chosen").select(admin.id).run()
    button(app, "End access now").click().run()
    assert "only administrator" in app.error[0].value and not app.exception


def test_text_from_people_stands_on_the_screen_as_it_was_typed(with_password, open_page):
    name = "**Ada** ![x](http://evil.example/x.png) :red[y] $z$ <script>"
    app = open_page("pages/people/account.py", with_password("admin", None, name=name))
    caption = app.sidebar.caption[0].value
    for live in ("**Ada**", "![x]", ":red[", "$z$", "<script>", "http://"):
        assert live not in caption


# account and settings


def test_changing_ones_password_keeps_this_session_and_ends_the_others(with_password, open_page):
    ada = with_password("admin", None)
    here, there = open_page("pages/people/account.py", ada), open_page("pages/people/account.py", ada)
    for label, value in {
        "Old password": PASSWORD,
        "New password": "a new one for me",
        "New password again": "a new one for me",
    }.items():
        field(here, label).set_value(value)
    button(here, "Change password").click().run()
    assert "Password changed" in here.toast[0].value
    assert here.run().title[0].value == "Account"
    assert is_form(there.run())


def test_settings_are_saved(with_password, open_page):
    admin = with_password("admin", None)
    app = open_page("pages/admin/settings.py", admin)
    field(app, "Name").set_value("Acme & sons")
    button(app, "Save").click().run()
    assert settings.read_company(acting(admin)).name == "Acme & sons" and "Acme & sons" in shown(app)


def test_settings_say_when_everything_was_last_backed_up(with_password, open_page, tmp_path):
    admin = with_password("admin", None)
    assert "No backup has been made yet" in shown(open_page("pages/admin/settings.py", admin))
    with clock.at(clock.now() - timedelta(days=9, hours=1)):
        backups.make_backup(MACHINE, tmp_path / "concord.backup")
    app = shown(open_page("pages/admin/settings.py", admin))
    assert "last backup was made on" in app and "9 days ago" in app


def test_of_two_who_save_settings_on_screen_the_second_is_told_and_keeps_what_they_typed(
    with_password, open_page
):
    admin = with_password("admin", None)
    first, second = open_page("pages/admin/settings.py", admin), open_page("pages/admin/settings.py", admin)
    field(first, "Name").set_value("First")
    button(first, "Save").click().run()
    field(second, "Name").set_value("Second")
    button(second, "Save").click().run()
    assert "someone else has changed" in second.error[0].value and field(second, "Name").value == "Second"
    button(second, "Save").click().run()
    assert settings.read_company(acting(admin)).name == "First"
    button(second, "Show what it is now").click().run()
    assert field(second, "Name").value == "First" and not second.error
    field(second, "Name").set_value("Second")
    button(second, "Save").click().run()
    assert settings.read_company(acting(admin)).name == "Second"


def test_of_two_who_change_one_person_on_screen_the_second_is_told(with_password, make_person, open_page):
    admin, bea = with_password("admin", None), make_person("member", name="Bea")
    first, second = open_page("pages/people/people.py", admin), open_page("pages/people/people.py", admin)
    for app in (first, second):
        app.selectbox(key="people_chosen").select(bea.id).run()
    for app, name in ((first, "First"), (second, "Second")):
        app.text_input(key=f"people_name_{bea.id}").set_value(name)
        button(app, "Save").click().run()
    assert not first.error and "changed" in second.error[0].value
    assert [entry.person.name for entry in people.list_people(MACHINE)][0:2].count("First") == 1


def test_of_two_who_save_settings_the_second_is_told(make_person):
    admin = acting(make_person("admin", None))
    company, revision = settings.company_with_revision(admin)
    settings.change_company(admin, replace(company, name="First"), revision)
    with pytest.raises(StaleVersion):
        settings.change_company(admin, replace(company, name="Second"), revision)
    assert settings.read_company(admin).name == "First"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"follow_up_minutes": 0},
        {"follow_up_minutes": 1.5},
        {"feedback_hours": True},
        {"hours": BusinessHours(timezone="Mars/Base")},
        {"hours": BusinessHours(country="XX")},
        {"hours": BusinessHours(shifts=((),) * 7)},
        {"hours": BusinessHours(shifts=(((600, 500),),) * 7)},
        {"hours": BusinessHours(shifts=(((0, 10),),))},
    ],
)
def test_settings_that_make_no_sense_are_refused_whatever_the_browser_sent(make_person, wrong):
    admin = acting(make_person("admin", None))
    with pytest.raises(InvalidInput):
        settings.change_company(admin, replace(Company(), **wrong), 0)
    assert settings.read_company(admin) == Company()


# faults


def fault_script():
    """A page in which something goes wrong that nobody foresaw."""
    from components.faults import show_fault

    try:
        {}["the answer is secret"]
    except KeyError as error:
        show_fault(error)


def test_an_unexpected_error_gets_a_number_on_screen_and_its_details_in_the_log(caplog):
    app = AppTest.from_function(fault_script).run()
    message = app.error[0].value
    record = caplog.records[-1]
    assert record.msg["reference"] in message and "secret" not in message
    assert "KeyError" in str(record.msg["exc_info"]) or record.msg["kind"] == "KeyError"
    caplog.clear()
