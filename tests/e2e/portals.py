"""A running portal, as a process of its own."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# what a browser does by itself when somebody leaves: no fault of the portal's
_HARMLESS = ("Session with id", "is already connected")


@dataclass
class Portal:
    """A server process. `url` has no slash at its end; `log` is the file of its standard error."""

    folder: Path
    port: int
    log: Path
    process: subprocess.Popen | None = None
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
        for _ in range(3000):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except OSError:
                self.process.poll()
                _pause()
        raise AssertionError("the portal did not start:\n" + self.log.read_text())

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
