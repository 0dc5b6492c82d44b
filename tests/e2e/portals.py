"""A running portal, as a process of its own."""

import json
import multiprocessing
import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FORKING = multiprocessing.get_context("forkserver")
# what a browser does by itself when somebody leaves: no fault of the portal's
_HARMLESS = ("Session with id", "is already connected")


@dataclass
class Portal:
    """A server process. `url` has no slash at its end; `log` is the file of its standard error."""

    folder: Path
    port: int
    log: Path
    process: "subprocess.Popen | _Forked | None" = None
    violations: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://localhost:{self.port}"

    def start(self, command: list[str] | None = None) -> None:
        """Start the server, or another command that serves on the same port, and wait until it answers."""
        environment = {**os.environ, "CONCORD_DATA": str(self.folder), "PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command or [sys.executable, "server.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        for _ in range(3000):
            if not self.runs:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except OSError:
                _pause()
        raise AssertionError("the portal did not start:\n" + self.log.read_text())

    @property
    def runs(self) -> bool:
        """Whether it has been started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Stop the server and return its exit code."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=30)

    def setup_link(self) -> str:
        """The set-up link that the log shows."""
        found = re.findall(r'"url": "(\S+\?setup=\S+?)"', self.log.read_text())
        assert found, self.log.read_text()
        return found[-1]

    def complaints(self) -> list[str]:
        """Lines of the log that a good run does not have."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if _complains(line) and not any(word in line for word in _HARMLESS)]


class _Forked:
    """A process that was forked, used as `subprocess.Popen` is."""

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        self._process = process
        self.pid = process.pid

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Wait until it has ended and return its exit code."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("server.py", timeout)
        return self._process.exitcode


def _serve(environment: dict[str, str], log: str) -> None:
    import serving  # read already by the process that this one was forked from

    serving.serve(environment, log)


class ForkedPortal(Portal):
    """A portal whose server is forked from a process that has read the program already: a start takes a tenth of the time.

    Between the two there is nothing but reading the program; what a start does, a fork does. Tests that are about starting
    and stopping use a `Portal`.
    """

    def start(self, command: list[str] | None = None) -> None:
        """Start the server and wait until it answers."""
        assert command is None
        environment = {**os.environ, "CONCORD_DATA": str(self.folder), "PORT": str(self.port)}
        process = _FORKING.Process(target=_serve, args=(environment, str(self.log)), daemon=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(Path(__file__).parent))
            # a screen that was tested before in this process is not what the server is to begin with
            patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
            _FORKING.set_forkserver_preload(["serving"])
            ensure_running()
            process.start()
        self.process = _Forked(process)
        self._wait_until_it_answers()


@contextmanager
def started(portal: Portal, command: list[str] | None = None) -> Iterator[Portal]:
    """A portal that is started, and stopped at the end. Its log has to be free of warnings and tracebacks then."""
    portal.start(command)
    try:
        yield portal
    finally:
        if portal.runs:
            portal.stop()
    assert not portal.complaints(), "\n".join(portal.complaints())
    assert not portal.violations, "\n".join(portal.violations)


def _complains(line: str) -> bool:
    try:
        return json.loads(line)["level"] not in ("info", "debug")
    except (ValueError, KeyError, TypeError):
        return bool(re.search(r"Traceback|Warning|WARNING|Error|ERROR|missing ScriptRunContext", line))


def _pause() -> None:
    """Yield to the server that starts; a bound on tries stands in the caller."""
    select.select([], [], [], 0.02)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
