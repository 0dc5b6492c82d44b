"""Signing in: what a password, a guess and a cookie are worth."""

import concurrent.futures
import math
import time
from datetime import UTC, datetime, timedelta

import bcrypt
import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import make_actor

from actions import clock, people, sign_in
from actions.permissions import authorise
from alignment.errors import NotPermitted
from alignment.people import MACHINE, Actor, Role, Team
from db import store as stores
from db.queries import sign_ins

PASSWORD = "correct horse battery"
EMAIL = "ada@example.com"
REAL_SALT = bcrypt.gensalt


@pytest.fixture
def ada():
    """Ada, a member in sales with a password."""
    person = people.add_person(MACHINE, "Ada", EMAIL, Team.SALES, Role.MEMBER).person
    people.set_password(MACHINE, person.id, PASSWORD)
    return person


def attempt(password=PASSWORD, email=EMAIL):
    try:
        return sign_in.check(email, password)
    except (sign_in.WrongPassword, sign_in.Locked) as error:
        return type(error)


def test_the_right_password_signs_in_and_the_name_may_be_written_in_capitals(ada):
    session = sign_in.check(" ADA@Example.com ", f" {PASSWORD} ")
    assert session.person_id == ada.id
    assert sign_in.who(Actor(session.person_id, session.signed_in_at)).name == "Ada"


def test_a_wrong_password_an_unknown_name_and_a_person_without_access_get_the_same_sentence(ada):
    people.add_person(MACHINE, "Invited only", "bea@example.com", Team.SALES, Role.MEMBER)
    people.end_access(MACHINE, ada.id)
    sentences = set()
    for email in (EMAIL, "bea@example.com", "nobody@example.com", "", "x" * 5000):
        with pytest.raises(sign_in.WrongPassword) as refused:
            sign_in.check(email, PASSWORD)
        sentences.add(str(refused.value))
    assert sentences == {sign_in.WRONG}


@pytest.mark.parametrize("password", ["", "x" * 5000, "ä" * 100, PASSWORD + "!", PASSWORD + "\0"])
def test_other_passwords_do_not_fit(ada, password):
    assert attempt(password) is sign_in.WrongPassword


def test_a_password_longer_than_bcrypt_reads_is_refused_instead_of_cut(ada):
    with pytest.raises(sign_in.WrongPassword, match="72"):
        people.set_password(MACHINE, ada.id, "abcd" * 19)
    people.set_password(MACHINE, ada.id, "abcd" * 18)
    assert attempt("abcd" * 18 + "x") is sign_in.WrongPassword
    assert isinstance(attempt("abcd" * 18), sign_in.Session)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_five_failures_lock_a_name_for_a_quarter_of_an_hour_whether_or_not_somebody_has_it(ada, email):
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with clock.at(start):
        assert [attempt("wrong", email) for _ in range(5)] == [sign_in.WrongPassword] * 5
        with pytest.raises(sign_in.Locked, match="15 minutes"):
            sign_in.check(email, PASSWORD)
    with clock.at(start + timedelta(minutes=14)), pytest.raises(sign_in.Locked, match="1 minute,"):
        sign_in.check(email, PASSWORD)


def test_the_lock_ends_by_itself_and_trying_meanwhile_does_not_prolong_it(ada):
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with clock.at(start):
        for _ in range(5):
            attempt("wrong")
    for minute in range(1, 15):
        with clock.at(start + timedelta(minutes=minute)):
            assert attempt() is sign_in.Locked
    with clock.at(start + timedelta(minutes=15, seconds=1)):
        assert attempt("wrong") is sign_in.WrongPassword
        assert isinstance(attempt(), sign_in.Session)


def test_the_lock_survives_a_restart(ada):
    for _ in range(5):
        attempt("wrong")
    stores.close_all()
    assert attempt() is sign_in.Locked


def test_success_clears_the_count_and_old_failures_do_not_add_up(ada):
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    for day in range(6):
        with clock.at(start + timedelta(days=day)):
            assert attempt("wrong") is sign_in.WrongPassword
    for _ in range(3):
        assert [attempt("wrong") for _ in range(4)] == [sign_in.WrongPassword] * 4
        assert isinstance(attempt(), sign_in.Session)


def test_guesses_in_parallel_are_counted_before_they_are_looked_at(ada):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(attempt, [f"guess {number}" for number in range(40)]))
    assert outcomes.count(sign_in.WrongPassword) == 5
    assert outcomes.count(sign_in.Locked) == 35


def test_a_new_link_from_the_administrator_opens_a_locked_name_at_once(ada):
    for _ in range(5):
        attempt("wrong")
    assert sign_in.locked_until(EMAIL)
    people.accept_invitation(people.invite(MACHINE, ada.id).token, "another good one", "another good one")
    assert isinstance(attempt("another good one"), sign_in.Session)


def test_what_was_typed_as_a_name_is_not_kept(ada, data_folder):
    attempt("wrong", "my secret password")
    rows = stores.store().read().execute("SELECT email FROM sign_in_failure").fetchall()
    assert rows and "secret" not in rows[0]["email"]


def test_guessed_names_do_not_fill_the_store(ada):
    with clock.at(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)):
        for number in range(3):
            attempt("wrong", f"guess{number}@example.com")
    attempt("wrong")
    assert stores.store().read().execute("SELECT count(*) FROM sign_in_failure").fetchone()[0] == 1


@pytest.fixture
def at_full_cost(ada):
    """Ada's password hashed as in earnest."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), REAL_SALT()).decode()
    stores.store().write(lambda connection: sign_ins.set_password(connection, ada.id, hashed))


def test_unknown_names_cost_the_same_check_as_known_ones(at_full_cost, monkeypatch):
    costs = []
    real = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda given, kept: costs.append(kept[:7]) or real(given, kept))
    attempt("wrong")
    attempt("wrong", "nobody@example.com")
    assert costs == [b"$2b$12$", b"$2b$12$"]


def test_unknown_names_take_as_much_computing_time_as_known_ones_within_a_tenth(at_full_cost):
    def seconds(email):
        began = time.process_time()
        attempt("wrong", email)
        return time.process_time() - began

    seconds("warm@example.com")
    rounds = [(seconds(EMAIL), seconds("nobody@example.com")) for _ in range(4)]
    known, unknown = (min(column) for column in zip(*rounds, strict=True))
    assert math.isclose(known, unknown, rel_tol=0.1)


# cookies


def token(claims=None, key=None, algorithm="HS256"):
    expires = (datetime.now(UTC) + sign_in.LIFETIME - timedelta(seconds=5)).timestamp()
    body = {"username": EMAIL, "exp_date": expires} if claims is None else claims
    return jwt.encode(body, sign_in.cookie_key() if key is None else key, algorithm=algorithm)


def test_an_issued_cookie_proves_exactly_the_sign_in(ada):
    session = sign_in.check(EMAIL, PASSWORD)
    assert sign_in.read_token(sign_in.issue_token(session, EMAIL)) == session


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1)))
def test_the_instant_of_the_sign_in_survives_the_cookie_to_the_microsecond(data_folder, moment):
    at = moment.replace(tzinfo=UTC)
    with clock.at(at):
        email = "zoe@example.com"
        known = [entry.person for entry in people.list_people(MACHINE) if entry.person.email == email]
        person = (
            known[0] if known else people.add_person(MACHINE, "Zoe", email, Team.SALES, Role.MEMBER).person
        )
        stores.store().write(
            lambda connection: (
                connection.execute(
                    "UPDATE person SET sessions_valid_from = ? WHERE id = ?", (clock.now_text(), person.id)
                ).rowcount
            )
        )
        session = sign_in.Session(person.id, clock.now_text())
        assert sign_in.read_token(sign_in.issue_token(session, email)) == session


def moment(from_now):
    return datetime.now(UTC).timestamp() + from_now


@pytest.mark.parametrize(
    "forged",
    [
        lambda: token(algorithm="none", key=""),
        lambda: token(key="some_key-some_key-some_key-some_key"),
        lambda: token(algorithm="HS512", key="k" * 64),
        lambda: token({"username": EMAIL, "exp_date": moment(-1)}),
        lambda: token({"username": EMAIL, "exp_date": moment(30 * 86400)}),
        lambda: token({"username": EMAIL, "exp_date": "2999-01-01"}),
        lambda: token({"username": EMAIL, "exp_date": [moment(60)]}),
        lambda: token({"username": EMAIL, "exp_date": {"$gt": 0}}),
        lambda: token({"username": EMAIL, "exp_date": float("nan")}),
        lambda: token({"username": EMAIL, "exp_date": float("inf")}),
        lambda: token({"username": EMAIL, "exp_date": 1e300}),
        lambda: token({"username": EMAIL, "exp_date": 10**400}),
        lambda: token({"username": EMAIL, "exp_date": -1}),
        lambda: token({"username": EMAIL, "exp_date": True}),
        lambda: token({"username": EMAIL, "exp_date": None}),
        lambda: token({"username": [EMAIL], "exp_date": moment(60)}),
        lambda: token({"username": {"email": EMAIL}, "exp_date": moment(60)}),
        lambda: token({"username": "nobody@example.com", "exp_date": moment(60)}),
        lambda: token({"username": EMAIL}),
        lambda: token({"exp_date": moment(60)}),
        lambda: token({}),
        lambda: "",
        lambda: "a.b.c",
        lambda: "x" * 100_000,
        lambda: "ä☃.\0.\n",
        lambda: None,
        lambda: 7,
        lambda: b"bytes",
        lambda: ["list"],
    ],
)
def test_a_forged_expired_or_absurd_cookie_proves_nothing(ada, forged):
    assert sign_in.read_token(forged()) is None


def test_a_cookie_signed_by_another_installation_proves_nothing(ada, tmp_path, monkeypatch):
    cookie = sign_in.issue_token(sign_in.check(EMAIL, PASSWORD), EMAIL)
    assert sign_in.read_token(cookie) is not None
    monkeypatch.setenv("CONCORD_SIGN_IN_KEY", "0123456789abcdef" * 4)
    assert sign_in.read_token(cookie) is None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_no_text_at_all_breaks_the_reading_of_cookies(data_folder, text):
    assert sign_in.read_token(text) is None


ENDINGS = {
    "sign-out": lambda actor, person: sign_in.end_every_session(actor),
    "password change": lambda actor, person: people.change_own_password(
        actor, PASSWORD, "a new one for me", "a new one for me"
    ),
    "role change": lambda actor, person: people.change_person(
        MACHINE, person.id, name="Ada", team=Team.SALES, role=Role.TEAM_LEAD, revision=1
    ),
    "deactivation": lambda actor, person: people.end_access(MACHINE, person.id),
    "deactivation and return": lambda actor, person: [
        people.end_access(MACHINE, person.id),
        people.give_access(MACHINE, person.id),
    ],
    "a password set through a link": lambda actor, person: people.accept_invitation(
        people.invite(MACHINE, person.id).token, "a new one for me", "a new one for me"
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_cookie_replayed_after_it_was_voided_is_refused_and_so_is_the_session(ada, ending):
    session = sign_in.check(EMAIL, PASSWORD)
    cookie = sign_in.issue_token(session, EMAIL)
    actor = Actor(session.person_id, session.signed_in_at)
    assert authorise(actor, "account:change") and sign_in.read_token(cookie)
    ENDINGS[ending](actor, ada)
    assert sign_in.read_token(cookie) is None
    with pytest.raises(NotPermitted):
        authorise(actor, "account:change")


def test_the_newest_of_two_cookies_counts_and_a_void_one_does_no_harm(ada):
    old = sign_in.issue_token(sign_in.check(EMAIL, PASSWORD), EMAIL)
    new = sign_in.check(EMAIL, PASSWORD)
    cookies = {sign_in.KEPT_COOKIE: old, sign_in.SCRIPT_COOKIE: sign_in.issue_token(new, EMAIL)}
    assert sign_in.read_cookies(cookies) == new
    assert sign_in.read_cookies({**cookies, sign_in.KEPT_COOKIE: "nonsense"}) == new
    assert sign_in.read_cookies({}) is None


def test_only_its_owner_may_resume_a_screen_session(ada):
    mine = {sign_in.KEPT_COOKIE: sign_in.issue_token(sign_in.check(EMAIL, PASSWORD), EMAIL)}
    sign_in.bind("screen-1", ada.id)
    sign_in.bind("screen-2", "somebody else")
    assert sign_in.may_resume("screen-1", mine)
    assert not sign_in.may_resume("screen-2", mine)
    assert not sign_in.may_resume("screen-1", {})


# the key


def test_the_key_is_made_once_random_and_readable_by_its_owner_only(data_folder):
    key = sign_in.cookie_key()
    assert sign_in.cookie_key() == key and len(bytes.fromhex(key)) >= 32
    assert (data_folder / "sign-in.key").stat().st_mode & 0o077 == 0
    assert list(data_folder.glob(".sign-in.key*")) == []


def test_many_processes_that_start_at_once_agree_on_one_key(data_folder):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: sign_in.cookie_key(), range(64)))) == 1


@pytest.mark.parametrize(
    "key",
    ["", "short", "some_key", "x" * 64, "some_key" * 8, "change-me-0123456789-0123456789-abc", "0" * 31],
)
def test_a_short_or_known_key_is_refused(monkeypatch, key):
    monkeypatch.setenv("CONCORD_SIGN_IN_KEY", key)
    with pytest.raises(sign_in.UnsafeKey):
        sign_in.cookie_key()


def test_only_people_who_may_import_may_upload(ada):
    for role, allowed in (("member", False), ("facilitator", True), ("team_lead", True), ("admin", True)):
        actor = make_actor(role, "sales")
        person = sign_in.who(actor)
        cookie = sign_in.issue_token(sign_in.Session(person.id, actor.signed_in_at), person.email)
        assert sign_in.may_upload({sign_in.KEPT_COOKIE: cookie}) is allowed
    assert not sign_in.may_upload({})
