"""Signing in: the password check, the lock-out, the cookie, and the end of sessions.

These are the actions of people who are not signed in yet, so they take no actor, except where one is signed out.
The rules: five failures lock a name for a quarter of an hour, whether or not anybody has that name; an attempt is
counted before the password is looked at, so that guesses in parallel count as well; a cookie is void when it was
issued before the person's `sessions_valid_from`; whoever comes in with the password ends the session that somebody may
have begun with a copied link.
"""

import hashlib
import hmac
import math
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bcrypt
import jwt

from actions import clock
from actions.journal import journal
from actions.permissions import authorise, may
from alignment import instants
from alignment.errors import Refusal
from alignment.people import Actor, Person
from db.queries import people, sign_ins, survey_links
from db.store import Connection, data_folder, store

SCRIPT_COOKIE = "concord_sign_in"  # set by the screen's script, right after the form
KEPT_COOKIE = "concord_session"  # the same token, out of reach of scripts, set by the server
LIFETIME = timedelta(days=7)
ATTEMPTS = 5
LOCKED_FOR = timedelta(minutes=15)
LONGEST_PASSWORD = 72  # bytes; bcrypt looks at no more
SHORTEST_PASSWORD = 10
WRONG = "The e-mail or the password is not right. Please try again."

_KNOWN_KEYS = (
    "some_key",
    "some_signature_key",
    "some_cookie_key",
    "changeme",
    "change-me",
    "secret",
    "password",
)

# Of a random password that was thrown away, at the cost of every other: names nobody has take as long as those in use.
_NOBODYS_HASH = "$2b$12$asDjYVtyQqrtIgYlA2E.iOGARkMsFgXBUGHnr.Q1dQmxKDs/1FVTm"

# Checks take a quarter of a second of a core each, by design; a flood of guesses waits here and leaves the rest alone.
_checking = threading.BoundedSemaphore(2)


class UnsafeKey(Refusal):
    """The key that signs the sign-in cookie could be guessed."""


class Locked(Refusal):
    """Too many failed attempts under this name."""


class WrongPassword(Refusal):
    """The name and the password do not go together."""


@dataclass(frozen=True)
class Session:
    """What a sign-in or a valid cookie proves: who, and since when (UTC instant in the store's form)."""

    person_id: str
    signed_in_at: str


def cookie_key() -> str:
    """The secret that signs sign-in cookies: `CONCORD_SIGN_IN_KEY`, or a file in the data folder made on first use.

    Raises UnsafeKey when it is short or known.
    """
    configured = os.environ.get("CONCORD_SIGN_IN_KEY")
    key = configured if configured is not None else kept_key(data_folder() / "sign-in.key")
    lowered = key.lower()
    if len(key.encode()) < 32 or len(set(key)) < 8 or any(known in lowered for known in _KNOWN_KEYS):
        raise UnsafeKey(
            "The key that signs the sign-in cookie is too short or well known. Remove CONCORD_SIGN_IN_KEY or the file "
            "sign-in.key in the data folder; a new one is made at the next start."
        )
    return key


def check(email: str, password: str) -> Session:
    """Sign the person in who has this e-mail and password.

    Raises WrongPassword, with one sentence for every cause, and Locked after too many attempts. Takes the same work
    for names that exist and names that do not.
    """
    name = email.strip().lower()[:254]
    mark = _mark(name)
    store().write(lambda connection: _count_attempt(connection, mark))
    found = sign_ins.credential(store().read(), name)
    usable = found is not None and found.active and bool(found.password_hash)
    fits = _fits(password, found.password_hash if found is not None and usable else _NOBODYS_HASH)
    if found is None or not usable or not fits:
        raise WrongPassword(WRONG)
    person_id = found.person_id

    def transaction(connection: Connection) -> Session:
        now = clock.now_text()
        sign_ins.clear_failures(connection, mark)
        sign_ins.end_copied(connection, person_id, now)
        return Session(person_id, now)

    return store().write(transaction)


def check_own(email: str, password: str) -> None:
    """Whether a signed-in person knows their password. Raises WrongPassword and Locked like `check`."""
    try:
        check(email, password)
    except WrongPassword as error:
        raise WrongPassword("The old password is not right. Please try again.") from error


def hash_password(password: str, repeated: str) -> str:
    """The password as it is stored. Raises WrongPassword when it is too short, too long, or not repeated exactly."""
    password = password.strip()
    if password != repeated.strip():
        raise WrongPassword("The two passwords differ. Please type the same one twice.")
    if len(password) < SHORTEST_PASSWORD:
        raise WrongPassword(f"The password needs at least {SHORTEST_PASSWORD} characters.")
    if len(password.encode()) > LONGEST_PASSWORD:
        raise WrongPassword(
            f"The password may have at most {LONGEST_PASSWORD} bytes. Please choose a shorter one."
        )
    if len(set(password)) < 4:
        raise WrongPassword("The password repeats too few characters. Please choose another one.")
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode()


def issue_token(session: Session, email: str) -> str:
    """The cookie's text for a sign-in, in the form that streamlit-authenticator uses."""
    expires = instants.from_text(session.signed_in_at).timestamp() + LIFETIME.total_seconds()
    return jwt.encode({"username": email, "exp_date": expires}, cookie_key(), algorithm="HS256")


def read_token(token: object) -> Session | None:
    """The sign-in that a cookie proves now, or None for anything forged, expired, voided or absurd."""
    claims = _signed_claims(token)
    if claims is None:
        return None
    email, expires = claims
    now = clock.now().timestamp()
    if not now < expires <= now + LIFETIME.total_seconds() + 60:
        return None
    found = sign_ins.credential(store().read(), email)
    if found is None or not found.active:
        return None
    issued = datetime.fromtimestamp(expires - LIFETIME.total_seconds(), UTC)
    signed_in_at = instants.to_text(issued)
    if signed_in_at < found.sessions_valid_from:
        return None
    return Session(found.person_id, signed_in_at)


def read_cookies(cookies: Mapping[str, str]) -> Session | None:
    """The newest valid sign-in among a request's cookies, or None."""
    sessions = [read_token(cookies.get(name)) for name in (SCRIPT_COOKIE, KEPT_COOKIE)]
    return max((found for found in sessions if found), key=lambda found: found.signed_in_at, default=None)


def who(actor: Actor) -> Person:
    """The acting person as the store has them now. Raises NotPermitted when the session is over."""
    return authorise(actor, "account:read")


def end_every_session(actor: Actor) -> None:
    """Sign the person out, here and everywhere else; copies of the cookie and personal links are void from now on."""
    person = authorise(actor, "account:change")

    def transaction(connection: Connection) -> None:
        sign_ins.end_sessions(connection, person.id, clock.now_text())
        survey_links.delete_of_person(connection, person.id)
        journal(connection, person, "sign out", "person", person.id)

    store().write(transaction)


def seconds_left(token: str) -> int:
    """For how long a cookie is still good; 0 when it is not."""
    session = read_token(token)
    if session is None:
        return 0
    ends = instants.from_text(session.signed_in_at) + LIFETIME
    return max(0, int((ends - clock.now()).total_seconds()))


def may_upload(cookies: Mapping[str, str]) -> bool:
    """Whether a request's cookies prove someone who may bring in files."""
    session = read_cookies(cookies)
    person = people.find(store().read(), session.person_id) if session else None
    return person is not None and may(person, "leads:import")


_connected: OrderedDict[str, str] = OrderedDict()  # screen session → person, the latest ones
_CONNECTED = 10_000
_connecting = threading.Lock()


def bind(screen_session: str, person_id: str) -> None:
    """Note that this screen session is this person's, so that nobody else's connection can resume it."""
    with _connecting:
        _connected[screen_session] = person_id
        _connected.move_to_end(screen_session)
        while len(_connected) > _CONNECTED:
            _connected.popitem(last=False)


def may_resume(screen_session: str, cookies: Mapping[str, str]) -> bool:
    """Whether a connection with these cookies may continue an earlier screen session: its owner may, once bound."""
    owner = _connected.get(screen_session)
    session = read_cookies(cookies)
    return session is not None and owner in (None, session.person_id)


def locked_until(email: str) -> str:
    """The instant until which this e-mail is locked, or '' when it is not."""
    found = sign_ins.failures(store().read(), _mark(email.strip().lower()))
    return found.locked_until if found and found.locked_until > clock.now_text() else ""


def unlock(connection: Connection, email: str) -> None:
    """Forget failed attempts under this e-mail, within a transaction that gave the person a new way in."""
    sign_ins.clear_failures(connection, _mark(email))


def _count_attempt(connection: Connection, mark: str) -> None:
    """Count one attempt as failed until it has succeeded."""
    now = clock.now()
    text = instants.to_text(now)
    sign_ins.clear_failures_before(connection, instants.to_text(now - timedelta(days=1)))
    found = sign_ins.failures(connection, mark)
    if found and found.locked_until > text:
        minutes = math.ceil((instants.from_text(found.locked_until) - now).total_seconds() / 60)
        raise Locked(
            f"There were {ATTEMPTS} failed attempts with this e-mail. Please try again in {minutes} "
            f"minute{'s' if minutes != 1 else ''}, or ask your administrator for a new link."
        )
    recent = (
        found is not None and not found.locked_until and found.last_at > instants.to_text(now - LOCKED_FOR)
    )
    count = found.count + 1 if found is not None and recent else 1
    locked = instants.to_text(now + LOCKED_FOR) if count >= ATTEMPTS else ""
    sign_ins.set_failures(connection, mark, sign_ins.Failures(count, text, locked))


def _fits(password: str, password_hash: str) -> bool:
    given = password.strip().encode()
    with _checking:
        fits = bcrypt.checkpw(given[:LONGEST_PASSWORD], password_hash.encode())
    return fits and len(given) <= LONGEST_PASSWORD


def _mark(email: str) -> str:
    """What failed attempts are kept under: not the text itself, since people type passwords into the wrong field."""
    return hmac.new(cookie_key().encode(), email.encode(), hashlib.sha256).hexdigest()


def _signed_claims(token: object) -> tuple[str, float] | None:
    """Name and expiry of a token that we signed; None when the signature, the algorithm or a type is off."""
    if not isinstance(token, str) or not 0 < len(token) < 2048:
        return None
    try:
        claims = jwt.decode(
            token,
            cookie_key(),
            algorithms=["HS256"],
            options={"require": ["username", "exp_date"], "verify_aud": False, "verify_iss": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    email, expires = claims.get("username"), claims.get("exp_date")
    if not isinstance(email, str) or isinstance(expires, bool) or not isinstance(expires, int | float):
        return None
    if not 0 < expires < 32_503_680_000:  # the year 3000; neither NaN nor a number of 400 digits passes
        return None
    return email, float(expires)


def kept_key(path: Path) -> str:
    """The key in the file, made by the first process that needs it, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails when another process was first, and then its key counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
