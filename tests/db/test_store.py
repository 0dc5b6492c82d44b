"""The operational store keeps what it confirmed, and loses nothing to threads, processes, kills or full disks."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
import sqlite_utils
from sqlite_utils.utils import sqlite3

from actions import answers, clock, invitations, people, surveys
from alignment.people import MACHINE, Actor, Role, Team
from alignment.surveys import token
from db import store as stores
from db.migrations import migrations
from db.store import Store, StoreUnavailable, StoreUnsound, store
from jobs.rounds import run_round

ROOT = Path(__file__).resolve().parents[2]


def put(key, value="0"):
    store().write(
        lambda c: c.execute("INSERT INTO setting (key, value) VALUES (?, ?)", (key, value)).rowcount
    )


def get(key):
    row = store().read().execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return row["value"] if row else None


def increment(connection):
    value = int(connection.execute("SELECT value FROM setting WHERE key = 'n'").fetchone()["value"])
    connection.execute("UPDATE setting SET value = ? WHERE key = 'n'", (str(value + 1),))


def in_threads(count, work):
    failures = []

    def run():
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def run_python(code, folder):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env={**os.environ, "CONCORD_DATA": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_is_confirmed_is_seen_by_every_reader():
    put("a", "1")
    assert get("a") == "1"
    seen = []
    in_threads(1, lambda: seen.append(get("a")))
    assert seen == ["1"]


def test_a_transaction_that_fails_leaves_nothing_and_harms_no_other():
    def half(connection):
        connection.execute("INSERT INTO setting (key, value) VALUES ('half', '1')")
        raise LookupError("no")

    def fail():
        with pytest.raises(LookupError):
            store().write(half)

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    numbers = iter(range(4))
    in_threads(4, lambda: put(f"whole-{next(numbers)}"))
    for thread in threads:
        thread.join()
    assert get("half") is None
    assert store().read().execute("SELECT count(*) FROM setting").fetchone()[0] == 4


def test_eight_threads_that_read_and_then_write_one_row_count_exactly():
    put("n")

    def work():
        for _ in range(50):
            store().write(increment)

    in_threads(8, work)
    assert get("n") == "400"


def test_another_process_writes_at_the_same_time(data_folder):
    put("n")
    code = """
        from db.store import store
        def increment(c):
            value = int(c.execute("SELECT value FROM setting WHERE key = 'n'").fetchone()[0])
            c.execute("UPDATE setting SET value = ? WHERE key = 'n'", (str(value + 1),))
        for _ in range(100):
            store().write(increment)
    """
    others = [run_python(code, data_folder) for _ in range(2)]
    for _ in range(100):
        store().write(increment)
    for other in others:
        _, errors = other.communicate(timeout=60)
        assert other.returncode == 0, errors
    assert get("n") == "300"


def test_a_reading_connection_refuses_to_write():
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store().read().execute("INSERT INTO setting (key, value) VALUES ('x', '1')")


def test_a_transaction_inside_a_transaction_is_a_programming_error():
    with pytest.raises(RuntimeError, match="cannot start another"):
        store().write(lambda _: store().write(lambda c: None))


def test_after_closing_nothing_is_saved_and_it_is_said():
    opened = store()
    opened.close()
    with pytest.raises(StoreUnavailable, match="Not saved"):
        opened.write(lambda c: None)


def test_a_full_disk_says_not_saved_and_keeps_what_was_confirmed():
    put("a", "kept")
    pages = store().read().execute("PRAGMA page_count").fetchone()[0]
    store().write(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone())
    with pytest.raises(StoreUnavailable, match=r"Not saved: .*full"):
        put("large", "x" * 200_000)
    assert get("a") == "kept"
    assert get("large") is None
    assert store().fault() is None


def outcome_of_a_write():
    """What a write returns or is refused with; None when nobody has answered it."""
    outcome = []

    def attempt():
        try:
            outcome.append(store().write(lambda c: "saved"))
        except StoreUnavailable as error:
            outcome.append(str(error))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(10)
    return outcome[0] if outcome else None


class Broken:
    """A connection to a file that is gone: not even undoing works."""

    in_transaction = True

    def execute(self, statement):
        raise sqlite3.OperationalError("disk I/O error")

    def close(self):
        raise sqlite3.OperationalError("disk I/O error")


def test_a_writer_whose_connection_breaks_answers_everybody_and_connects_anew(monkeypatch):
    opened = store()
    with monkeypatch.context() as gone:
        gone.setattr(opened, "connect", Broken)
        assert "Not saved" in outcome_of_a_write()
    assert outcome_of_a_write() == "saved"


def test_a_write_that_meets_the_closing_is_answered():
    opened = store()
    threads = [threading.Thread(target=in_vain, args=(opened,), daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    opened.close()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def in_vain(opened):
    """Write until it is refused."""
    while True:
        try:
            opened.write(lambda c: None)
        except StoreUnavailable:
            return


def test_killed_in_the_middle_of_eight_writers_nothing_confirmed_is_lost(data_folder):
    code = """
        import sys, threading
        from db.store import store
        def work(name):
            for number in range(100_000):
                key = f"{name}-{number}"
                store().write(lambda c: c.execute("INSERT INTO setting (key, value) VALUES (?, '1')", (key,)).rowcount)
                sys.stdout.write(key + "\\n")
                sys.stdout.flush()
        for name in range(8):
            threading.Thread(target=work, args=(name,)).start()
    """
    for _ in range(3):
        stores.close_all()
        (data_folder / "concord.db").unlink(missing_ok=True)
        process = run_python(code, data_folder)
        confirmed = [process.stdout.readline().strip() for _ in range(400)]
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
        confirmed += [line for line in rest.split("\n")[:-1] if line]
        kept = {row["key"] for row in store().read().execute("SELECT key FROM setting")}
        assert set(confirmed) <= kept
        assert store().fault() is None


def test_killed_in_a_migration_the_store_is_as_before(data_folder):
    put("a", "kept")
    stores.close_all()
    code = """
        import os, signal
        from db.migrations import migrations
        @migrations(name="9999_killed")
        def build(db):
            db.execute("CREATE TABLE half (id TEXT)")
            db.execute("DELETE FROM setting")
            os.kill(os.getpid(), signal.SIGKILL)
        from db.store import store
        store()
    """
    killed = run_python(code, data_folder)
    killed.communicate(timeout=30)
    assert killed.returncode == -signal.SIGKILL
    assert get("a") == "kept"
    assert "half" not in {row[0] for row in store().read().execute("SELECT name FROM sqlite_master")}


# ── what was deleted ─────────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "3f9c1b7d"


@pytest.fixture
def reader(data_folder):
    """Another process that is in the middle of reading the store, as a backup may be; `end()` lets it finish."""
    put("secret", SECRET)
    code = """
        import sys
        from db.store import store
        connection = store().read()
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM setting").fetchone()
        print("reading", flush=True)
        sys.stdin.readline()
    """
    process = run_python(code, data_folder)
    assert process.stdout.readline() == "reading\n"

    def end():
        process.communicate("\n", timeout=30)
        return process

    yield end
    if process.poll() is None:
        process.kill()
        process.communicate()


def delete_the_secret(connection):
    connection.execute("DELETE FROM setting WHERE key = 'secret'")
    stores.mark_to_be_forgotten(connection)


def is_in_a_file(folder):
    return any(SECRET.encode() in path.read_bytes() for path in folder.glob("concord.db*"))


def test_what_was_deleted_is_in_no_file_once_a_reader_in_another_process_has_ended(reader, data_folder):
    store().write(delete_the_secret)
    assert not store().forget_deleted(patience=0) and is_in_a_file(data_folder)
    put("a")
    assert is_in_a_file(data_folder)
    assert reader().returncode == 0
    assert store().forget_deleted() and not is_in_a_file(data_folder)
    assert get("log_to_be_emptied") is None


def test_a_later_write_empties_the_log_that_another_process_had_to_leave(reader, data_folder):
    code = """
        from db.store import mark_to_be_forgotten, store
        def delete(c):
            c.execute("DELETE FROM setting WHERE key = 'secret'")
            mark_to_be_forgotten(c)
        store().write(delete)
        print(store().forget_deleted(patience=0))
    """
    said, errors = run_python(code, data_folder).communicate(timeout=30)
    assert said == "False\n", errors
    assert is_in_a_file(data_folder)
    reader()
    for key in "ab":  # it is emptied before the next group of writes is begun
        put(key)
    assert not is_in_a_file(data_folder)


def test_what_a_killed_process_left_in_the_log_is_gone_at_the_next_start(reader, data_folder):
    stores.close_all()
    code = """
        import os, signal
        from db.store import mark_to_be_forgotten, store
        def delete(c):
            c.execute("DELETE FROM setting WHERE key = 'secret'")
            mark_to_be_forgotten(c)
        store().write(delete)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = run_python(code, data_folder)
    killed.communicate(timeout=30)
    assert killed.returncode == -signal.SIGKILL and is_in_a_file(data_folder)
    store()
    assert is_in_a_file(data_folder)  # the reader still needs it
    stores.close_all()
    reader()
    store()
    assert not is_in_a_file(data_folder) and get("log_to_be_emptied") is None


def test_what_is_deleted_while_the_log_is_being_emptied_is_not_taken_for_done(data_folder, monkeypatch):
    put("secret", SECRET)
    emptied = stores._empty_log

    def slowly(connection):
        done = emptied(connection)
        stores.mark_to_be_forgotten(connection)  # another server's, right after
        return done

    monkeypatch.setattr(stores, "_empty_log", slowly)
    store().write(delete_the_secret)
    put("a")
    assert get("log_to_be_emptied") is not None


@pytest.mark.parametrize("step", [m.name for m in migrations._migrations][1:])
def test_a_store_of_an_earlier_version_is_brought_up_to_date_with_its_data(data_folder, step):
    data_folder.mkdir(parents=True)
    old = sqlite_utils.Database(data_folder / "concord.db")
    migrations.apply(old, stop_before=step)
    old.execute("INSERT INTO setting (key, value) VALUES ('a', 'kept')")
    old.execute(
        "INSERT INTO person (id, name, email, role, sessions_valid_from, created_at) VALUES ('p', 'P', 'p@x', 'admin', '', '')"
    )
    old.conn.commit()
    old.close()
    assert get("a") == "kept"
    assert store().read().execute("SELECT name FROM person").fetchone()["name"] == "P"
    assert store().fault() is None


PEOPLE = ("ada", "bea", "cleo", "gone", "lead")
MODES = ("named", "confidential", "anonymous")


def fill_a_store_from_before_surveys_were_run(folder):
    """A draft, an open and a closed survey of each mode, as the version before left them."""
    folder.mkdir(parents=True)
    old = sqlite_utils.Database(folder / "concord.db")
    migrations.apply(old, stop_before="0005_running_surveys")
    for name in PEOPLE:
        old["person"].insert(
            {
                "id": name, "name": name.title(), "email": f"{name}@example.com",
                "team": "marketing" if name == "bea" else "sales",
                "role": "team_lead" if name == "lead" else "member", "active": int(name != "gone"),
                "sessions_valid_from": AT, "created_at": AT,
            }
        )  # fmt: skip
    for mode in MODES:
        for status in ("draft", "open", "closed"):
            survey = f"{status} {mode}"
            began, over = status != "draft", status == "closed"
            old["survey"].insert(
                {
                    "id": survey, "title": survey, "template": "", "mode": mode, "min_group": 3,
                    "content": CONTENT.replace("MODE", mode), "status": status, "created_at": AT, "created_by": "lead",
                    "opened_at": AT if began else None, "closed_at": AT if over else None,
                    "invited": '{"sales": 3, "marketing": 1}' if over else None,
                }
            )  # fmt: skip
            if not began:
                continue
            if mode == "anonymous" and not over:
                old["survey_secret"].insert({"survey_id": survey, "secret": KEY})
            for name, submitted in (("ada", AT), ("gone", None)):
                key = token(KEY, survey, name) if mode == "anonymous" else name
                old["respondent"].insert(
                    {
                        "survey_id": survey,
                        "id": key,
                        "team": "sales",
                        "started_at": AT,
                        "submitted_at": submitted,
                    }
                )
                old["answer"].insert(
                    {
                        "survey_id": survey, "respondent": key, "question": "worth", "value": '"All"',
                        "revision": 2, "saved_at": AT,
                    }
                )  # fmt: skip
    old.conn.commit()
    before = {table: list(old.query(f"SELECT * FROM {table}")) for table in CARRIED_OVER}
    old.close()
    return before


AT = "2026-01-05T09:00:00.000000Z"
KEY = "ab" * 32
CARRIED_OVER = ("person", "survey", "survey_secret", "respondent", "answer")
CONTENT = (  # as that version wrote it
    '{"title": "Calls", "mode": "MODE", "min_group": 3, "topics": {"calls": "Calls"}, "questions": [{"key": "worth",'
    ' "topic": "calls", "type": "choice", "text": "Which leads are worth a call?", "options": ["All", "Some"]}]}'
)


def test_surveys_of_an_earlier_version_go_on_and_invite_nobody_once_more(data_folder):
    before = fill_a_store_from_before_surveys_were_run(data_folder)
    for table, rows in before.items():
        kept = [dict(row) for row in store().read().execute(f"SELECT * FROM {table}")]
        assert [{name: row[name] for name in rows[0]} for row in kept] == rows, table
    assert store().fault() is None

    ada, cleo, lead = (Actor(name, clock.now_text()) for name in ("ada", "cleo", "lead"))
    for mode in MODES:
        survey = f"open {mode}"
        assert invitations.read_asked(MACHINE, survey).asked == {"ada", "bea", "cleo", "lead"}
        mine = answers.my_progress(ada, survey)
        assert (mine.answers, mine.submitted) == ({"worth": "All"}, True)
        answers.save_answer(ada, survey, "worth", "Some", seen=mine.revisions["worth"])
        answers.save_answer(cleo, survey, "worth", "All")
        answers.submit_answers(cleo, survey)
        assert answers.my_progress(ada, survey).answers == {"worth": "Some"}
        assert surveys.response_rates(lead, f"closed {mode}")[Team.SALES].invited == 3
    done = run_round()
    assert (done.opened, done.closed, done.invited, done.reminded, done.faults) == (0, 0, 0, 0, ())
    people.give_access(MACHINE, "gone")
    assert run_round().invited == 0
    assert store().read().execute("SELECT count(*) FROM message").fetchone()[0] == 0

    # who comes to be asked from now on is invited, and so is everybody by what is opened from now on
    people.add_person(MACHINE, "Newcomer", "new@example.com", Team.SALES, Role.MEMBER)
    assert run_round().invited == 3
    surveys.open_survey(MACHINE, "draft confidential")
    assert store().read().execute("SELECT count(*) FROM message").fetchone()[0] == 3 + 6
    for mode in MODES:
        rates = surveys.close_survey(MACHINE, f"open {mode}") and surveys.response_rates(lead, f"open {mode}")
        assert (rates[Team.SALES].invited, rates[Team.SALES].submitted) == (5, 2)


def test_a_store_of_a_newer_version_is_refused(data_folder):
    store()
    stores.close_all()
    newer = sqlite_utils.Database(data_folder / "concord.db")
    newer["_sqlite_migrations"].insert({"migration_set": "concord", "name": "9999_later", "applied_at": ""})
    newer.conn.commit()
    newer.close()
    with pytest.raises(StoreUnsound, match=r"newer version of Concord .*9999_later"):
        store()


def test_a_sqlite_library_with_the_wal_bug_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(stores, "library_version", lambda: (3, 51, 2))
    with pytest.raises(StoreUnsound, match="pysqlite3"):
        Store(tmp_path / "x.db")


def damage(path, start, end):
    content = bytearray(path.read_bytes())
    content[start:end] = b"\xff" * (end - start)
    path.write_bytes(content)


def test_a_damaged_file_is_reported(data_folder):
    for number in range(200):
        put(f"k{number}", "x" * 500)
    opened = store()
    opened.close()
    path = data_folder / "concord.db"
    damage(path, path.stat().st_size - 60_000, path.stat().st_size - 1_000)
    assert "Restore your last backup" in (opened.fault() or "")
    damage(path, 4_096, path.stat().st_size)
    stores.close_all()
    with pytest.raises(StoreUnsound, match="Restore your last backup"):
        store()


def test_the_audit_log_only_grows():
    from db.queries import audit

    def record(connection):
        audit.record(connection, at="now", actor="p", action="a", noun="n", noun_id="1")

    store().write(record)
    for statement in ("UPDATE audit SET actor = 'q'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            store().write(lambda c, s=statement: c.execute(s))


def test_the_file_is_for_its_owner_only(data_folder):
    store()
    assert (data_folder / "concord.db").stat().st_mode & 0o077 == 0
