"""Who may come in, and how the first of them does."""

from datetime import UTC, datetime, timedelta

import pytest
from people import make_actor

from actions import clock, people, setup, sign_in
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import Actor, Role, Team
from db import store as stores

PASSWORD = "correct horse battery"


@pytest.fixture
def admin():
    """The administrator, as set-up makes one."""
    session = setup.create_administrator(setup.new_code(), "Ada", "ada@example.com", PASSWORD, PASSWORD)
    return Actor(session.person_id, session.signed_in_at)


def invite_bea(admin):
    return people.add_person(admin, "Bea", "bea@example.com", Team.SALES, Role.MEMBER)


# set-up


def test_the_first_person_is_created_with_the_code_from_the_log(data_folder):
    assert setup.is_needed()
    session = setup.create_administrator(setup.new_code(), "Ada", "Ada@Example.com", PASSWORD, PASSWORD)
    person = sign_in.who(Actor(session.person_id, session.signed_in_at))
    assert (person.role, person.email, person.team) == (Role.ADMIN, "ada@example.com", None)
    assert sign_in.check("ada@example.com", PASSWORD).person_id == person.id
    assert not setup.is_needed()


@pytest.mark.parametrize("code", ["", "guess", None, 7, "x" * 10_000])
def test_without_the_code_nobody_is_created(data_folder, code):
    setup.new_code()
    with pytest.raises(setup.WrongCode):
        setup.create_administrator(code, "Eve", "eve@example.com", PASSWORD, PASSWORD)
    assert setup.is_needed()


def test_the_code_is_kept_as_a_hash_and_works_once(data_folder):
    code = setup.new_code()
    kept = stores.store().read().execute("SELECT value FROM setting").fetchone()["value"]
    assert code not in kept
    setup.create_administrator(code, "Ada", "ada@example.com", PASSWORD, PASSWORD)
    with pytest.raises(WrongState):
        setup.create_administrator(code, "Eve", "eve@example.com", PASSWORD, PASSWORD)
    assert stores.store().read().execute("SELECT count(*) FROM setting").fetchone()[0] == 0


def test_codes_of_several_processes_work_beside_each_other(data_folder):
    first, second = setup.new_code(), setup.new_code()
    setup.check_code(first)
    setup.check_code(second)


def test_a_portal_that_is_set_up_gives_no_code(admin):
    assert setup.new_code() == ""


@pytest.mark.parametrize(
    ("password", "repeated"),
    [("short", "short"), (PASSWORD, "another one"), ("aaaaaaaaaaaa", "aaaaaaaaaaaa")],
)
def test_a_poor_password_is_refused_and_the_code_stays_good(data_folder, password, repeated):
    code = setup.new_code()
    with pytest.raises(sign_in.WrongPassword):
        setup.create_administrator(code, "Ada", "ada@example.com", password, repeated)
    setup.create_administrator(code, "Ada", "ada@example.com", PASSWORD, PASSWORD)


# invitations


def test_an_invited_person_chooses_a_password_and_is_in(admin):
    invited = invite_bea(admin)
    assert people.invited_person(invited.token).name == "Bea"
    assert people.invited_person(invited.token).name == "Bea"  # looking does not use it up
    session = people.accept_invitation(invited.token, PASSWORD, PASSWORD)
    assert sign_in.who(Actor(session.person_id, session.signed_in_at)).name == "Bea"
    assert sign_in.check("bea@example.com", PASSWORD)


def test_a_link_works_once(admin):
    invited = invite_bea(admin)
    people.accept_invitation(invited.token, PASSWORD, PASSWORD)
    with pytest.raises(NotFound):
        people.accept_invitation(invited.token, "another one", "another one")


def test_a_link_runs_out_after_fourteen_days(admin):
    invited = invite_bea(admin)
    with clock.at(datetime.now(UTC) + timedelta(days=13, hours=23)):
        people.invited_person(invited.token)
    with clock.at(datetime.now(UTC) + timedelta(days=14, minutes=1)), pytest.raises(NotFound):
        people.accept_invitation(invited.token, PASSWORD, PASSWORD)


def test_a_new_link_replaces_the_one_before_and_the_old_password_works_until_then(admin):
    invited = invite_bea(admin)
    people.accept_invitation(invited.token, PASSWORD, PASSWORD)
    first = people.invite(admin, invited.person.id)
    second = people.invite(admin, invited.person.id)
    with pytest.raises(NotFound):
        people.invited_person(first.token)
    assert sign_in.check("bea@example.com", PASSWORD)
    people.accept_invitation(second.token, "another good one", "another good one")
    with pytest.raises(sign_in.WrongPassword):
        sign_in.check("bea@example.com", PASSWORD)


def test_the_store_keeps_no_token_and_no_password(admin, data_folder):
    invited = invite_bea(admin)
    people.accept_invitation(invited.token, PASSWORD, PASSWORD)
    stores.close_all()
    kept = b"".join(path.read_bytes() for path in data_folder.glob("concord.db*"))
    assert invited.token.encode() not in kept and PASSWORD.encode() not in kept


def test_taking_access_away_voids_the_open_link(admin):
    invited = invite_bea(admin)
    people.end_access(admin, invited.person.id)
    with pytest.raises(NotFound):
        people.accept_invitation(invited.token, PASSWORD, PASSWORD)
    with pytest.raises(WrongState):
        people.invite(admin, invited.person.id)


@pytest.mark.parametrize("token", ["", "guess", None, 7, ["list"], "x" * 100_000])
def test_other_links_do_not_work(admin, token):
    with pytest.raises(NotFound):
        people.invited_person(token)


# looking after people


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 101),
        ("name", "a\0b"),
        ("email", "no address"),
        ("email", "a@b"),
        ("email", "a@b.c, d@e.f"),
        ("email", "<a@b.c>"),
        ("email", 7),
        ("email", "x" * 300 + "@example.com"),
        ("email", "ADA@example.com"),
        ("team", "support"),
        ("team", None),
        ("role", "owner"),
    ],
)
def test_a_person_is_not_added_with(admin, field, value):
    fields = {
        "name": "Bea",
        "email": "bea@example.com",
        "team": Team.SALES,
        "role": Role.MEMBER,
        field: value,
    }
    with pytest.raises(InvalidInput):
        people.add_person(admin, **fields)
    assert len(people.list_people(admin)) == 1


def test_the_last_administrator_can_neither_leave_nor_become_something_else(admin):
    with pytest.raises(WrongState, match="only administrator"):
        people.end_access(admin, admin.person_id)
    with pytest.raises(WrongState, match="only administrator"):
        people.change_person(admin, admin.person_id, name="Ada", team=None, role=Role.FACILITATOR, revision=1)
    second = people.add_person(admin, "Bea", "bea@example.com", None, Role.ADMIN)
    with pytest.raises(WrongState, match="only administrator"):
        people.end_access(admin, admin.person_id)  # Bea has not come in yet
    people.accept_invitation(second.token, PASSWORD, PASSWORD)
    people.end_access(admin, admin.person_id)


def test_of_two_changes_to_one_person_the_second_is_told(admin):
    bea = invite_bea(admin).person
    people.change_person(admin, bea.id, name="Bea B.", team=Team.SALES, role=Role.MEMBER, revision=1)
    with pytest.raises(StaleVersion):
        people.change_person(
            admin, bea.id, name="Beatrice", team=Team.MARKETING, role=Role.MEMBER, revision=1
        )
    assert people.list_people(admin)[1].person.name == "Bea B."


def test_changing_the_name_or_team_leaves_the_sessions_alone(admin):
    invited = invite_bea(admin)
    session = people.accept_invitation(invited.token, PASSWORD, PASSWORD)
    people.change_person(
        admin, invited.person.id, name="Beatrice", team=Team.MARKETING, role=Role.MEMBER, revision=1
    )
    assert sign_in.who(Actor(session.person_id, session.signed_in_at)).team is Team.MARKETING


def test_changing_ones_password_asks_for_the_old_one_and_counts_wrong_guesses(admin):
    with pytest.raises(sign_in.WrongPassword, match="old password"):
        people.change_own_password(admin, "guess", "a new one for me", "a new one for me")
    for _ in range(4):
        with pytest.raises(sign_in.WrongPassword):
            people.change_own_password(admin, "guess", "a new one for me", "a new one for me")
    with pytest.raises(sign_in.Locked):
        people.change_own_password(admin, PASSWORD, "a new one for me", "a new one for me")


def test_after_changing_the_password_the_new_sign_in_holds(admin):
    session = people.change_own_password(admin, PASSWORD, "a new one for me", "a new one for me")
    assert sign_in.who(Actor(session.person_id, session.signed_in_at)).name == "Ada"
    with pytest.raises(NotPermitted):
        sign_in.who(admin)


@pytest.mark.parametrize("role", ["member", "facilitator", "team_lead"])
def test_only_administrators_look_after_people(role):
    actor, other = make_actor(role), make_actor("member")
    for change in (
        lambda: people.add_person(actor, "Eve", "eve@example.com", Team.SALES, Role.ADMIN),
        lambda: people.invite(actor, other.person_id),
        lambda: people.set_password(actor, other.person_id, PASSWORD),
        lambda: people.end_access(actor, other.person_id),
        lambda: people.give_access(actor, other.person_id),
        lambda: people.change_person(
            actor, actor.person_id, name="Eve", team=Team.SALES, role=Role.ADMIN, revision=1
        ),
    ):
        with pytest.raises(NotPermitted):
            change()


def test_every_change_leaves_a_row_without_secrets_in_the_audit_log(admin):
    invited = invite_bea(admin)
    people.accept_invitation(invited.token, PASSWORD, PASSWORD)
    people.end_access(admin, invited.person.id)
    rows = (
        stores.store().read().execute("SELECT actor, action, before, after FROM audit ORDER BY id").fetchall()
    )
    assert [row["action"] for row in rows] == ["set up", "add", "accept invitation", "end access"]
    text = " ".join(str(tuple(row)) for row in rows)
    assert PASSWORD not in text and invited.token not in text and "$2b$" not in text
