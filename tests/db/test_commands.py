"""The administrator's commands for people and for the state of the store."""

import json

import pytest
from click.testing import CliRunner

from actions import people, sign_in
from alignment.people import MACHINE
from db import store as stores
from manage import manage

PASSWORD = "correct horse battery"


def call(*arguments, **more):
    return CliRunner().invoke(manage, list(arguments), **more)


def add(*more, role="member", **options):
    return call(
        "user", "add", "--name", "Bea", "--email", "bea@example.com", "--role", role, *more, **options
    )


def test_a_person_added_with_a_password_can_sign_in():
    done = add("--team", "sales", "--password-stdin", input=PASSWORD + "\n")
    assert done.exit_code == 0 and PASSWORD not in done.output
    assert sign_in.check("bea@example.com", PASSWORD)


def test_a_person_added_without_gets_a_link_that_works_once(monkeypatch):
    monkeypatch.setenv("CONCORD_URL", "https://concord.example/")
    done = add("--team", "sales", "--json")
    link = json.loads(done.stdout)["link"]
    assert link.startswith("https://concord.example/sign-in/")
    assert people.invited_person(link.rpartition("/")[2]).name == "Bea"


@pytest.mark.parametrize(
    ("more", "options", "code"),
    [
        ((), {}, 1),  # a member without a team
        (("--team", "sales", "--password-stdin"), {"input": "short\n"}, 1),
        (("--team", "sales", "--password-stdin"), {"input": ""}, 1),
        (("--team", "support"), {}, 2),
        (("--team", "sales"), {"role": "owner"}, 2),
    ],
)
def test_a_fault_gets_a_sentence_and_nobody_is_added(more, options, code):
    done = add(*more, **options)
    assert done.exit_code == code and done.stderr.strip() and "Traceback" not in done.output
    assert people.list_people(MACHINE) == []


def test_somebody_who_is_there_already_is_not_added_twice():
    assert add("--team", "sales").exit_code == 0
    again = add("--team", "sales", "--json")
    assert again.exit_code == 1 and "bea@example.com" in json.loads(again.stdout)["error"]


def test_a_sound_store_is_said_to_be_sound():
    add("--team", "sales")
    done = call("check", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"sound": True, "store": "ok", "leads": "ok"})


def test_a_damaged_store_is_said_to_be_damaged(data_folder):
    for number in range(200):
        people.add_person(MACHINE, f"Bea {number}", f"bea{number}@example.com", None, "facilitator")
    stores.close_all()
    path = data_folder / "concord.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:20_000] + b"\xff" * 8_000 + whole[28_000:])
    done = call("check")
    assert done.exit_code == 1 and "damaged" in done.output + done.stderr


def test_checking_a_folder_without_a_store_makes_none(tmp_path):
    done = call("--data", str(tmp_path / "typo"), "check")
    assert done.exit_code == 1 and "no store" in done.stderr
    assert not (tmp_path / "typo").exists()
