"""Tokens with which programs may send leads and events: made by an administrator, shown once, kept as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from actions import clock
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput, NotFound, NotPermitted
from alignment.people import Actor
from alignment.texts import required_text
from db.queries import api_tokens
from db.queries.api_tokens import ApiToken
from db.store import Connection, store

PREFIX = "concord_"
MOST_TOKENS = 50
_LONGEST_NAME = 80
_LONGEST_TOKEN = 200
_USE_NOTED_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token lets its holder send."""

    LEADS = "leads:write"
    EVENTS = "lead-events:write"

    @property
    def label(self) -> str:
        """What it is on screen."""
        return {"leads:write": "Leads", "lead-events:write": "Events"}[self.value]


@dataclass(frozen=True)
class NewToken:
    """A token that was just made. `secret` is told this once."""

    id: str
    secret: str


class UnknownToken(NotPermitted):
    """The token was never made, or has been revoked."""


def create_token(actor: Actor, name: str, scopes: Sequence[str]) -> NewToken:
    """Make a token under a name that says who holds it. Raises InvalidInput for a name or scopes that cannot be used."""
    person = authorise(actor, "feed:manage")
    name = required_text(name, "“Which program is it for?”", _LONGEST_NAME)
    chosen = tuple(scope for scope in Scope if scope in list(scopes))
    if not chosen or len(chosen) != len(set(scopes)):
        raise InvalidInput("Choose what the token is for: sending leads, sending events, or both.")
    secret = PREFIX + secrets.token_urlsafe(32)

    def transaction(connection: Connection) -> str:
        alive = [token for token in api_tokens.all_of_them(connection) if token.revoked_at is None]
        if len(alive) >= MOST_TOKENS:
            raise InvalidInput(f"There are {MOST_TOKENS} tokens already. Revoke one that nobody uses first.")
        if any(token.name == name for token in alive):
            raise InvalidInput(f"There is a token named “{name}”. Give this one a name of its own.")
        token_id = api_tokens.insert(
            connection,
            name=name,
            token_hash=_hash(secret),
            scopes=chosen,
            at=clock.now_text(),
            person_id=person.id,
        )
        journal(
            connection,
            person,
            "token:create",
            "api_token",
            token_id,
            after={"name": name, "scopes": list(chosen)},
        )
        return token_id

    return NewToken(store().write(transaction), secret)


def list_tokens(actor: Actor) -> list[ApiToken]:
    """All tokens, revoked ones too, newest first."""
    authorise(actor, "feed:manage")
    return api_tokens.all_of_them(store().read())


def revoke_token(actor: Actor, token_id: str) -> None:
    """Let a token be good for nothing from now on. Raises NotFound when there is none."""
    person = authorise(actor, "feed:manage")

    def transaction(connection: Connection) -> None:
        token = api_tokens.find(connection, str(token_id))
        if token is None:
            raise NotFound("This token does not exist.")
        if token.revoked_at is None:
            api_tokens.revoke(connection, token.id, clock.now_text())
            journal(connection, person, "token:revoke", "api_token", token.id, before={"name": token.name})

    store().write(transaction)


def holder_of(secret: str) -> ApiToken:
    """The token that a program has shown. Raises UnknownToken when it is none, or was revoked."""
    found = None
    if secret.startswith(PREFIX) and len(secret) <= _LONGEST_TOKEN:
        found = api_tokens.by_hash(store().read(), _hash(secret))
    if found is None:
        raise UnknownToken(
            "The token is unknown or was revoked. Ask an administrator of the portal for a new one."
        )
    return found


def check_still_good(connection: Connection, token: ApiToken, scope: Scope) -> None:
    """Within the transaction in which it is used: that the token has not been revoked and is for this; and note its use.

    Raises UnknownToken or NotPermitted.
    """
    if scope not in token.scopes:
        raise NotPermitted(f"This token is not for this: it lacks the scope {scope.value}.")
    now = api_tokens.find(connection, token.id)
    if now is None or now.revoked_at is not None:
        raise UnknownToken("The token was revoked. Ask an administrator of the portal for a new one.")
    noted = now.last_used_at
    if noted is None or clock.now() - instants.from_text(noted) >= _USE_NOTED_EVERY:
        api_tokens.note_use(connection, token.id, clock.now_text())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
