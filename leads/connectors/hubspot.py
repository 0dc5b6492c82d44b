"""HubSpot: contacts with the history of their stages, and deals, by its CRM API (v3; associations by v4).

The first time contacts and deals are listed in the order of their ids, which no change disturbs, 50 a page since history is
asked for. After that only what has changed is looked for, from the time of the last change on: a search reaches 10,000
results and no further, and what is changed meanwhile moves behind, so each page is a search of its own. A search tells no
history; so it gives the ids, and the records are read by them.

Contacts that were deleted there stay here and are marked as deleted: no search tells of them, so about once an hour those in
the bin are listed, of which the ones that came there since the last time are read; one that was told as deleted and is not there
any more was put back, if it can be read. Those merged into another are told as merged.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from alignment import instants
from leads.connectors import hubspot_events
from leads.connectors.calling import Answer, Authorisation, Caller, ExpiringToken, Key, Wait, told
from leads.connectors.hubspot_answers import both_halves, found_in, ids_of, next_of
from leads.connectors.hubspot_events import (
    CREATED,
    DEAL_STAGE,
    HISTORY,
    LIFECYCLE,
    MERGED,
    RESTORED,
    STATUS,
    Known,
)
from leads.connectors.meanings import earlier, instant_of
from leads.connectors.source import (
    Cursor,
    Description,
    Page,
    Plan,
    SourceRefused,
    SourceUnavailable,
    Surprises,
    TheirField,
    TheirValue,
    Tracked,
)

NAME = "HubSpot"
ADDRESS = "https://api.hubapi.com"
CREDENTIALS = {
    "token": "Access token of a private app",
    "client_id": "or: client id of an app",
    "client_secret": "its client secret",
    "refresh_token": "its refresh token",
}
HELP = (
    "In HubSpot: Settings, Integrations, Private apps. The app needs to read contacts, deals and owners "
    "(crm.objects.contacts.read, crm.objects.deals.read, crm.objects.owners.read, crm.schemas.contacts.read, "
    "crm.schemas.deals.read)."
)
FIELDS = {
    "source": "hs_analytics_source",
    "campaign": "hs_analytics_source_data_1",
    "content": "first_conversion_event_name",
    "company": "company",
    "company_size": "numemployees",
    "industry": "industry",
    "country": "country",
    "job_title": "jobtitle",
    "job_level": "seniority",
    "owner": "hubspot_owner_id",
}
PAGE = 50  # with history no more are given, by listing or by id
FOUND = 100  # of a search
OVERLAP = 600.0  # seconds: a change can be found only some time after it was made
_LIST_DELETED = (
    3_600.0  # seconds between two looks at all that is in the bin, which keeps contacts for 90 days
)
MOST_MARKED = 5_000
"""Contacts told as deleted of which it is still looked whether they were put back, the last ones; they stand in the cursor."""
_LONGEST_LIST = 4_000  # characters of property names in an address; the rest is read by a second call
_CONTACTS, _DEALS = "contacts", "deals"
_CHANGED = {_CONTACTS: "lastmodifieddate", _DEALS: "hs_lastmodifieddate"}
_DEAL_PROPERTIES = ("dealstage", "pipeline", "amount", "deal_currency_code", "createdate", "closedate")


class HubSpot:
    """A HubSpot account."""

    def __init__(self, plan: Plan, wait: Wait, now: str) -> None:
        """Read by `plan`; `now` is the instant at which the pull begins. Raises InvalidInput for an address that will not do."""
        self.surprises = Surprises()
        self._plan = plan
        self._now = now
        self._caller = Caller(NAME, plan.address or ADDRESS, _authorisation(plan), wait)

    def close(self) -> None:
        """Hang up."""
        self._caller.close()

    def describe(self) -> Description:
        """The account, the properties of contacts, and the values of lifecycle stage, lead status and deal stage."""
        known = self._look()
        account = self._got(self._caller.get("/account-info/v3/details"), optional=True)
        portal = account.get("portalId", "") if isinstance(account, dict) else ""
        fields = sorted(
            (TheirField(name, str(found.get("label") or name)) for name, found in known.properties.items()),
            key=lambda field: field.label.lower(),
        )
        tracked = [
            Tracked(
                name,
                label,
                tuple(
                    TheirValue(
                        str(option.get("value", "")),
                        str(option.get("label") or option.get("value", "")),
                        hubspot_events.suggested(name, str(option.get("value", ""))),
                    )
                    for option in known.properties.get(name, {}).get("options") or []
                    if isinstance(option, dict)
                ),
            )
            for name, label in ((LIFECYCLE, "Lifecycle stage"), (STATUS, "Lead status"))
        ]
        stages = tuple(
            TheirValue(stage.id, f"{stage.pipeline}: {stage.label}", stage.suggested)
            for stage in known.stages.values()
        )
        return Description(
            f"account {portal}" if portal else "",
            tuple(fields),
            (*tracked, Tracked(DEAL_STAGE, "Deal stage", stages)),
        )

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """See `source.Source`. A cursor is `phase` with what it needs: listing contacts, listing deals, changes."""
        known = self._look()
        at: dict[str, Any] = dict(cursor) or {"phase": "list", "object": _CONTACTS, "began": self._now}
        if at.get("phase") == "list":
            for page in self._listed(at, known):
                yield page
                at = dict(page.cursor)
            return
        for kind in (_CONTACTS, _DEALS):
            for page in self._changed(kind, at, known):
                yield page
                at = dict(page.cursor)
        for page in self._deleted(at, known):
            yield page
            at = dict(page.cursor)
        yield Page((), (), at, 0, last=True)

    # ── the first time ──────────────────────────────────────────────────────────────────────────────────────────────

    def _listed(self, at: dict[str, Any], known: Known) -> Iterator[Page]:
        while True:
            kind = at["object"]
            answer = self._page_of_list(kind, at.get("after"), known)
            records = self._records(answer)
            leads, events = self._converted(kind, records, known)
            after = next_of(answer)
            if after is not None:
                at = {**at, "after": after}
            elif kind == _CONTACTS:
                at = {"phase": "list", "object": _DEALS, "began": at["began"]}
            else:
                since = earlier(at["began"], OVERLAP)
                at = {"phase": "changes", _CONTACTS: {"since": since}, _DEALS: {"since": since}}
            last = at["phase"] == "changes"
            yield Page(leads, events, at, len(records), last)
            if last:
                return

    def _page_of_list(self, kind: str, after: str | None, known: Known) -> dict[str, Any]:
        wanted, history = self._asked(kind, known)
        first, rest = _as_far_as_they_fit(wanted)
        params = {
            "limit": PAGE,
            "archived": "false",
            "properties": ",".join(first),
            "propertiesWithHistory": ",".join(history),
        }
        if after is not None:
            params["after"] = after
        answer = self._got(self._caller.get(f"/crm/v3/objects/{kind}", params))
        if rest:
            records = self._records(answer)
            for record, more in both_halves(records, self._read(kind, ids_of(records), rest, ())):
                record["properties"] = {
                    **(record.get("properties") or {}),
                    **(more.get("properties") or {}),
                }
        return answer if isinstance(answer, dict) else {}

    # ── after that ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _changed(self, kind: str, at: dict[str, Any], known: Known) -> Iterator[Page]:
        """What has changed since `at[kind]["since"]`, in the order in which it did.

        With `above`, the contacts that changed at the very instant `since` are gone through by their ids: more than
        fit on a page can have been changed at once.
        """
        place: dict[str, Any] = dict(at[kind])
        while True:
            found = self._search(kind, place)
            ids = ids_of(found)
            wanted, history = self._asked(kind, known)
            records = [
                record
                for start in range(0, len(ids), PAGE)
                for record in self._read(kind, ids[start : start + PAGE], wanted, history)
            ]
            leads, events = self._converted(kind, records, known)
            place, finished = self._further(kind, place, found)
            yield Page(leads, events, {**at, kind: place}, len(records))
            if finished:
                return

    def _search(self, kind: str, place: Mapping[str, Any]) -> list[dict[str, Any]]:
        changed, since = _CHANGED[kind], _milliseconds(place["since"])
        above = place.get("above")
        if above is None:
            filters = [{"propertyName": changed, "operator": "GTE", "value": since}]
            order = changed
        else:
            filters = [
                {"propertyName": changed, "operator": "EQ", "value": since},
                {"propertyName": "hs_object_id", "operator": "GT", "value": above},
            ]
            order = "hs_object_id"
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
            "properties": [changed],
            "limit": FOUND,
        }
        return self._records(self._got(self._caller.post(f"/crm/v3/objects/{kind}/search", body)))

    def _further(
        self, kind: str, place: Mapping[str, Any], found: list[dict[str, Any]]
    ) -> tuple[dict[str, Any], bool]:
        """Where the next search goes on behind this one, and whether that is for another time."""
        full, since = len(found) == FOUND, str(place["since"])
        if place.get("above") is not None:
            # all that changed at that instant is read when its ids come to an end: on behind it
            return ({**place, "above": ids_of(found)[-1]} if full else {"since": _just_after(since)}), False
        latest = since
        if found:
            told_last = (found[-1].get("properties") or {}).get(_CHANGED[kind])
            read = instant_of(told_last, self.surprises, _CHANGED[kind], ids_of(found)[-1])
            latest = max(since, read or since)
        if not full:
            # what changed while this went on, or could not be found yet, is looked for again
            behind = _just_after(latest) if found else latest
            return {"since": min(behind, earlier(self._now, OVERLAP))}, True
        if _milliseconds(latest) == _milliseconds(since):
            return {"since": since, "above": "0"}, False
        return {"since": latest}, False

    def _deleted(self, at: dict[str, Any], known: Known) -> Iterator[Page]:
        """Contacts that were deleted since the last look at the bin, with the fields that they had.

        What was in the bin before the first pull is passed over, for nothing is known of it here.
        """
        place: dict[str, Any] = dict(at.get("deleted") or {"since": at[_CONTACTS]["since"]})
        if "began" not in place:
            if earlier(self._now, _LIST_DELETED) < place["since"]:
                return
            place |= {"began": self._now, "missing": place.get("marked", [])}
        wanted, _ = _as_far_as_they_fit(self._asked(_CONTACTS, known)[0])
        while True:
            params = {"limit": FOUND, "archived": "true", "properties": ",".join(wanted)}
            if "after" in place:
                params["after"] = place["after"]
            answer = self._got(self._caller.get(f"/crm/v3/objects/{_CONTACTS}", params))
            records = self._records(answer)
            fresh = [record for record in records if self._deleted_at(record, place) >= place["since"]]
            told_now, seen = ids_of(fresh), {*ids_of(records)}
            # a pull that was cut off by an earlier version knows of none
            marked = [*(one for one in place.get("marked", ()) if one not in told_now), *told_now]
            missing = [one for one in place.get("missing", ()) if one not in seen]
            place |= {"marked": marked[-MOST_MARKED:], "missing": missing}
            after = next_of(answer)
            if after is None:
                fresh += self._put_back(missing, known)
            leads, events = hubspot_events.from_contacts(fresh, known, self._plan, self.surprises)
            if after is None:
                # what went to the bin while it was looked through is looked for again
                since = earlier(place["began"], OVERLAP)
                marked = [one for one in place["marked"] if one not in missing]
                found = {**at, "deleted": {"since": since, "marked": marked}}
                yield Page(leads, events, found, len(records))
                return
            place["after"] = after
            yield Page(leads, events, {**at, "deleted": dict(place)}, len(records))

    def _put_back(self, missing: list[str], known: Known) -> list[dict[str, Any]]:
        """Those of the contacts that can be read; what is gone for good cannot, and one that was merged is read as another."""
        wanted, history = self._asked(_CONTACTS, known)
        return [
            {**record, RESTORED: True}
            for start in range(0, len(missing), PAGE)
            for record in self._read(_CONTACTS, missing[start : start + PAGE], wanted, history)
            if str(record["id"]) in missing
        ]

    def _deleted_at(self, record: Mapping[str, Any], place: Mapping[str, Any]) -> str:
        told_at = instant_of(record.get("archivedAt"), self.surprises, "archivedAt", str(record["id"]))
        return told_at or str(place["began"])

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(
        self, kind: str, ids: list[str], wanted: Iterable[str], history: Iterable[str]
    ) -> list[dict[str, Any]]:
        """Records by their ids; those that are gone meanwhile are left out."""
        if not ids:
            return []
        body = {
            "inputs": [{"id": one} for one in ids],
            "properties": list(wanted),
            "propertiesWithHistory": list(history),
        }
        return self._records(self._got(self._caller.post(f"/crm/v3/objects/{kind}/batch/read", body)))

    def _converted(
        self, kind: str, records: list[dict[str, Any]], known: Known
    ) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
        if kind == _CONTACTS:
            return hubspot_events.from_contacts(records, known, self._plan, self.surprises)
        return hubspot_events.from_deals(
            records, self._contacts_of(ids_of(records)), known, self._plan, self.surprises
        )

    def _contacts_of(self, deals: list[str]) -> dict[str, list[str]]:
        """The contacts that each deal belongs to, by id."""
        if not deals:
            return {}
        body = {"inputs": [{"id": deal} for deal in deals]}
        answer = self._got(self._caller.post("/crm/v4/associations/deals/contacts/batch/read", body))
        found: dict[str, list[str]] = {}
        for entry in self._records(answer, "an association", has_id=False):
            deal = str((entry.get("from") or {}).get("id", ""))
            contacts = [str(to.get("toObjectId", "")) for to in entry.get("to") or [] if isinstance(to, dict)]
            found[deal] = sorted(filter(None, contacts), key=lambda one: (len(one), one))
            if entry.get("paging"):
                self.surprises.add(
                    "many_contacts",
                    "A deal has more contacts than are told at once; only the first count.",
                    deal,
                )
        return found

    def _look(self) -> Known:
        """What the account calls its fields, stages and people."""
        properties = self._properties(_CONTACTS)
        for theirs in self._plan.wanted():
            if theirs not in properties:
                self.surprises.add(
                    "missing_field", f"HubSpot has no contact property “{theirs}”; it is left out.", ""
                )
        return Known(properties, self._stages(), self._owners())

    def _properties(self, kind: str) -> dict[str, dict[str, Any]]:
        records = self._records(
            self._got(self._caller.get(f"/crm/v3/properties/{kind}")), "a property", has_id=False
        )
        return {str(found["name"]): found for found in records if found.get("name")}

    def _stages(self) -> dict[str, hubspot_events.DealStage]:
        answer = self._got(self._caller.get("/crm/v3/pipelines/deals"), optional=True)
        stages = (
            hubspot_events.deal_stage(pipeline, stage)
            for pipeline in self._records(answer, "a pipeline", has_id=False)
            for stage in pipeline.get("stages") or []
            if isinstance(stage, dict) and stage.get("id")
        )
        return {stage.id: stage for stage in stages}

    def _owners(self) -> dict[str, str]:
        """Names by id, of people who have left as well; without them if the key may not see them."""
        found: dict[str, str] = {}
        for archived in ("false", "true"):
            after: str | None = None
            while True:
                params = {"limit": 100, "archived": archived} | ({"after": after} if after else {})
                answer = self._got(self._caller.get("/crm/v3/owners", params), optional=True)
                if answer is None:
                    self.surprises.add(
                        "no_owners",
                        "The key may not read owners, so they stay numbers (crm.objects.owners.read).",
                    )
                    return found
                for owner in self._records(answer, "an owner"):
                    name = f"{owner.get('firstName') or ''} {owner.get('lastName') or ''}".strip()
                    found[str(owner["id"])] = name or str(owner.get("email") or owner["id"])
                after = next_of(answer)
                if after is None:
                    break
        return found

    def _asked(self, kind: str, known: Known) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The properties of a record to ask for, and those of which the history is wanted."""
        if kind == _DEALS:
            return _DEAL_PROPERTIES, (DEAL_STAGE,)
        wanted = dict.fromkeys((CREATED, *MERGED, *self._plan.wanted()))
        return (
            tuple(name for name in wanted if name in known.properties),
            tuple(name for name in HISTORY if name in known.properties),
        )

    def _got(self, answer: Answer, *, optional: bool = False) -> Any:
        """The document of a good answer; None where something `optional` may not be seen."""
        if answer.status in (200, 207):
            self._take_breath(answer)
            return answer.document
        if optional and answer.status in (403, 404):
            return None
        if answer.status == 403:
            raise SourceRefused(f"HubSpot does not let the key read this{told(answer)}. {HELP}")
        if answer.status == 404:
            raise SourceRefused(
                f"There is no HubSpot at this address{told(answer)}. Usually it is {ADDRESS}."
            )
        raise SourceUnavailable(f"HubSpot answered {answer.status}{told(answer)}. It is tried again later.")

    def _take_breath(self, answer: Answer) -> None:
        """Wait where the calls of this interval are used up, rather than be refused."""
        try:
            left = int(answer.headers.get("x-hubspot-ratelimit-remaining", "1000"))
            interval = float(answer.headers.get("x-hubspot-ratelimit-interval-milliseconds", "10000"))
        except ValueError:
            return
        if left <= 1:
            self._caller.wait(min(interval, 60_000.0) / 1000)

    def _records(self, document: Any, what: str = "a record", *, has_id: bool = True) -> list[dict[str, Any]]:
        """The results of an answer; what is no object, or has no id, is told and left out."""
        if document is None:
            return []
        sound, odd = found_in(document, has_id=has_id)
        if odd:
            self.surprises.add("odd_record", f"{what.capitalize()} was no object with an id.", "", odd)
        return sound


def _authorisation(plan: Plan) -> Authorisation:
    keys = plan.credentials
    if keys.get("token"):
        return Key(keys["token"])
    parts = ("client_id", "client_secret", "refresh_token")
    if all(keys.get(part) for part in parts):
        return ExpiringToken(
            "/oauth/v1/token", {"grant_type": "refresh_token", **{part: keys[part] for part in parts}}
        )
    raise SourceRefused(
        "The key for HubSpot is missing. Enter the access token of a private app, or client id, client secret and refresh "
        "token of an app."
    )


def _as_far_as_they_fit(names: Iterable[str]) -> tuple[list[str], list[str]]:
    first: list[str] = []
    rest: list[str] = []
    length = 0
    for name in names:
        length += len(name) + 3  # a comma takes three characters in an address
        (first if length <= _LONGEST_LIST else rest).append(name)
    return first, rest


def _milliseconds(instant: str) -> str:
    return str(int(instants.from_text(instant).timestamp() * 1000))


def _just_after(instant: str) -> str:
    return earlier(instant, -0.001)
