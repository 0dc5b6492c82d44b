"""Results that are computed once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from actions.kept_results import KeptResults


def test_two_who_ask_at_once_have_it_computed_once_and_others_do_not_wait():
    kept: KeptResults[str] = KeptResults(4)
    begun, go_on = Event(), Event()
    computed = []

    def compute():
        computed.append(1)
        begun.set()
        assert go_on.wait(20)
        return "result"

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(kept.get, "a", compute)
        assert begun.wait(20)
        second = threads.submit(kept.get, "a", compute)
        assert kept.get("b", lambda: "another") == "another", "while the first is still being computed"
        go_on.set()
        assert first.result(20) is second.result(20)
    assert computed == [1]


def test_what_failed_is_not_kept_and_the_oldest_makes_room():
    kept: KeptResults[int] = KeptResults(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 1) == 1
    kept.get("b", lambda: 2)
    assert kept.get("a", lambda: -1) == 1, "asked for again, so the other is the oldest"
    kept.get("c", lambda: 3)
    assert kept.get("a", lambda: -1) == 1
    assert kept.get("b", lambda: -2) == -2
