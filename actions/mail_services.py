"""How a mail leaves the house: through apprise, by SMTP or by the mail services behind one address.

Only services that write to one person at a time are used, since a mail holds that person's own link; and of what an
address could ask of them, only what a plain mail needs: no copies to others, no headers, keys or files of the machine.
"""

import logging
import re
import smtplib
import socket
import ssl
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from alignment.errors import InvalidInput
from alignment.messages import one_line

SMTP_SCHEMES = ("mailto", "mailtos")
SERVICES = {
    "mailto": "SMTP",
    "mailtos": "SMTP",
    "brevo": "Brevo",
    "mailersend": "MailerSend",
    "mailgun": "Mailgun",
    "postmark": "Postmark",
    "resend": "Resend",
    "sendgrid": "SendGrid",
    "ses": "Amazon SES",
    "smtp2go": "SMTP2GO",
    "sparkpost": "SparkPost",
}
OTHER_SERVICES = tuple(name for name in SERVICES.values() if name != "SMTP")
EXAMPLE = "mailtos://user:password@smtp.company.com?from=concord@company.com"
_LONGEST = 2000
_OPTIONS = frozenset({"from", "name", "smtp", "mode", "verify", "reply", "user", "pass", "port", "region"})
_USE = f"It should look like {EXAMPLE}."

# apprise writes what happens to its own log, recipients included: it goes nowhere but into the sentence about a failure
_log = logging.getLogger("apprise")
_log.addHandler(logging.NullHandler())
_log.propagate = False
_sending = threading.Lock()


@dataclass(frozen=True)
class Service:
    """What may be told of an address: the service's name, its host, and who mails come from ('' if the service decides)."""

    name: str
    host: str
    sender: str


@dataclass(frozen=True)
class Letter:
    """A mail to one person, in plain text."""

    name: str
    email: str
    subject: str
    body: str


def check_address(address: object) -> Service:
    """What kind of service an apprise address means. Raises InvalidInput, without repeating the address, when it is of no use."""
    settings = _settings(address)
    plugin = _plugin(settings)
    if settings["schema"] in SMTP_SCHEMES:
        return Service("SMTP", f"{plugin.smtp_host}:{plugin.port}", plugin.from_addr[1])
    sender = (
        settings.get("from_addr") or getattr(plugin, "from_email", None) or getattr(plugin, "from_addr", "")
    )
    if isinstance(sender, tuple | list):
        sender = sender[-1]
    return Service(SERVICES[settings["schema"]], "", one_line(str(sender or "")))


class Post:
    """An open way to send letters, as a context. By SMTP all of them go through one connection, opened for the first."""

    def __init__(self, address: str) -> None:
        """Take the service of `address`. Raises InvalidInput when it is of no use."""
        self._settings = _settings(address)
        self._smtp = self._settings["schema"] in SMTP_SCHEMES
        self._connection: Any = None
        self._open = ExitStack()
        self.reachable = True  # False once no connection could be made: further letters need not be tried now

    def __enter__(self) -> "Post":
        """Nothing is opened yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self._open.close()

    def send(self, letter: Letter) -> str:
        """Send one letter: '' when the service took it, else a sentence on what went wrong, without the recipient."""
        from apprise.logger import LogCapture

        with _sending, LogCapture(level=logging.DEBUG, fmt="%(levelname)s %(message)s") as told:
            try:
                sent = self._by_smtp(letter) if self._smtp else self._by_service(letter)
            except Exception as error:
                self.reachable = self._connection is not None
                return _in_words(error, self._settings)
            if sent:
                return ""
            self._hang_up()
            return _last_words(told.getvalue(), letter.email)

    def _by_smtp(self, letter: Letter) -> bool:
        from apprise.common import NotifyFormat
        from apprise.plugins.email import NotifyEmail
        from apprise.plugins.email.smtp import AppriseSMTPController

        plugin = _plugin(self._settings)
        if self._connection is None:
            self._connection = self._open.enter_context(
                AppriseSMTPController(
                    host=plugin.smtp_host,
                    port=plugin.port,
                    secure_mode=plugin.secure_mode,
                    user=plugin.user,
                    password=plugin.password,
                    verify_certificate=plugin.verify_certificate,
                    socket_connect_timeout=plugin.socket_connect_timeout,
                )
            )
        (message,) = NotifyEmail.prepare_emails(
            subject=one_line(letter.subject),
            body=letter.body,
            notify_format=NotifyFormat.TEXT,
            from_addr=plugin.from_addr,
            to=[(one_line(letter.name), letter.email)],
            reply_to=plugin.reply_to,
            smtp_host=plugin.from_addr[1].rpartition("@")[2],
            headers={"Auto-Submitted": "auto-generated"},
            names=plugin.names,
        )
        return bool(self._connection.sendmail(plugin.from_addr[1], message.to_addrs, message.body))

    def _by_service(self, letter: Letter) -> bool:
        from apprise.common import NotifyFormat

        plugin = _plugin({**self._settings, "targets": [letter.email], "format": "text"})
        return bool(
            plugin.notify(body=letter.body, title=one_line(letter.subject), body_format=NotifyFormat.TEXT)
        )

    def _hang_up(self) -> None:
        """After a failure the next letter gets a connection of its own."""
        self._open.close()
        self._open, self._connection = ExitStack(), None


def _settings(address: object) -> dict[str, Any]:
    """The address in its parts. Raises InvalidInput for a service or an option that is not for plain mails to persons."""
    text = address.strip() if isinstance(address, str) else ""
    if not text or len(text) > _LONGEST or any(character in text for character in "\r\n\t\0"):
        raise InvalidInput(f"The mail address is empty or cannot be read. {_USE}")
    scheme = text.partition("://")[0].lower()
    if scheme not in SERVICES or "://" not in text:
        names = ", ".join(dict.fromkeys(SERVICES.values()))
        raise InvalidInput(
            f"This kind of address is not used here. Possible are: {names}. For SMTP: it should look like {EXAMPLE}."
        )
    from apprise.plugins import url_to_dict

    found = url_to_dict(text)
    if not found or found.get("schema") != scheme:
        raise InvalidInput(
            f"The mail address cannot be read. {_USE} Signs such as @ or / in a password are written as %40 or %2F."
        )
    strange = sorted(set(found.get("qsd") or {}) - _OPTIONS)
    if strange or any(found.get(mark) for mark in ("qsd+", "qsd-", "qsd:")):
        shown = ", ".join(f"‘{one_line(name, 40)}’" for name in strange) or "extra headers"
        raise InvalidInput(
            f"The mail address asks for {shown}, which is not used here. Possible are: {', '.join(sorted(_OPTIONS))}."
        )
    if found.get("targets"):
        raise InvalidInput(
            "The mail address names recipients. Leave them out: every mail goes to its own person."
        )
    return found


def _plugin(settings: dict[str, Any]) -> Any:
    from apprise import Apprise, AppriseAsset

    try:
        plugin = Apprise.instantiate(
            {
                "targets": ["nobody@example.invalid"],
                **{k: v for k, v in settings.items() if v != [] or k != "targets"},
            },
            asset=AppriseAsset(app_id="Concord", app_desc="Concord", secure_logging=True),
            suppress_exceptions=False,
        )
    except Exception as error:
        # what a service misses, it may quote; only SMTP's complaint is about the sender and never about a secret
        why = f" ({one_line(str(error))})" if settings["schema"] in SMTP_SCHEMES else ""
        raise InvalidInput(f"The mail address is not complete{why}. {_USE}") from error
    if plugin is None:
        raise InvalidInput(f"The mail address cannot be used. {_USE}")
    return plugin


def _in_words(error: Exception, settings: dict[str, Any]) -> str:
    """What went wrong while connecting, and what to change; never with the password."""
    host = settings.get("smtp_host") or settings.get("host") or ""
    port = f":{settings['port']}" if settings.get("port") else ""
    where = f"The mail server {unquote(str(host))}{port}"
    match error:
        case InvalidInput():
            return str(error)
        case smtplib.SMTPAuthenticationError():
            return f"{where} refused the user or the password ({error.smtp_code}). Enter the address anew."
        case smtplib.SMTPNotSupportedError():
            return f"{where} does not offer what was asked for ({one_line(str(error))}). Try mailto:// or another mode."
        case ssl.SSLCertVerificationError():
            return f"The certificate of the mail server {host} cannot be trusted ({error.verify_message}). Check its name."
        case ssl.SSLError():
            return f"{where} does not speak this kind of encryption. Try ?mode=starttls or ?mode=ssl, or another port."
        case socket.gaierror():
            return f"The mail server {host} is not known. Check its name."
        case TimeoutError():
            return f"{where} does not answer. Check host and port."
        case ConnectionError():
            return f"{where} refuses connections. Check host and port."
        case smtplib.SMTPException():
            return f"{where} refused: {one_line(str(error))}"
        case OSError():
            return (
                f"{where} cannot be reached ({one_line(error.strerror or str(error))}). Check host and port."
            )
    return f"The mail could not be sent ({type(error).__name__})."


def _last_words(told: str, recipient: str) -> str:
    """The last line of apprise's own account of a failure, with the recipient left out."""
    lines = [
        line.partition(" ")[2]
        for line in told.splitlines()
        if line.startswith(("WARNING", "ERROR", "DEBUG Socket"))
    ]
    said = one_line(lines[-1], 300) if lines else ""
    said = re.sub(re.escape(recipient), "the recipient", said, flags=re.IGNORECASE).replace(
        "Socket Exception: ", ""
    )
    return f"The mail service refused: {said}" if said else "The mail service did not take the mail."
