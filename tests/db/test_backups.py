"""One file holds everything: it is sound whatever others write meanwhile, says when it is not, and is put back whole or not at all."""

import json
import os
import shutil
import sqlite3
import stat
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from click.testing import CliRunner
from people import make_actor

from actions import backups, lead_feed, people, sealed_keys, sign_in
from actions.backups import BackupFailed
from alignment.errors import InvalidInput, NotFound, NotPermitted, WrongState
from alignment.people import MACHINE, Role, Team
from db import copies
from db import store as stores
from db.store import StoreUnsound, store
from leads.store import close_all as close_facts
from leads.store import warehouse
from manage import manage

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC).isoformat()


def fill():
    """A person, and two leads of which one is in the facts and one still waits in the store."""
    people.add_person(MACHINE, "Ada", "ada@example.com", Team.SALES, Role.MEMBER)
    send("a")
    lead_feed.apply_waiting(MACHINE)
    send("b")


def send(lead_id):
    event = {"id": f"e-{lead_id}", "lead_id": lead_id, "type": "entered_stage", "stage": "mql", "at": NOW}
    store().write(lambda connection: lead_feed.take(connection, "test", (), (event,)))


def close():
    stores.close_all()
    close_facts()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Work in another folder from now on."""

    def go(name="elsewhere"):
        close()
        monkeypatch.setenv("CONCORD_DATA", str(tmp_path / name))
        return tmp_path / name

    return go


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the folder and its backup are kept once they were made."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def made(tmp_path, data_folder, kept):
    """A backup of a little of everything, beside the folder it was made of: made once, and a copy for each test."""
    path, original = tmp_path / "concord.backup", kept / "concord.backup"
    if not original.exists():
        fill()
        backups.make_backup(MACHINE, path)
        close()
        shutil.copytree(data_folder, kept / "data")
        shutil.copy2(path, original)
        return path
    shutil.copytree(kept / "data", data_folder)
    return shutil.copy2(original, path)


def names():
    return {access.person.name for access in people.list_people(MACHINE)}


def leads():
    with warehouse().read() as facts:
        return {row["lead_id"] for row in facts.rows(facts.lead.select("lead_id"))}


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "backup.lock"
    }


def test_what_was_backed_up_is_there_again_and_what_waited_still_comes_into_force(made, elsewhere):
    elsewhere()
    done = backups.restore_backup(MACHINE, made)
    assert (done.kept, done.backup.leads["lead"]) == (None, 1)
    assert (names(), leads()) == ({"Ada"}, {"a"})
    lead_feed.apply_waiting(MACHINE)
    assert leads() == {"a", "b"}
    send("b")  # known by its id, so it is not taken again
    assert lead_feed.apply_waiting(MACHINE) == 0


def test_backups_beside_eight_writers_are_sound_and_no_change_is_in_one_by_half(tmp_path, elsewhere):
    fill()
    ended = threading.Event()
    confirmed = []

    def write(number):
        count = 0
        while not ended.is_set() or not count:
            count += 1
            added = people.add_person(
                MACHINE, "Bea", f"bea.{number}.{count}@example.com", Team.SALES, Role.MEMBER
            )
            confirmed.append(added.person.id)
            send(f"{number}-{count}")
            if number == 0:
                lead_feed.apply_waiting(MACHINE)
            ended.wait(0.5 if number == 0 else 0.1)

    before = []
    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, number) for number in range(8)]
        try:
            for number in range(2):
                before.append(set(confirmed))
                backups.make_backup(MACHINE, tmp_path / f"{number}.backup")
        finally:
            ended.set()
        for one in writing:
            one.result()
    for number, there_by_then in enumerate(before):
        elsewhere(f"restored-{number}")
        backups.restore_backup(MACHINE, tmp_path / f"{number}.backup")
        assert store().fault() is None
        found = {access.person.id for access in people.list_people(MACHINE)}
        assert there_by_then <= found
        row = store().read().execute
        assert (
            len(found)
            == row("SELECT count(*) FROM audit WHERE noun = 'person' AND action = 'add'").fetchone()[0]
        )
        lead_feed.apply_waiting(MACHINE)
        taken = {json.loads(one["content"])["lead_id"] for one in row("SELECT content FROM lead_inflow")}
        assert taken <= leads() and len(leads()) >= 2


def test_a_feed_that_never_rests_lets_whoever_waits_hold_the_facts(monkeypatch):
    fill()
    rounds, held = [], threading.Event()

    def hold():
        with warehouse().held():
            held.set()

    def let_in(items):
        with warehouse().held():
            if not rounds:
                waiting.start()
            time.sleep(0.05)
        rounds.append(len(items))  # and the same wait on
        return len(items)

    waiting = threading.Thread(target=hold)
    monkeypatch.setattr(lead_feed, "_apply", let_in)
    lead_feed.apply_waiting(MACHINE, may_go_on=lambda: not held.is_set() and len(rounds) < 20)
    waiting.join()
    assert len(rounds) < 20


def test_keys_go_along_but_the_one_of_sign_ins(made, elsewhere, tmp_path):
    sealed = sealed_keys.seal({"token": "secret"})
    key = sign_in.cookie_key()
    backups.make_backup(MACHINE, made)
    assert "sign-in.key" not in zipfile.ZipFile(made).namelist()
    elsewhere()
    backups.restore_backup(MACHINE, made)
    assert sealed_keys.unseal(sealed) == {"token": "secret"}
    assert sign_in.cookie_key() != key


def test_only_its_owner_may_read_it_and_nothing_is_left_beside_it(made, data_folder):
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [path.name for path in made.parent.iterdir() if path.name.startswith(".")] == []
    assert {path.name for path in data_folder.iterdir()} <= {
        *("concord.db", "concord.db-wal", "concord.db-shm", "leads", "backup.lock"),
    }
    assert backups.last_backup(MACHINE) is not None


def test_where_data_are_nothing_is_replaced_unless_asked_and_then_it_is_kept(made, elsewhere):
    here = elsewhere()
    people.add_person(MACHINE, "Cid", "cid@example.com", Team.SALES, Role.MEMBER)
    close()
    with pytest.raises(WrongState, match="--replace"):
        backups.restore_backup(MACHINE, made)
    assert names() == {"Cid"}
    close()
    done = backups.restore_backup(MACHINE, made, replace=True)
    assert names() == {"Ada"} and done.kept is not None and done.kept.parent == here
    with sqlite3.connect(done.kept / "concord.db") as old:
        assert old.execute("SELECT name FROM person").fetchall() == [("Cid",)]


def test_under_a_running_portal_nothing_is_replaced(made):
    store().read().execute("SELECT 1 FROM person").fetchall()  # the portal's own connection
    with pytest.raises(WrongState, match="running"):
        backups.restore_backup(MACHINE, made, replace=True)
    assert names() == {"Ada"}


def repack(path, change):
    """The same archive with its files changed: a dict of name → bytes, the list under `concord.json`."""
    files = unpacked(path)
    change(files)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def unpacked(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def relist(files, change):
    document = json.loads(files["concord.json"])
    change(document)
    files["concord.json"] = json.dumps(document).encode()


def claim(files, name, content):
    """Put other content under a name, with a checksum that fits."""
    files[name] = content

    def tell(document):
        document["parts"] = [part for part in document["parts"] if part["name"] != name]
        document["parts"].append({"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest()})

    relist(files, tell)


def without_people(files, tmp_path):
    path = tmp_path / "other.db"
    path.write_bytes(files["concord.db"])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM invitation")
        connection.execute("DELETE FROM person")
    claim(files, "concord.db", path.read_bytes())


def from_the_future(files, tmp_path):
    path = tmp_path / "other.db"
    path.write_bytes(files["concord.db"])
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE _sqlite_migrations SET name = 'm9999_later' WHERE id = (SELECT max(id) FROM _sqlite_migrations)"
        )
    claim(files, "concord.db", path.read_bytes())


FAULTS = {
    "a file is missing": lambda files, _: files.pop("leads/current.json"),
    "its list is missing": lambda files, _: files.pop("concord.json"),
    "its list is no list": lambda files, _: files.update({"concord.json": b"[1, 2]"}),
    "its list is nested deep": lambda files, _: files.update({"concord.json": b"[" * 100_000}),
    "its list is huge": lambda files, _: files.update({"concord.json": b" " * 2_000_000}),
    "a file leads out of the folder": lambda files, _: claim(files, "../evil", b"x"),
    "a file has a name of its own": lambda files, _: claim(files, "app.py", b"x"),
    "no store": lambda files, _: relist(
        files,
        lambda document: document.update(parts=[p for p in document["parts"] if p["name"] != "concord.db"]),
    ),
    "a file is longer than listed": lambda files, _: files.update(
        {"concord.db": files["concord.db"] + b"\0" * 10**6}
    ),
    "a file is changed": lambda files, _: files.update({"concord.db": files["concord.db"][:-1] + b"\1"}),
    "the store is none": lambda files, _: claim(files, "concord.db", b"no store"),
    "rows are missing": without_people,
    "the facts are none": lambda files, _: claim(
        files, next(name for name in files if name.endswith((".duckdb", ".live"))), b"no facts"
    ),
    "a newer form": lambda files, _: relist(files, lambda document: document.update(format=2)),
    "a newer store": from_the_future,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_backup_that_is_not_sound_is_refused_and_changes_nothing(fault, made, elsewhere, tmp_path):
    repack(made, lambda files: FAULTS[fault](files, tmp_path))
    here = elsewhere()
    people.add_person(MACHINE, "Cid", "cid@example.com", Team.SALES, Role.MEMBER)
    close()
    before = contents(here)
    for look in (backups.inspect_backup, lambda *told: backups.restore_backup(*told, replace=True)):
        with pytest.raises((InvalidInput, StoreUnsound, lead_feed_unavailable())) as refusal:
            look(MACHINE, made)
        assert len(str(refusal.value)) < 400
    assert contents(here) == before


def lead_feed_unavailable():
    from leads.store import WarehouseUnavailable

    return WarehouseUnavailable


def test_cut_off_or_with_a_bit_turned_it_is_refused(made, tmp_path):
    whole = made.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 10):
        made.write_bytes(whole[:length])
        with pytest.raises(InvalidInput, match="no sound backup"):
            backups.inspect_backup(MACHINE, made)
    made.write_bytes(whole)
    right, refused = unpacked(made), 0
    end = len(whole) - 22  # where the archive says where its list of files stands
    for place in (*range(0, len(whole), len(whole) // 20), *range(end, len(whole))):
        made.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        try:
            backups.inspect_backup(MACHINE, made)
        except InvalidInput:
            refused += 1
        else:  # in a long run of the same byte it does not matter where that is repeated from
            assert unpacked(made) == right
    assert refused >= 10
    with pytest.raises(NotFound):
        backups.inspect_backup(MACHINE, tmp_path / "nothing")


class Killed(BaseException):
    """What ends a process at once."""


def test_killed_at_any_step_of_restoring_it_refuses_to_open_by_half_and_can_be_done_again(
    made, elsewhere, monkeypatch
):
    real = os.replace
    for step in range(20):
        here = elsewhere(f"killed-{step}")
        people.add_person(MACHINE, "Cid", "cid@example.com", Team.SALES, Role.MEMBER)
        close()
        steps = iter(range(100))

        def replace(source, target, steps=steps, step=step):
            if next(steps) == step:
                raise Killed
            real(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(backups.os, "replace", replace)
            try:
                backups.restore_backup(MACHINE, made, replace=True)
            except Killed:
                pass
            else:
                assert step >= 3  # the old store, the new one and the new facts at least
                break
        with pytest.raises(StoreUnsound, match="restore FILE"):
            store()
        backups.restore_backup(MACHINE, made)
        assert (names(), leads()) == ({"Ada"}, {"a"})
        assert any((kept / "concord.db").exists() for kept in here.glob("replaced-*"))
    else:
        pytest.fail("it never came to an end")


def test_a_file_that_is_no_backup_is_not_written_over(made, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    for taken in (notes, tmp_path):
        with pytest.raises(InvalidInput, match="Choose another name"):
            backups.make_backup(MACHINE, taken)
    assert notes.read_text() == "mine"
    with pytest.raises(BackupFailed, match="not written"):
        backups.make_backup(MACHINE, tmp_path / "nowhere" / "file")


def test_a_full_disk_leaves_the_earlier_backup(made, monkeypatch):
    whole = made.read_bytes()

    def full(*_told, **_more):
        raise OSError(28, "No space left on device")

    for part in ("_write", "_freeze"):
        with monkeypatch.context() as patched:
            patched.setattr(backups, part, full)
            with pytest.raises(BackupFailed, match="No space left"):
                backups.make_backup(MACHINE, made)
    assert made.read_bytes() == whole
    assert backups.inspect_backup(MACHINE, made).rows["person"] == 1


def test_two_at_once_do_not_meet(made, monkeypatch, tmp_path):
    begun, go_on = threading.Event(), threading.Event()
    real = copies.copy_store

    def slow(*told):
        begun.set()
        go_on.wait(20)
        real(*told)

    monkeypatch.setattr(backups.copies, "copy_store", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(backups.make_backup, MACHINE, tmp_path / "first")
        assert begun.wait(20)
        try:
            with pytest.raises(backups.pointer.WarehouseUnavailable, match="Another backup"):
                backups.make_backup(MACHINE, tmp_path / "second")
        finally:
            go_on.set()
        first.result()


def test_it_is_for_administrators():
    for role in (Role.MEMBER, Role.TEAM_LEAD, Role.FACILITATOR):
        actor = make_actor(role.value, None if role is Role.FACILITATOR else "sales")
        for action in (backups.make_backup, backups.inspect_backup, backups.restore_backup):
            with pytest.raises(NotPermitted):
                action(actor, None)


def test_the_commands_say_what_they_did(data_folder, tmp_path):
    fill()
    path = str(tmp_path / "b")

    def call(*arguments, code=0):
        done = CliRunner().invoke(manage, [*arguments])
        assert done.exit_code == code and "Traceback" not in done.output, done.output
        return done

    made = json.loads(call("backup", path, "--json").stdout)
    assert made["bytes"] == os.path.getsize(path) and made["leads"] == {"lead": 1, "lead_event": 1}
    assert json.loads(call("check", path, "--json").stdout)["sound"] is True
    close()
    other = str(tmp_path / "other")
    assert "sign in again" in call("--data", other, "restore", path).stdout
    close()
    assert "--replace" in call("--data", other, "restore", path, code=1).stderr
    assert "kept in" in call("--data", other, "restore", path, "--replace").stdout
    assert "no file" in call("check", str(tmp_path / "typo"), code=1).stderr
    assert "no store" in call("--data", str(tmp_path / "typo"), "backup", path, code=1).stderr
