"""What past leads say of a version when it is proposed or signed: gathered before, so that no write waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.held_leads import KEPT
from actions.permissions import authorise
from alignment import agreements as domain
from alignment.agreements import AgreementVersion
from alignment.definitions import RuledVersion
from alignment.errors import Refusal
from alignment.people import Actor
from alignment.promises import PromiseVersion
from db.queries import agreements
from db.store import store


@dataclass(frozen=True)
class Gathered:
    """What past leads say of one exact content. `facts` is the revision of the lead facts it was taken from."""

    content_hash: str
    facts: str
    document: Mapping[str, Any]


def gather(actor: Actor, version_id: str) -> Gathered | None:
    """What past leads say of an open version; None without leads, for a text without a rule, or where it is kept already.

    Of millions of leads, the first who asks for it waits until they are read (`actions.held_leads`): screens ask before they offer
    to propose or to sign. Where the leads cannot tell, as when a rule names a field that they do not have, the document says why: that is no
    reason against signing.
    """
    authorise(actor, "agreement:read")
    connection = store().read()
    found = agreements.find(connection, version_id) if isinstance(version_id, str) else None
    if found is None or not found.state.is_open:
        return None
    try:
        facts = _revision(found)
        if not facts or _kept(found, facts):
            return None
        document = _document(actor, found)
        if document is not None and "window" in document:
            facts = document["window"]["data"]  # leads may have been read anew for it
    except Refusal as refusal:
        facts, document = "", {"cannot_tell": str(refusal)}
    return None if document is None else Gathered(found.content_hash, facts, document)


def _revision(version: AgreementVersion) -> str:
    """The version of the lead facts that is looked at; '' without any."""
    from leads.store import warehouse

    return KEPT.revision() if isinstance(version, RuledVersion) else warehouse().revision()


def _kept(version: AgreementVersion, facts: str) -> bool:
    there = agreements.evidence(store().read(), version.id)
    return any(one.content_hash == version.content_hash and one.facts == facts for one in there)


def _document(actor: Actor, version: AgreementVersion) -> dict[str, Any] | None:
    if isinstance(version, PromiseVersion):
        return _of_promise(actor, version)
    if isinstance(version, RuledVersion) and version.rule is not None:
        return _of_rule(actor, version, version.rule)
    return None


def _of_rule(actor: Actor, version: RuledVersion, rule: Mapping[str, Any]) -> dict[str, Any] | None:
    """The rule on the leads of the last closed window that tells something, against the version in force."""
    from actions import clock, what_if

    history = domain.timeline(agreements.versions(store().read(), type(version), version.key))
    current = domain.in_force(history, clock.now_text())
    found = what_if.find_evidence(actor, rule, None if current is None else current.rule)
    if found is not None and current is not None:
        found["against"] = current.label
    return found


def _of_promise(actor: Actor, version: PromiseVersion) -> dict[str, Any]:
    """The terms on the leads of the last quarter."""
    from actions import promises

    first, last = promises.last_quarter(actor)
    found = promises.try_terms(actor, version.key, version.terms, first, last)
    result: dict[str, Any] = {}
    if found.tried is not None:
        figure = found.tried.figure
        result = {"in_time": figure.numerator, "due": figure.denominator, "share": figure.value}
    elif found.delivery is not None:
        one = found.delivery
        result = {
            "delivered": one.delivered.numerator,
            "wanted": one.wanted,
            "accepted": one.acceptance.value,
            "verdict": one.verdict.value,
        }
    return {"first_day": first.isoformat(), "last_day": last.isoformat(), "result": result}
