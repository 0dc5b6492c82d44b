"""The first start: a one-time code from the server's log lets somebody create the administrator."""

import hashlib
import hmac
import secrets
from pathlib import Path

import structlog

from actions import clock, sign_in
from actions.journal import journal
from actions.people import checked_email
from alignment.errors import Refusal, WrongState
from alignment.people import MACHINE, Actor, Person, Role
from alignment.texts import required_text
from db.keys import new_id
from db.queries import people, settings, sign_ins
from db.store import Connection, store

_KEY = "setup_codes"
_KEPT = 8  # processes that may start beside each other, each with a code of its own

_announced: set[Path] = set()


class WrongCode(Refusal):
    """The set-up code is not one of those printed in the server's log."""


def is_needed() -> bool:
    """Whether the store is empty, so that the portal has to be set up."""
    return people.count(store().read()) == 0


def new_code() -> str:
    """A fresh set-up code, to be printed in the server's log. Only its hash is kept. Empty when nothing is to set up."""
    code = secrets.token_urlsafe(18)

    def transaction(connection: Connection) -> bool:
        if people.count(connection):
            return False
        kept, _ = settings.get(connection, _KEY)
        settings.put(connection, _KEY, [*(kept or [])[-(_KEPT - 1) :], _hash(code)])
        return True

    return code if store().write(transaction) else ""


def announce(address: str) -> None:
    """Print a link with a fresh code in the log, once per process and store, while there is nobody yet."""
    path = store().path
    if path in _announced or not is_needed():
        return
    _announced.add(path)
    code = new_code()
    structlog.get_logger("concord").info("set up Concord", url=f"{address}/?setup={code}", code=code)


def check_code(code: str) -> None:
    """Raises WrongCode when `code` was not printed in the log, and WrongState when the portal is set up already."""
    _check(store().read(), code)


def create_administrator(code: str, name: str, email: str, password: str, repeated: str) -> sign_in.Session:
    """Create the first person, an administrator, and sign them in. The code is used up.

    Raises WrongCode, WrongState when the portal was set up meanwhile, InvalidInput and WrongPassword.
    """
    check_code(code)
    name = required_text(name, "Your name", 100)
    email = checked_email(email)
    password_hash = sign_in.hash_password(password, repeated)

    def transaction(connection: Connection) -> sign_in.Session:
        _check(connection, code)
        now = clock.now_text()
        person = Person(new_id(), name, email, None, Role.ADMIN, True, now)
        people.add(connection, person, now)
        sign_ins.set_password(connection, person.id, password_hash)
        settings.delete(connection, _KEY)
        journal(connection, person, "set up", "person", person.id, after={"name": name, "role": "admin"})
        return sign_in.Session(person.id, now)

    return store().write(transaction)


def machine(code: str) -> Actor:
    """The administrator of the machine, for whoever has the code: to load the sample company."""
    check_code(code)
    return MACHINE


def finish(password: str) -> None:
    """After the sample company was loaded: the codes are used up, and the log says how to sign in.

    The people are made up; the log is where its reader looks who reloaded the page too early to see the password.
    """
    if is_needed():
        raise WrongState("Nobody is here yet. Create the administrator, or load the sample company.")
    store().write(lambda connection: settings.delete(connection, _KEY))
    structlog.get_logger("concord").info("sample company loaded", everybody_signs_in_with=password)


def _check(connection: Connection, code: str) -> None:
    if people.count(connection):
        raise WrongState("The portal is set up already. Reload the page to sign in.")
    kept, _ = settings.get(connection, _KEY)
    given = _hash(code.strip()) if isinstance(code, str) else ""
    if not any(hmac.compare_digest(given, one) for one in kept or []):
        raise WrongCode(
            "This is not the set-up code. It stands in the server's log, on the line 'set up Concord'."
        )


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
