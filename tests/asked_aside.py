"""What tests have worked out in the process of the figures, which finds these functions by their names."""

import os
import signal
import time
from pathlib import Path

import duckdb
import ibis

from alignment.errors import NotFound
from leads.store import warehouse


def tell(what, *, held=None):
    """What was asked, and by which process."""
    if held is not None:
        held()
    return what, os.getpid()


def refuse():
    """A refusal, which people are shown as it is."""
    raise NotFound("There is no such figure.")


def fail():
    """A fault."""
    return {}["nothing"]


class Unspeakable(Exception):
    """An error that cannot travel: nobody but itself knows how it is made."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def fail_unspeakably():
    """A fault that cannot be taken along."""
    raise Unspeakable("this", "that")


def look_forever(begun, ended):
    """Ask the engine what it does not answer in a lifetime; leaves a file when it begins and one when it ends."""
    one = ibis.range(0, 4_000_000).unnest().name("n").as_table()
    Path(begun).touch()
    try:
        with warehouse().read() as facts:
            return facts.value(one.cross_join(one.rename(m="n")).aggregate(s=ibis._.n.max()).s.as_scalar())
    finally:
        Path(ended).touch()


def die_unless(there):
    """End the process, unless a file is there: the first time only, if `there` is made by that, else always."""
    if not Path(there).exists():
        if Path(there).parent.exists():
            Path(there).touch()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
    return os.getpid()


def run_out_of_memory_unless(there):
    """Find no memory, the first time: there is a file from then on. Else the number of the process."""
    if not Path(there).exists():
        Path(there).touch()
        raise duckdb.OutOfMemoryException("no room")
    return os.getpid()
