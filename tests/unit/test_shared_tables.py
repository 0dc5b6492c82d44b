"""Tables that runs over one version of the facts share: made once, reaching far enough, given up when nobody uses them."""

import threading

import pytest

from leads.shared_tables import SharedTables


class Engine:
    """Makes tables of so many rows, and remembers which there are."""

    def __init__(self, rows=100):
        self.rows, self.there, self.made = rows, set(), []

    def make(self, name):
        self.there.add(name)
        self.made.append(name)
        return self.rows

    def drop(self, name):
        self.there.remove(name)

    def take(self, tables, kind, since):
        return tables.take(kind, since, self.make, self.drop)


def test_who_asks_later_gets_what_was_made_before():
    engine, tables = Engine(), SharedTables()
    first = engine.take(tables, "all", "2026-01-01")
    assert engine.take(tables, "all", "2026-01-01") == first
    assert engine.made == [first]


def test_a_table_that_reaches_farther_back_will_do_and_one_that_does_not_will_not():
    engine, tables = Engine(), SharedTables()
    quarter = engine.take(tables, "all", "2026-04-01")
    year = engine.take(tables, "all", "2026-01-01")
    assert year != quarter
    assert engine.take(tables, "all", "2026-05-01") == quarter, "the shortest that reaches far enough"
    assert engine.take(tables, "all", "2026-02-01") == year
    assert engine.take(tables, "others", "2026-05-01") not in (quarter, year)


def test_what_nobody_uses_is_given_up_when_there_is_too_much_the_oldest_first():
    engine, tables = Engine(), SharedTables(most_rows=250)
    names = [engine.take(tables, kind, "") for kind in "ab"]
    for name in names:
        tables.give_back(name)
    tables.give_back(engine.take(tables, "a", ""))  # used later than the other
    third = engine.take(tables, "c", "")
    assert engine.there == {names[0], third}
    assert engine.take(tables, "b", "") not in names


def test_what_is_in_use_stays_however_much_it_is():
    engine, tables = Engine(), SharedTables(most_rows=50)
    names = {engine.take(tables, kind, "") for kind in "abc"}
    assert engine.there == names


def test_nothing_is_held_of_a_table_that_could_not_be_made():
    engine, tables = Engine(), SharedTables()

    def fail(name):
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        tables.take("all", "", fail, engine.drop)
    assert engine.take(tables, "all", "") in engine.there


def test_those_who_ask_at_once_wait_for_one_table():
    engine, tables, go = Engine(), SharedTables(), threading.Event()

    def make(name):
        assert go.wait(10)
        return engine.make(name)

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(tables.take("all", "", make, engine.drop)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert len(engine.made) == 1
    assert found == engine.made * 4
