"""Privacy as an attacker would try it: two worlds that differ in one person's answer look the same to everybody else.

In each scene the same things happen twice, in two stores, but for what one person answered. Then everything that any
other person, the administrator of the machine included, can get out of the portal is put side by side.
"""

import json
import os
import random
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from made_up_cards import put_cards
from people import make_actor, make_members, submit
from sqlite_utils.utils import sqlite3

import manage as commands
from actions import answers, clock, comparison, people, responses, schedules, surveys
from alignment.errors import Refusal
from alignment.people import MACHINE, Team
from alignment.surveys import token
from api.portal import application, describe
from db import store as stores
from db.keys import new_id
from db.store import store
from jobs.rounds import run_round

TOML = """
title = "How do we feel?"
mode = "{mode}"
min_group = 3
importance = ["t"]
[[questions]]
key = "heard"
topic = "t"
type = "choice"
options = ["often", "seldom", "never"]
text = "Are you heard?"
required = false
guess = true
[[questions]]
key = "wants"
topic = "t"
type = "choices"
options = ["calls", "mails", "visits"]
text = "What do you want?"
required = false
[[questions]]
key = "places"
topic = "t"
type = "ranking"
options = ["first", "second", "third"]
text = "In which order?"
required = false
[[questions]]
key = "rule"
topic = "t"
type = "rule"
text = "Which leads?"
required = false
[[questions]]
key = "mood"
topic = "t"
type = "scale"
text = "How is it?"
required = false
[[questions]]
key = "hours"
topic = "t"
type = "number"
text = "How many hours?"
required = false
[[questions]]
key = "words"
topic = "t"
type = "text"
text = "Anything else?"
required = false
"""
ONE = {
    "heard": "often",
    "guess:heard": "often",
    "wants": ["calls"],
    "places": ["first", "second", "third"],
    "rule": {"version": 1, "field": "employees", "op": ">=", "value": 50},
    "mood": 5,
    "hours": 3,
    "words": "I like it here",
    "importance:t": 5,
}
OTHER = {
    "heard": "never",
    "guess:heard": "never",
    "wants": ["mails", "visits"],
    "places": ["third"],
    "rule": {"version": 1, "field": "visits", "op": "<", "value": 977},
    "mood": None,
    "hours": 977,
    "words": "Nobody listens to me",
    "importance:t": 1,
}
PRIVATE = ("confidential", "anonymous")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def opened(mode="confidential"):
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode)).id)


def attempt(action, *arguments, **more):
    """What an action gives or refuses, as text."""
    try:
        found = action(*arguments, **more)
    except Refusal as refusal:
        return f"refused: {refusal}"
    if isinstance(found, responses.Export):
        # a workbook is compressed and dated: the other forms have the same
        return repr(found.content if not found.name.endswith("xlsx") else found.name)
    return repr(found)


def everything_seen(survey, watchers):
    """All that anybody but the person concerned can get to see about a survey, ids and instants left out."""
    seen = []
    for who in (*watchers, MACHINE):
        seen += [
            attempt(comparison.compare_survey, who, survey.id),
            attempt(comparison.read_comments, who, survey.id),
            attempt(surveys.response_rates, who, survey.id),
            attempt(surveys.read_survey, who, survey.id),
            attempt(surveys.list_surveys, who),
            attempt(surveys.survey_toml, who, survey.id),
            attempt(answers.my_surveys, who),
            attempt(answers.my_progress, who, survey.id),
            attempt(responses.export_outlook, who, survey.id),
            attempt(responses.export_my_answers, who, survey.id),
            *(attempt(responses.export_responses, who, survey.id, form) for form in responses.Form),
        ]
        copied = attempt(surveys.prepare_survey, who, toml=TOML.format(mode="named"))
        seen.append(copied)
    log = [
        json.dumps([row["action"], row["before"], row["after"]])
        for row in store().read().execute("SELECT * FROM audit")
    ]
    return "\n".join([*map(_without_ids, seen), *sorted(map(_without_ids, log))])


def _without_ids(text):
    text = re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "ID", text)
    text = re.sub(r"\.\d+@example\.com", ".N@example.com", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "WHEN", text)


def in_two_worlds(monkeypatch, tmp_path, scene):
    """What is seen in a world where the person answered ONE, and in one where they answered OTHER."""
    seen = []
    for number, given in enumerate((ONE, OTHER)):
        stores.close_all()
        monkeypatch.setenv("CONCORD_DATA", str(tmp_path / f"world{number}"))
        watchers = [
            make_actor(role, team, name=f"watcher {role}")
            for role, team in (
                ("member", "sales"),
                ("team_lead", "marketing"),
                ("facilitator", None),
                ("admin", None),
            )
        ]
        survey = scene(given)
        seen.append(everything_seen(survey, watchers))
    return seen


@pytest.fixture
def same(monkeypatch, tmp_path):
    """same(scene): both worlds look alike; and they would not if anything were shown (the scene is not empty)."""

    def check(scene):
        first, second = in_two_worlds(monkeypatch, tmp_path, scene)
        assert first == second
        assert "How do we feel?" in first

    return check


# ── what one person answered is not seen ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["named", *PRIVATE])
def test_nothing_of_an_open_survey_is_seen_before_or_after_one_more_answer(same, mode):
    def scene(given):
        survey = opened(mode)
        for who in (*make_members("sales", 5), *make_members("marketing", 5)):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, given)
        return survey

    same(scene)


@pytest.mark.parametrize("mode", PRIVATE)
@pytest.mark.parametrize(("sales", "marketing"), [(0, 8), (1, 2), (1, 8)])
def test_a_small_team_hides_itself_and_the_other_one_and_every_total(same, mode, sales, marketing):
    def scene(given):
        survey = opened(mode)
        for who in (*make_members("sales", sales), *make_members("marketing", marketing)):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, given)
        surveys.close_survey(MACHINE, survey.id)
        return survey

    same(scene)


@pytest.mark.parametrize("mode", PRIVATE)
@pytest.mark.parametrize("key", list(ONE))
def test_a_question_that_few_answered_is_hidden_by_every_path(same, mode, key):
    def scene(given):
        survey = opened(mode)
        rest = {name: value for name, value in ONE.items() if name != key}
        for who in (*make_members("sales", 6), *make_members("marketing", 6)):
            submit(who, survey, rest)
        submit(make_actor(name="the one"), survey, rest | {key: given[key]})
        surveys.close_survey(MACHINE, survey.id)
        return survey

    same(scene)


@pytest.mark.parametrize("mode", PRIVATE)
def test_answers_that_were_not_submitted_are_never_seen(same, mode):
    def scene(given):
        survey = opened(mode)
        for who in (*make_members("sales", 6), *make_members("marketing", 6)):
            submit(who, survey, ONE)
        begun = make_actor(name="the one")
        for key, value in given.items():
            answers.save_answer(begun, survey.id, key, value)
        surveys.close_survey(MACHINE, survey.id)
        return survey

    same(scene)


def bring_strangers(survey, count, team="sales", **given):
    columns = ["person", "team", *given]
    rows = [",".join([f"stranger {n}", team, *map(str, given.values())]) for n in range(count)]
    data = "\n".join([",".join(columns), *rows]).encode()
    return responses.import_responses(MACHINE, survey.id, "made-up.csv", data, external=True)


@pytest.mark.parametrize("mode", PRIVATE)
@pytest.mark.parametrize("real", [1, 2])
def test_made_up_rows_from_a_file_do_not_lift_a_small_team_over_the_minimum(same, mode, real):
    """Whoever brings rows in knows them, and would subtract them from the result."""

    def scene(given):
        survey = opened(mode)
        for who in (*make_members("sales", real - 1), *make_members("marketing", 6)):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, given)
        bring_strangers(survey, 6, heard="seldom", hours=5, words="made up")
        surveys.close_survey(MACHINE, survey.id)
        return survey

    same(scene)


def bring_known(survey, who, **given):
    """A file of answers that whoever brings it has made up for people whom the portal knows."""
    emails = {entry.person.id: entry.person.email for entry in people.list_people(MACHINE)}
    data = "\n".join(
        [",".join(["person", *given])]
        + [",".join([emails[one.person_id], *map(str, given.values())]) for one in who]
    )
    report = responses.import_responses(MACHINE, survey.id, "made-up.csv", data.encode())
    assert report.accepted == len(who)


def test_whoever_changes_one_answer_of_an_imported_row_does_not_make_the_others_unknown(same):
    """Known answers stay known, whatever else the person says in the portal; a third one's could be told by taking them away."""

    def scene(given):
        survey = opened()
        for team in Team:
            imported = make_members(team.value, 2)
            bring_known(survey, imported, heard="seldom", hours=5, words="made up")
            for who in imported:
                answers.save_answer(who, survey.id, "mood", 4)
        submit(
            make_actor(name="the one"),
            survey,
            {key: given[key] for key in ("heard", "hours", "words")} | {"mood": 2},
        )
        submit(
            make_actor(team="marketing", name="another one"),
            survey,
            {"heard": "often", "hours": 3, "mood": 2},
        )
        surveys.close_survey(MACHINE, survey.id)
        assert comparison.compare_survey(MACHINE, survey.id).question("mood").n == dict.fromkeys(Team, 3)
        return survey

    same(scene)


def test_an_imported_answer_is_the_persons_own_once_that_very_answer_is_saved_in_the_portal():
    survey = opened()
    for team in Team:
        imported = make_members(team.value, 2)
        bring_known(survey, imported, heard="seldom", hours=5)
        for who in imported:
            answers.save_answer(who, survey.id, "heard", "never")
            answers.clear_answer(who, survey.id, "hours")
            answers.save_answer(who, survey.id, "hours", 5)
        submit(make_actor(team=team.value), survey, {"heard": "often", "hours": 3})
    surveys.close_survey(MACHINE, survey.id)
    compared = comparison.compare_survey(MACHINE, survey.id)
    assert compared.question("heard").n == compared.question("hours").n == dict.fromkeys(Team, 3)


@pytest.mark.parametrize("real", [0, 1])
def test_lead_cards_of_which_one_was_changed_in_the_portal_are_neither_known_nor_the_persons_own(same, real):
    """Each click saves all cards: those that were not touched are still the ones of the file."""
    toml = TOML.format(mode="confidential") + (
        '[[questions]]\nkey = "cards"\ntopic = "t"\ntype = "lead_cards"\ncount = 3\ntext = "Qualified?"\nrequired = false\n'
    )
    known = {str(number): {"verdict": "qualified"} for number in (1, 2, 3)}

    def scene(given):
        judged = known | {"3": {"verdict": "qualified" if given is ONE else "not_qualified"}}
        survey = put_cards(surveys.prepare_survey(MACHINE, toml=toml))
        surveys.open_survey(MACHINE, survey.id)
        cell = '"' + json.dumps(known).replace('"', '""') + '"'
        for team in Team:
            imported = make_members(team.value, 4)
            bring_known(survey, imported, cards=cell)
            if not real:
                answers.save_answer(imported[0], survey.id, "cards", known | {"3": {"verdict": "cant_tell"}})
                answers.save_answer(imported[0], survey.id, "cards", judged)
            for who in imported[:2] if real else ():
                answers.save_answer(who, survey.id, "cards", known | {"3": {"verdict": "not_qualified"}})
            for who in make_members(team.value, real):
                submit(who, survey, {"cards": judged})
        surveys.close_survey(MACHINE, survey.id)
        return survey

    same(scene)


def test_rows_from_a_file_count_where_the_portal_has_none_or_enough():
    survey = opened()
    for who in make_members("marketing", 3):
        submit(who, survey, ONE)
    bring_strangers(survey, 4, heard="seldom")
    surveys.close_survey(MACHINE, survey.id)
    assert comparison.compare_survey(MACHINE, survey.id).question("heard").n == {
        Team.SALES: 4,
        Team.MARKETING: 3,
    }


@pytest.mark.parametrize("mode", PRIVATE)
def test_few_own_words_among_made_up_ones_are_not_shown(same, mode):
    def scene(given):
        survey = opened(mode)
        rest = {"heard": "often"}
        for who in (*make_members("sales", 6), *make_members("marketing", 6)):
            submit(who, survey, rest)
        submit(make_actor(name="the one"), survey, rest | {"words": given["words"]})
        bring_strangers(survey, 8, heard="often", words="made up")
        surveys.close_survey(MACHINE, survey.id)
        return survey

    same(scene)


# ── probing by importing, by copying, by asking in other ways ────────────────────────────────────────────────────────


def test_an_import_into_an_anonymous_survey_does_not_tell_who_has_answered():
    survey, answered, not_yet = opened("anonymous"), make_actor(), make_actor()
    submit(answered, survey, ONE)
    emails = {e.person.id: e.person.email for e in people.list_people(MACHINE)}
    told = set()
    for who in (answered, not_yet):
        row = f"person,team,heard\n{emails[who.person_id]},sales,never\n".encode()
        told.add(attempt(responses.import_responses, MACHINE, survey.id, "x.csv", row))
        as_label = attempt(responses.import_responses, MACHINE, survey.id, "x.csv", row, external=True)
        told.add(as_label.replace(emails[who.person_id], "E"))
    assert len(told) == 2, told
    assert answers.my_progress(answered, survey.id).answers["heard"] == "often"
    assert answers.my_progress(not_yet, survey.id).answers == {}


@pytest.mark.parametrize("mode", PRIVATE)
def test_a_copy_of_a_survey_starts_empty_and_its_tokens_are_others(mode):
    survey, who = opened(mode), make_actor()
    submit(who, survey, ONE)
    kept = {row["id"] for row in store().read().execute("SELECT id FROM respondent")}
    surveys.close_survey(MACHINE, survey.id)
    copy = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, copy_of=survey.id).id)
    assert copy.mode.strictness >= survey.mode.strictness
    assert answers.my_progress(who, copy.id).answers == {}
    answers.save_answer(who, copy.id, "heard", "never")
    rows = store().read().execute("SELECT id FROM respondent WHERE survey_id = ?", (copy.id,)).fetchall()
    if mode == "anonymous":
        assert kept.isdisjoint(row["id"] for row in rows)


def test_nobody_takes_away_anybody_elses_answers():
    survey, who = opened("anonymous"), make_actor()
    submit(who, survey, OTHER)
    for role, team in (
        ("member", "sales"),
        ("team_lead", "sales"),
        ("facilitator", "marketing"),
        ("admin", "sales"),
    ):
        other = make_actor(role, team)
        assert b"977" not in responses.export_my_answers(other, survey.id, "json").content
        assert answers.my_progress(other, survey.id).answers == {}
        assert all(not one.answers for one in answers.my_surveys(other))


def test_the_http_interface_has_nothing_on_answers():
    assert set(describe(application())["paths"]) == {
        "/v1/health",
        "/v1/openapi.json",
        "/v1/leads",
        "/v1/lead-events",
        "/v1/hubspot/notifications",
    }


def test_a_named_survey_keeps_its_promise_and_no_other_mode_exports_a_row():
    for mode in ("named", *PRIVATE):
        survey = opened(mode)
        groups = make_members("sales", 5), make_members("marketing", 5)
        for who in (*groups[0], *groups[1]):
            submit(who, survey, OTHER)
        surveys.close_survey(MACHINE, survey.id)
        emails = [e.person.email for e in people.list_people(MACHINE)]
        for form in ("csv", "json"):
            text = responses.export_responses(MACHINE, survey.id, form).content.decode("utf-8-sig")
            assert any(email in text for email in emails) is (mode == "named")
            assert not re.search(r"\d\d:\d\d|20\d\d-\d\d-\d\d", text)


# ── the file, when an anonymous survey has closed ────────────────────────────────────────────────────────────────────


def bytes_of_the_store():
    folder = store().path.parent
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("concord.db"))


def answered_at(hour, who, survey, given):
    with clock.at(START + timedelta(days=1, hours=hour, minutes=7)):
        submit(who, survey, given)


@pytest.fixture
def anonymous():
    """A closed anonymous survey: (survey, those who answered in the order in which they came, what the file had before)."""
    with clock.at(START):
        survey = opened("anonymous")
        came = [make_actor(team="sales" if n % 2 else "marketing", name=f"person {n}") for n in range(12)]
    random.Random(1).shuffle(came)
    for number, who in enumerate(came):
        answered_at(number, who, survey, ONE | {"hours": 500 + number})
    with clock.at(START + timedelta(days=1, hours=20)):
        answers.save_answer(came[3], survey.id, "heard", "never")  # a second time: its revision would tell
        answers.clear_answer(came[4], survey.id, "words")
        answers.save_answer(came[4], survey.id, "words", ONE["words"])
        begun = make_actor(name="begun only")
        answers.save_answer(begun, survey.id, "hours", 400)
        store().write(lambda c: _remember(c, survey.id, begun.person_id))
    connection = store().read()
    before = {
        "secret": connection.execute("SELECT secret FROM survey_secret").fetchone()["secret"],
        "tokens": [row["id"] for row in connection.execute("SELECT id FROM respondent")],
        "reminder": "You have not finished yet",
        "day": (START + timedelta(days=1)).date().isoformat(),
    }
    for mark in before.values():
        for text in [mark] if isinstance(mark, str) else mark:
            assert text.encode() in bytes_of_the_store(), "there is something to find"
    with clock.at(START + timedelta(days=9)):
        surveys.close_survey(MACHINE, survey.id)
    return survey, came, before


def _remember(connection, survey_id, person_id):
    """A reminder in the inbox, and a personal link, as they stand while a survey is open."""
    at = clock.now_text()
    connection.execute(
        "INSERT INTO message (id, person_id, survey_id, kind, subject, body, created_at, mail)"
        " VALUES (?, ?, ?, 'reminder', 'Reminder', 'You have not finished yet', ?, 'sent')",
        (new_id(), person_id, survey_id, at),
    )
    connection.execute(
        "INSERT INTO survey_link (token_hash, survey_id, person_id, created_at, expires_at) VALUES ('h', ?, ?, ?, ?)",
        (survey_id, person_id, at, at),
    )


def test_no_key_token_reminder_or_time_is_left_in_the_file_its_log_or_its_free_pages(anonymous):
    _, _, before = anonymous
    left = bytes_of_the_store()
    assert before["secret"].encode() not in left and bytes.fromhex(before["secret"]) not in left
    for known in before["tokens"]:
        assert known.encode() not in left
    assert before["reminder"].encode() not in left
    assert before["day"].encode() not in left
    for table in ("message", "survey_link", "survey_secret", "answer_taken_back"):
        assert store().read().execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
    rows = store().read().execute("SELECT * FROM answer").fetchall()
    assert {row["revision"] for row in rows} == {1}
    times = {row["saved_at"] for row in rows} | {
        row[name]
        for row in store().read().execute("SELECT * FROM respondent")
        for name in ("started_at", "submitted_at")
    }
    assert times == {"2026-03-11T00:00:00.000000Z", None}
    assert len(rows) == 12 * len(ONE) + 1 and store().fault() is None


def test_nothing_in_the_file_leads_from_a_person_to_an_answer(anonymous):
    survey, came, _ = anonymous
    connection = store().read()
    kept = {row["id"] for row in connection.execute("SELECT id FROM respondent")}
    everything = json.dumps(
        [
            dict(row)
            for table in ("respondent", "answer")
            for row in connection.execute(f"SELECT * FROM {table}")
        ]
    )
    settings_kept = [row["value"] for row in connection.execute("SELECT value FROM setting")]
    candidates = [survey.id, *kept, *settings_kept, "", *(p.hex() for p in [os.urandom(1)])]
    for who in came:
        assert who.person_id not in everything
        for secret in candidates:
            key = secret.encode().hex()
            assert token(key, survey.id, who.person_id) not in kept
        rows = connection.execute("SELECT * FROM audit WHERE actor = ?", (who.person_id,)).fetchall()
        assert rows == []


def test_the_order_of_the_rows_is_not_the_order_in_which_people_came(anonymous):
    """Neither by key nor by place in the file, where a changed row would stay where the old one lay."""
    survey, came, _ = anonymous
    connection = store().read()
    arrival = [
        next(
            row["respondent"]
            for row in connection.execute(
                "SELECT respondent FROM answer WHERE question = 'hours' AND value = ?", (f"{500 + number}.0",)
            )
        )
        for number in range(len(came))
    ]
    assert sorted(arrival) not in (arrival, arrival[::-1])
    content = store().path.read_bytes()
    places = [
        (content.index((survey.id + key + team).encode()), key) for key in arrival for team in _team(key)
    ]
    lying = [key for _, key in sorted(places)]
    assert len(lying) == len(arrival) and lying not in (arrival, arrival[::-1])
    assert lying in (sorted(lying), sorted(lying, reverse=True)), "the place goes by the new keys alone"


def _team(key):
    row = store().read().execute("SELECT team FROM respondent WHERE id = ?", (key,)).fetchone()
    return [row["team"]]


def test_no_table_of_people_who_answer_counts_arrivals():
    connection = store().read()
    tables = {
        row["name"]: row["sql"]
        for row in connection.execute("SELECT * FROM sqlite_master WHERE type = 'table'")
    }
    assert "sqlite_sequence" not in tables
    for name in ("respondent", "answer", "answer_taken_back", "message", "survey_link", "invitee"):
        assert "WITHOUT ROWID" in tables[name], name


def test_a_reader_who_held_the_log_open_does_not_keep_the_key_in_it():
    survey, who = opened("anonymous"), make_actor()
    submit(who, survey, ONE)
    secret = store().read().execute("SELECT secret FROM survey_secret").fetchone()["secret"].encode()
    with closing(sqlite3.connect(store().path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM answer").fetchone()
        surveys.close_survey(MACHINE, survey.id)
        assert secret in bytes_of_the_store()
        reader.execute("COMMIT")
    for _ in range(2):  # it is tried again after each group of writes, before the next one is begun
        surveys.prepare_survey(MACHINE, template="pulse")
    assert secret not in bytes_of_the_store()


def test_the_timed_work_empties_the_log_that_a_command_had_to_leave(monkeypatch):
    monkeypatch.setattr(commands, "_PATIENCE", 0.0)
    survey, who = opened("anonymous"), make_actor()
    submit(who, survey, ONE)
    secret = store().read().execute("SELECT secret FROM survey_secret").fetchone()["secret"].encode()
    with closing(sqlite3.connect(store().path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM answer").fetchone()
        done = CliRunner().invoke(commands.manage, ["survey", "close", survey.id, "--json"])
        assert done.exit_code == 0 and json.loads(done.stdout)["log_emptied"] is False
        assert "Somebody is reading the store" in done.stderr
        run_round()
        assert secret in bytes_of_the_store()
        reader.execute("COMMIT")
    assert run_round().faults == ()
    assert secret not in bytes_of_the_store()


def test_an_answer_on_its_way_when_an_anonymous_survey_closes_is_refused_and_leaves_nothing():
    survey, who = opened("anonymous"), make_actor()
    answers.save_answer(who, survey.id, "heard", "often")
    surveys.close_survey(MACHINE, survey.id)
    assert attempt(answers.save_answer, who, survey.id, "heard", "never").startswith("refused")
    rows = store().read().execute("SELECT value FROM answer").fetchall()
    assert [row["value"] for row in rows] == ['"often"']


def test_a_survey_that_closes_by_its_time_takes_nothing_more_and_is_made_anonymous_as_by_hand():
    with clock.at(START):
        survey, who, late = opened("anonymous"), make_actor(), make_actor()
        submit(who, survey, OTHER)
        wall = (START + timedelta(days=2)).replace(tzinfo=None)
        schedules.set_dates(MACHINE, survey.id, closes=wall, revision=survey.revision)
    with clock.at(START + timedelta(days=2, hours=12)):
        for one in (who, late):
            assert "closed" in attempt(answers.save_answer, one, survey.id, "hours", 5)
        schedules.open_and_close_due(MACHINE)
    connection = store().read()
    assert connection.execute("SELECT count(*) FROM survey_secret").fetchone()[0] == 0
    row = connection.execute("SELECT * FROM respondent").fetchone()
    assert len(row["id"]) == 32 and row["started_at"] == row["submitted_at"] == "2026-03-04T00:00:00.000000Z"
    assert START.date().isoformat() not in json.dumps(
        [dict(r) for r in connection.execute("SELECT * FROM answer")]
    )


# ── the audit log ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["named", "confidential"])
def test_the_log_says_who_began_submitted_and_changed_what_was_submitted(mode):
    survey, who = opened(mode), make_actor()
    submit(who, survey, ONE)
    answers.save_answer(who, survey.id, "heard", "never")
    answers.clear_answer(who, survey.id, "words")
    told = [
        (row["action"], row["before"], row["after"])
        for row in store().read().execute("SELECT * FROM audit WHERE actor = ? ORDER BY id", (who.person_id,))
    ]
    assert told == [
        ("survey:answer", None, None),
        ("survey:submit", None, None),
        ("survey:answer", None, None),
        ("survey:answer", None, None),
    ]
