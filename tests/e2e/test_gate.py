"""What comes in from outside without a browser: requests, uploads, websockets, forged cookies."""

import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.request
from urllib.parse import urlsplit

import jwt
import pytest
from portals import ROOT, Portal, free_port, started
from raw_client import RawClient

from actions import clock, people, setup, sign_in
from alignment.people import MACHINE, Actor, Role, Team
from db import store as stores

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One server for all tests that neither start nor stop it."""
    folder = tmp_path_factory.mktemp("door")
    with started(Portal(folder / "data", free_port(), folder / "server.log")) as server:
        yield server


@pytest.fixture
def command(data_folder, tmp_path):
    """A server over this test's own data folder, started by the command that people use."""
    with started(Portal(data_folder, free_port(), tmp_path / "server.log")) as server:
        yield server


@pytest.fixture
def connect():
    """connect(url, cookie, session=...) -> RawClient, closed at the end."""
    opened = []

    def connected(*arguments, **named):
        opened.append(RawClient(*arguments, **named))
        return opened[-1]

    yield connected
    for client in opened:
        client.close()


@pytest.fixture
def door(running, data_folder, monkeypatch):
    """The server, with this test's actions going to the same store."""
    stores.close_all()
    monkeypatch.setenv("CONCORD_DATA", str(running.folder))
    yield running
    stores.close_all()


def cookie_of(person, key=None):
    """The kept cookie of a person who signs in now."""
    session = sign_in.Session(person.id, clock.now_text())
    return f"{sign_in.KEPT_COOKIE}={sign_in.issue_token(session, person.email)}"


def request(door, path, method="GET", headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    connection.request(method, path, body=body, headers={"Host": f"localhost:{door.port}", **(headers or {})})
    answer = connection.getresponse()
    answer.text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer


def test_every_answer_carries_the_security_headers(door):
    for path in (
        "/",
        "/glossary",
        "/no/such/page",
        "/_stcore/health",
        "/api/v1/health",
        "/static/js/none.js",
        "/media/x",
    ):
        answer = request(door, path)
        policy = dict(
            part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'", path
        assert "unsafe" not in policy["script-src"] and "http" not in policy["script-src"], path
        assert policy["img-src"] == "'self' data: blob:"
        assert policy["connect-src"] == f"'self' ws://localhost:{door.port} wss://localhost:{door.port}"
        assert policy["frame-ancestors"] == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "camera=()" in answer.headers["Permissions-Policy"]


def test_a_host_header_cannot_widen_the_policy(door):
    answer = request(door, "/", headers={"Host": "evil.example; script-src *"})
    assert "evil" not in (answer.headers["Content-Security-Policy"] or "")


def test_metrics_of_the_server_are_closed(door):
    for path in ("/_stcore/metrics", "/_stcore/metrics/", "//_stcore/metrics", "/_stcore/%6detrics"):
        answer = request(door, path)
        assert answer.status in (400, 403, 404) or "cache_memory_bytes" not in answer.text, path
        assert "memory_bytes" not in answer.text, path


def test_health_tells_whether_store_and_lead_engine_answer_and_nothing_else(door):
    answer = request(door, "/api/v1/health")
    assert (answer.status, json.loads(answer.text)) == (200, {"status": "ok", "store": "ok", "leads": "ok"})
    assert request(door, "/api/docs").status == 404 and request(door, "/api/openapi.json").status == 404


@pytest.mark.parametrize("role", [None, "member"])
def test_an_upload_by_someone_who_may_not_import_is_refused_before_its_body_is_read(door, add_person, role):
    add_person("Ada", "admin", None)
    headers = {"Content-Length": str(150 * 2**20), "Content-Type": "multipart/form-data; boundary=x"}
    if role:
        headers["Cookie"] = cookie_of(add_person("Bea", role))
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    connection.putrequest("PUT", "/_stcore/upload_file/some-session/some-file")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()  # not one byte of the body is sent, and the answer is there
    assert connection.getresponse().status == 403
    connection.close()


def test_an_upload_by_someone_who_may_import_reaches_streamlits_own_checks(door, add_person):
    cookie = cookie_of(add_person("Ada", "admin", None))
    answer = request(door, "/_stcore/upload_file/some-session/some-file", "PUT", {"Cookie": cookie}, b"x")
    assert answer.status in (400, 403) and "Sign in" not in answer.text


def test_following_an_invitation_link_does_not_use_it_up(door, add_person):
    add_person("Ada", "admin", None)
    invited = people.add_person(MACHINE, "Cleo", "cleo@example.com", Team.SALES, Role.MEMBER)
    for _ in range(3):
        answer = request(door, f"/sign-in/{invited.token}")
        assert (answer.status, answer.headers["Location"]) == (303, f"/welcome?token={invited.token}")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert people.invited_person(invited.token).name == "Cleo"
    assert invited.token not in door.log.read_text()


def test_a_link_cannot_send_people_elsewhere_or_split_the_answer(door):
    for token in ("%0d%0aSet-Cookie:x=y", "..%2f..%2fevil", "a%26token=b", "%2f%2fevil.example"):
        answer = request(door, f"/sign-in/{token}")
        location = answer.headers["Location"] or "/welcome?"
        assert not urlsplit(location).netloc and location.startswith("/welcome?")
        assert answer.headers["Set-Cookie"] is None


# cookies


def test_the_cookie_set_by_the_script_becomes_one_that_scripts_cannot_read(door, add_person):
    person = add_person("Ada", "admin", None)
    token = cookie_of(person).partition("=")[2]
    answer = request(door, "/account", headers={"Cookie": f"{sign_in.SCRIPT_COOKIE}={token}"})
    kept, gone = answer.headers.get_all("Set-Cookie")
    assert (
        kept.startswith(f"{sign_in.KEPT_COOKIE}={token};")
        and "HttpOnly" in kept
        and "SameSite=Strict" in kept
    )
    assert gone.startswith(f"{sign_in.SCRIPT_COOKIE}=;") and "Max-Age=0" in gone
    for path in ("/_stcore/health", "/api/v1/health"):
        answer = request(door, path, headers={"Cookie": f"{sign_in.SCRIPT_COOKIE}={token}"})
        assert "concord" not in str(answer.headers.get_all("Set-Cookie"))


def test_a_void_cookie_is_cleared_and_never_kept(door, add_person):
    person = add_person("Ada", "admin", None)
    cookie = cookie_of(person)
    sign_in.end_every_session(Actor(person.id, clock.now_text()))
    for name in (sign_in.SCRIPT_COOKIE, sign_in.KEPT_COOKIE):
        answer = request(door, "/", headers={"Cookie": f"{name}={cookie.partition('=')[2]}"})
        assert f"{name}=" in [line.partition(";")[0] for line in answer.headers.get_all("Set-Cookie")]
        assert cookie not in str(answer.headers)


# websockets


def forged_cookies(person):
    claims = jwt.decode(cookie_of(person).partition("=")[2], options={"verify_signature": False})
    yield jwt.encode(claims, "", algorithm="none")
    yield jwt.encode(claims, "some_key" * 4, algorithm="HS256")
    yield jwt.encode({**claims, "exp_date": 1.0}, sign_in.cookie_key(), algorithm="HS256")
    yield jwt.encode({**claims, "exp_date": "2999-01-01"}, sign_in.cookie_key(), algorithm="HS256")
    yield jwt.encode({**claims, "exp_date": [9e9]}, sign_in.cookie_key(), algorithm="HS256")
    yield jwt.encode({**claims, "exp_date": 9e300}, sign_in.cookie_key(), algorithm="HS256")


def signed_in(text):
    return "Sign out" in text


def test_a_valid_cookie_signs_in_and_forged_ones_do_not(door, add_person, connect):
    ada = add_person("Ada", "admin", None)
    assert signed_in(connect(door.url, cookie_of(ada)).run("account"))
    for forged in forged_cookies(ada):
        for name in (sign_in.KEPT_COOKIE, sign_in.SCRIPT_COOKIE):
            text = connect(door.url, f"{name}={forged}").run("account")
            assert "Sign in" in text and not signed_in(text) and ada.email not in text


def test_a_cookie_replayed_after_sign_out_opens_nothing(door, add_person, connect):
    ada = add_person("Ada", "admin", None)
    cookie = cookie_of(ada)
    open_before = connect(door.url, cookie)
    assert signed_in(open_before.run("account"))
    sign_in.end_every_session(Actor(ada.id, clock.now_text()))
    assert not signed_in(connect(door.url, cookie).run("account"))
    assert not signed_in(open_before.run("account"))


def streamlit_run(portal):
    """The command that serves the screens without the gate."""
    return [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(portal.port)]


def attack_with_known_session(connect, url, ada, bea):
    """Connect with Ada's session id: with no cookie, then with Bea's. What comes back, and Ada's own connection."""
    hers = connect(url, cookie_of(ada))
    assert signed_in(hers.run("account"))
    hers.close()
    for cookie in ("", cookie_of(bea)):
        theirs = connect(url, cookie, session=hers.session)
        text = theirs.run("account")
        theirs.close()
        yield cookie, theirs.session == hers.session, text


def test_a_known_session_id_without_its_owners_cookie_gets_a_new_session(door, add_person, connect):
    ada, bea = add_person("Ada Admin", "admin", None), add_person("Bea Braun")
    for cookie, resumed, text in attack_with_known_session(connect, door.url, ada, bea):
        assert not resumed
        assert signed_in(text) is bool(cookie)
        assert "Ada Admin" not in text and "ada.admin" not in text


def test_a_known_session_id_does_not_throw_its_owner_out(door, add_person, connect):
    ada = add_person("Ada Admin", "admin", None)
    hers = connect(door.url, cookie_of(ada))
    assert signed_in(hers.run("account"))
    connect(door.url, session=hers.session).run("account")
    assert signed_in(hers.run("account"))


def test_the_owner_of_a_session_comes_back_to_it_after_a_lost_connection(door, add_person, connect):
    ada = add_person("Ada Admin", "admin", None)
    cookie = cookie_of(ada)
    first = connect(door.url, cookie)
    assert signed_in(first.run("account"))
    first.close()
    second = connect(door.url, cookie, session=first.session)
    assert signed_in(second.run("account")) and second.session == first.session


def test_streamlits_own_server_without_the_gate_does_not_hand_the_session_over_either(
    data_folder, tmp_path, add_person, connect
):
    """`streamlit run app.py` resumes the session for whoever knows its id; then the screen's own check has to hold."""
    ada, bea = add_person("Ada Admin", "admin", None), add_person("Bea Braun")
    plain = Portal(data_folder, free_port(), tmp_path / "streamlit.log")
    with started(plain, streamlit_run(plain)):
        outcomes = list(attack_with_known_session(connect, plain.url, ada, bea))
        assert any(resumed for _, resumed, _ in outcomes), (
            "this is the attack; if it never resumes, test another way"
        )
        for cookie, _, text in outcomes:
            assert signed_in(text) is bool(cookie)
            assert "Ada Admin" not in text and "ada.admin" not in text


def test_streamlit_run_works_too_and_its_log_leads_to_set_up(data_folder, tmp_path, connect):
    plain = Portal(data_folder, free_port(), tmp_path / "streamlit.log")
    with started(plain, streamlit_run(plain)):
        assert "Set up Concord" in connect(plain.url).run("")
        setup.check_code(plain.setup_link().partition("setup=")[2])


def test_a_fragment_run_after_access_was_taken_away_shows_and_changes_nothing(door, add_person, connect):
    add_person("Ada Admin", "admin", None)
    lead = add_person("Lena Lead", "team_lead")
    client = connect(door.url, cookie_of(lead))
    found = {}
    for page in ("metrics", "goals", "leads", "workshop", "answer"):
        client.fragments.clear()
        client.run(page)
        found.update({page: list(client.fragments)} if client.fragments else {})
    assert found, "no page has a fragment; then this test looks in the wrong place"
    page = next(iter(found))
    client.run(page)
    before = client.run(page, fragment=found[page][0])
    people.end_access(MACHINE, lead.id)
    after = client.run(page, fragment=found[page][0])
    assert "sign in" in after.lower() and len(after) < max(len(before), 3000)


# starting and stopping


@pytest.mark.parametrize("key", ["some_key", "short", "x" * 64])
def test_the_server_does_not_start_with_a_key_that_could_be_guessed(data_folder, key):
    environment = {
        **os.environ, "CONCORD_DATA": str(data_folder), "PORT": str(free_port()), "CONCORD_SIGN_IN_KEY": key,
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "server.py"], cwd=ROOT, env=environment, capture_output=True, timeout=60
    )
    assert ended.returncode == 1
    assert b"too short or well known" in ended.stderr and b"Traceback" not in ended.stderr


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_the_server_ends_in_order(command, add_person, connect, stop):
    client = connect(command.url, cookie_of(add_person("Ada", "admin", None)))
    assert signed_in(client.run("account"))
    assert command.stop(stop) == 0
    lines = [
        json.loads(line)["event"] for line in command.log.read_text().splitlines() if line.startswith("{")
    ]
    assert "stopped" in lines
    assert stores.store().fault() is None


def test_the_log_is_json_and_holds_the_set_up_link_while_nobody_is_there(command):
    lines = [json.loads(line) for line in command.log.read_text().splitlines() if line.startswith("{")]
    assert {"event", "level", "timestamp"} <= set(lines[0])
    link = urlsplit(command.setup_link())
    assert link.query.startswith("setup=")
    setup.check_code(link.query.partition("=")[2])
    with urllib.request.urlopen(command.setup_link()) as answer:
        assert answer.status == 200
