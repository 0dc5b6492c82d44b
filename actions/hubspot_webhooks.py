"""HubSpot's notifications: the app's secret, checking that they are really HubSpot's, and taking them.

A delivery is signed (HubSpot's signature version 3): base64 of HMAC-SHA256 under the app's client secret over method,
address, body and time stamp. One that is older than five minutes is refused, so that nobody can send it again.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actions import clock, sealed_keys
from actions.connector_entries import make_plan
from actions.journal import journal
from actions.lead_feed import Taken, take
from actions.permissions import authorise
from alignment.errors import InvalidInput, NotPermitted
from alignment.people import Actor
from alignment.texts import required_text
from db.queries import connectors, settings
from db.store import Connection, store

if TYPE_CHECKING:
    from leads.connectors.source import Plan

MOST_NOTIFICATIONS = 1_000
OLDEST_SECONDS = 300
_KEY = "hubspot_webhooks"
_ORIGIN = "hubspot-webhook"
_LONGEST_SECRET = 200
_LONGEST_PREFIX = 40
# what HubSpot leaves as it is in an address before it signs it
_LEFT_PLAIN = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}


class NotFromHubSpot(NotPermitted):
    """The delivery is not signed as it should be."""


@dataclass(frozen=True)
class Delivery:
    """A request as it arrived. `addresses` are those under which the sender may have known this place."""

    method: str
    addresses: Sequence[str]
    body: bytes
    signature: str
    timestamp: str


@dataclass(frozen=True)
class Webhooks:
    """Whether HubSpot may notify, the prefix of its leads' ids, and what is wrong ('' if nothing is)."""

    configured: bool
    prefix: str
    fault: str


def read_webhooks(actor: Actor) -> Webhooks:
    """How HubSpot's notifications are set up; never the secret."""
    authorise(actor, "feed:manage")
    kept = settings.get(store().read(), _KEY)[0] or {}
    fault = ""
    if kept:
        try:
            sealed_keys.unseal(kept["sealed"])
        except InvalidInput as refusal:
            fault = str(refusal)
    return Webhooks(bool(kept), kept.get("prefix", ""), fault)


def allow_webhooks(actor: Actor, secret: str, prefix: str = "") -> None:
    """Take notifications that are signed with the app's client secret. Raises InvalidInput for one that is no secret."""
    person = authorise(actor, "feed:manage")
    secret = required_text(secret, "The client secret", _LONGEST_SECRET)
    prefix = prefix.strip()
    if len(secret) < 16 or not secret.isascii():
        raise InvalidInput(
            "The client secret is too short. Copy it from the app's page in HubSpot, under Auth."
        )
    if len(prefix) > _LONGEST_PREFIX or not prefix.isprintable():
        raise InvalidInput(f"The prefix may have at most {_LONGEST_PREFIX} plain characters.")
    document = {"sealed": sealed_keys.seal({"secret": secret}), "prefix": prefix}

    def transaction(connection: Connection) -> None:
        settings.put(connection, _KEY, document)
        journal(connection, person, "webhooks:allow", "setting", _KEY, after={"prefix": prefix})

    store().write(transaction)


def forbid_webhooks(actor: Actor) -> None:
    """Take no more notifications, and forget the secret."""
    person = authorise(actor, "feed:manage")

    def transaction(connection: Connection) -> None:
        if settings.get(connection, _KEY)[0] is not None:
            settings.delete(connection, _KEY)
            journal(connection, person, "webhooks:forbid", "setting", _KEY)

    store().write(transaction)


def expect_delivery(timestamp: str) -> None:
    """Whether a delivery of this time stamp can be HubSpot's at all, before anything of it is read.

    Raises NotFromHubSpot where notifications are not set up, or the stamp is none of the last five minutes.
    """
    _kept()
    _check_stamp(timestamp)


def take_delivery(delivery: Delivery) -> tuple[Taken, int]:
    """Take what HubSpot notifies of; what became of it, and how many notifications were passed over.

    Raises NotFromHubSpot unless it is signed and fresh, and InvalidInput for a body that is no list of notifications.
    """
    kept = _kept()
    _check_signature(delivery, sealed_keys.unseal(kept["sealed"])["secret"])
    notifications = _read_body(delivery.body)
    from leads.hubspot_notifications import translate

    told = translate(notifications, kept["prefix"], _plan_of_source(kept["prefix"]))
    if not told.leads and not told.events:
        return Taken((), ()), told.passed_over
    taken = store().write(lambda connection: take(connection, _ORIGIN, told.leads, told.events, whole=False))
    return taken, told.passed_over


def _plan_of_source(prefix: str) -> "Plan | None":
    """How the source is read whose leads are the same ones: that of HubSpot with this prefix; None where there is none."""
    for row in connectors.everyone(store().read()):
        if row.kind == "hubspot" and row.plan.get("prefix", "") == prefix:
            return make_plan(row.address, {}, row.plan)
    return None


def _kept() -> dict[str, Any]:
    kept = settings.get(store().read(), _KEY)[0]
    if kept is None:
        raise NotFromHubSpot("Notifications of HubSpot are not set up here.")
    return dict(kept)


def _check_stamp(stamp: str) -> None:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 16):
        raise NotFromHubSpot("The delivery has no time stamp.")
    if abs(clock.now().timestamp() - int(stamp) / 1000) > OLDEST_SECONDS:
        raise NotFromHubSpot("The delivery is older than five minutes, or a clock is wrong.")


def _check_signature(delivery: Delivery, secret: str) -> None:
    stamp = delivery.timestamp
    _check_stamp(stamp)
    given = delivery.signature.encode("utf-8", "replace")
    good = False
    for address in delivery.addresses:
        signed = delivery.method.encode() + _as_signed(address).encode() + delivery.body + stamp.encode()
        digest = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
        good |= hmac.compare_digest(digest, given)
    if not good:
        raise NotFromHubSpot("The signature is not HubSpot's for this portal's address and secret.")


def _as_signed(address: str) -> str:
    for escaped, plain in _LEFT_PLAIN.items():
        address = address.replace(escaped, plain).replace(escaped.lower(), plain)
    return address


def _read_body(body: bytes) -> list[Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("The body is no JSON.") from None
    if not isinstance(found, list) or len(found) > MOST_NOTIFICATIONS:
        raise InvalidInput(f"The body has to be a list of at most {MOST_NOTIFICATIONS:,} notifications.")
    return found
