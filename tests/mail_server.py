"""A mail server on this machine that keeps what it gets, to send to in tests."""

import email
import email.policy
import re
import socket
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from actions import mail
from alignment.people import MACHINE


@dataclass
class Mailbox:
    """`got` are the mails in the order of their arrival; `refused` are recipients that it does not take."""

    port: int
    got: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """Its address as apprise writes it."""
        return f"mailto://127.0.0.1:{self.port}?from=portal@company.example&name=Concord"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        """Take a recipient or not."""
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        self.recipients += envelope.rcpt_tos
        self.connections.add(session.peer)
        self.arrived.set()
        return "250 OK"

    def start(self) -> Controller:
        """A server that is running; stop it at the end."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        return controller


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def use_mail(mailbox: Mailbox, portal_url: str = "https://concord.example") -> None:
    """Have the portal send its mail there."""
    mail.set_mail(MACHINE, mailbox.address, portal_url, revision=0)


def text_of(message: EmailMessage) -> str:
    """The words of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return body.get_content()


def link_of(message: EmailMessage) -> str:
    """The first link in a mail."""
    return re.findall(r"https?://\S+", text_of(message))[0]
