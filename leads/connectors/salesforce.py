"""Salesforce: leads with the history of their status and owner, and the opportunities they became, by its REST API.

Leads come in the order of `SystemModstamp, Id`, the place to go on from; a change of status, owner or conversion moves a
lead to the end. With each page its leads' history is asked for, and their opportunities. An opportunity that changes later
moves no lead, so opportunities have a place of their own, from the first pull on. Deleted leads are seen, merged ones say
into which.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from leads.connectors import salesforce_events
from leads.connectors.calling import Answer, Caller, ExpiringToken, Wait, told
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

NAME = "Salesforce"
EXAMPLE = "https://company.my.salesforce.com"
CREDENTIALS = {"client_id": "Consumer key", "client_secret": "Consumer secret"}
HELP = (
    "In Salesforce: Setup, App Manager, a connected app with the client credentials flow, run as a user who can read leads, "
    "their history, and opportunities. The address is that of your own domain."
)
FIELDS = {
    "source": "LeadSource",
    "company": "Company",
    "employees": "NumberOfEmployees",
    "industry": "Industry",
    "country": "Country",
    "job_title": "Title",
    "owner": "OwnerId",
}
VERSION = "v62.0"
OVERLAP = 600.0  # seconds: what a long transaction changed is seen only when it ends
BATCH = 500
_AT_ONCE = 200  # ids in a question, which has to fit into an address
_WAIT_FOR_CALLS = 3600.0
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_LEAD = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted", "MasterRecordId", "OwnerId", "Status")
_CONVERSION = ("IsConverted", "ConvertedDate", "ConvertedOpportunityId")
_OPPORTUNITY = ("Id", "CreatedDate", "SystemModstamp", "IsWon", "IsClosed", "CloseDate", "Amount")
_CURRENCY = "CurrencyIsoCode"


class Salesforce:
    """A Salesforce organisation."""

    def __init__(self, plan: Plan, wait: Wait, now: str) -> None:
        """Read by `plan`; `now` is the instant at which the pull begins. Raises InvalidInput for an address that will not do."""
        self.surprises = Surprises()
        self._plan = plan
        self._now = now
        keys = plan.credentials
        if not all(keys.get(name) for name in CREDENTIALS):
            raise SourceRefused("The key for Salesforce is missing. Enter consumer key and consumer secret.")
        form = {"grant_type": "client_credentials", **{name: keys[name] for name in CREDENTIALS}}
        token = ExpiringToken("/services/oauth2/token", form)
        options = {"Sforce-Query-Options": f"batchSize={BATCH}"}
        self._caller = Caller(NAME, plan.address, token, wait, headers=options)
        self._history = True

    def close(self) -> None:
        """Hang up."""
        self._caller.close()

    def describe(self) -> Description:
        """The organisation, the fields of leads, and the values of their status."""
        known = self._fields("Lead")
        account = ""
        for organisation in self._optional(["Name"], "Organization"):
            account = str(organisation.get("Name") or "")
        fields = sorted(
            (TheirField(name, str(found.get("label") or name)) for name, found in known.items()),
            key=lambda one: one.label.lower(),
        )
        values = tuple(
            TheirValue(
                str(value.get("value")),
                str(value.get("label") or value.get("value")),
                salesforce_events.suggested(str(value.get("value"))),
            )
            for value in known.get("Status", {}).get("picklistValues") or []
            if isinstance(value, dict) and value.get("value")
        )
        return Description(account, tuple(fields), (Tracked("Status", "Lead status", values),))

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """See `source.Source`. A cursor has the place in leads, and that in opportunities."""
        lead_fields, deal_fields = self._fields("Lead"), self._fields("Opportunity", optional=True)
        for theirs in self._plan.wanted():
            if theirs not in lead_fields:
                self.surprises.add(
                    "missing_field", f"Salesforce has no lead field “{theirs}”; it is left out.", ""
                )
        if not deal_fields:
            self.surprises.add(
                "no_opportunities", "The user may not read opportunities, so nobody is won or lost.", ""
            )
        since = earlier(self._now, OVERLAP)
        at = {"leads": {}, "opportunities": {"at": since}, **cursor}
        selected = list(dict.fromkeys((*_LEAD, *_CONVERSION, *self._plan.wanted())))
        selected = [name for name in selected if name in lead_fields]
        if "OwnerId" in selected:
            selected.append("Owner.Name")
        deal_selected = [name for name in (*_OPPORTUNITY, _CURRENCY) if name in deal_fields]

        def of_leads(records: list[dict[str, Any]]) -> salesforce_events.Converted:
            deals = self._by_ids(
                deal_selected,
                "Opportunity",
                "Id",
                (record.get("ConvertedOpportunityId") for record in records),
            )
            found = salesforce_events.from_leads(
                records, self._history_of(records), self._plan, self.surprises, self._now, self._history
            )
            owners = {str(r["ConvertedOpportunityId"]): r for r in records if r.get("ConvertedOpportunityId")}
            more = salesforce_events.from_opportunities(deals, owners, self._plan, self.surprises)
            return (*found[0], *more[0]), (*found[1], *more[1])

        def of_deals(records: list[dict[str, Any]]) -> salesforce_events.Converted:
            leads = self._by_ids(
                ["Id", "ConvertedOpportunityId", "CreatedDate"],
                "Lead",
                "ConvertedOpportunityId",
                (record["Id"] for record in records),
            )
            owners = {str(lead["ConvertedOpportunityId"]): lead for lead in leads}
            return salesforce_events.from_opportunities(records, owners, self._plan, self.surprises)

        streams: list[tuple[str, str, list[str], Callable[..., Any]]] = [
            ("leads", "Lead", selected, of_leads)
        ]
        if deal_fields:
            streams.append(("opportunities", "Opportunity", deal_selected, of_deals))
        for name, kind, fields, convert in streams:
            for page in self._stream(name, kind, fields, at, convert):
                at = dict(page.cursor)
                yield page
        yield Page((), (), at, 0, last=True)

    def _stream(
        self,
        name: str,
        kind: str,
        fields: Sequence[str],
        at: Mapping[str, Any],
        convert: Callable[[list[dict[str, Any]]], salesforce_events.Converted],
    ) -> Iterator[Page]:
        """What changed behind a place, page by page, in the order of the change; the last page moves the place for next time."""
        place: dict[str, Any] = dict(at[name])
        following: str | None = None
        while True:
            answer = self._query_page(following, fields, kind, place)
            if answer is None:  # the place in their list has run out: ask anew from where we are
                following = None
                continue
            records = self._records(answer)
            leads, events = convert(records) if records else ((), ())
            for record in records:
                moment = instant_of(
                    record.get("SystemModstamp"), self.surprises, "SystemModstamp", str(record["Id"])
                )
                if moment is not None:
                    place = {"at": moment, "id": str(record["Id"])}
            following = answer.get("nextRecordsUrl") if not answer.get("done", True) else None
            if following is None and place.get("at", "") > earlier(self._now, OVERLAP):
                place = {"at": earlier(self._now, OVERLAP)}
            yield Page(leads, events, {**at, name: place}, len(records))
            if following is None:
                return

    def _query_page(
        self, following: str | None, fields: Sequence[str], kind: str, place: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        if following is not None:
            answer = self._caller.get(self._same_place(following))
            if answer.status == 400 and "INVALID_QUERY_LOCATOR" in _codes(answer):
                return None
            return self._document(answer)
        conditions = []
        if place.get("at"):
            moment = _literal(place["at"])
            behind = f"SystemModstamp > {moment}"
            if place.get("id"):
                behind = f"({behind} OR (SystemModstamp = {moment} AND Id > '{place['id']}'))"
            else:
                behind = f"SystemModstamp >= {moment}"
            conditions.append(behind)
        if kind == "Lead" and self._plan.since is not None:
            conditions.append(f"CreatedDate >= {self._plan.since.isoformat()}T00:00:00Z")
        return self._ask(fields, kind, conditions, "SystemModstamp, Id")

    def _same_place(self, path: object) -> str:
        """The next page of their list, which has to lie where the first did."""
        if not isinstance(path, str) or not path.startswith("/services/data/"):
            raise SourceUnavailable("Salesforce told a next page that is none. It is tried again later.")
        return path

    def _history_of(self, leads: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What was changed of these leads' status and owner, and when they were converted."""
        if not self._history:
            return []
        try:
            return self._by_ids(
                ["Id", "LeadId", "Field", "OldValue", "NewValue", "CreatedDate"],
                "LeadHistory",
                "LeadId",
                (lead["Id"] for lead in leads),
                ["Field IN ('Status', 'Owner', 'leadConverted')"],
                "CreatedDate, Id",
            )
        except _NoSuchThing:
            self._history = False
            self.surprises.add(
                "no_history",
                "Salesforce gives no history of leads (it is not tracked, or the user may not see it). Only creation, conversion "
                "and outcome are known.",
                "",
            )
            return []

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fields(self, kind: str, *, optional: bool = False) -> dict[str, dict[str, Any]]:
        answer = self._caller.get(f"/services/data/{VERSION}/sobjects/{kind}/describe")
        if optional and answer.status in (403, 404):
            return {}
        document = self._document(answer)
        fields = document.get("fields")
        return {
            str(found["name"]): found
            for found in (fields if isinstance(fields, list) else [])
            if isinstance(found, dict) and found.get("name")
        }

    def _by_ids(
        self,
        fields: Sequence[str],
        kind: str,
        by: str,
        ids: Iterable[Any],
        more: Sequence[str] = (),
        order: str = "Id",
    ) -> list[dict[str, Any]]:
        """Records that refer to one of these ids."""
        wanted = [one for one in dict.fromkeys(map(str, ids)) if _ID.fullmatch(one)]
        found: list[dict[str, Any]] = []
        if not fields:
            return found
        for start in range(0, len(wanted), _AT_ONCE):
            listed = ",".join(f"'{one}'" for one in wanted[start : start + _AT_ONCE])
            answer = self._ask(fields, kind, [f"{by} IN ({listed})", *more], order)
            found += self._records(answer)
            while not answer.get("done", True):
                following = self._same_place(answer.get("nextRecordsUrl"))
                answer = self._document(self._caller.get(following))
                found += self._records(answer)
        return found

    def _optional(self, fields: Sequence[str], kind: str) -> list[dict[str, Any]]:
        try:
            return [r for r in self._ask(fields, kind, [], "").get("records") or [] if isinstance(r, dict)]
        except (_NoSuchThing, SourceRefused):
            return []

    def _ask(self, fields: Sequence[str], kind: str, conditions: Sequence[str], order: str) -> dict[str, Any]:
        """A question in their query language, deleted records included."""
        text = f"SELECT {', '.join(fields)} FROM {kind}"
        if conditions:
            text += f" WHERE {' AND '.join(conditions)}"
        if order:
            text += f" ORDER BY {order}"
        return self._document(self._caller.get(f"/services/data/{VERSION}/queryAll", {"q": text}))

    def _document(self, answer: Answer) -> dict[str, Any]:
        codes = _codes(answer)
        if answer.status == 200 and isinstance(answer.document, dict):
            return answer.document
        if "REQUEST_LIMIT_EXCEEDED" in codes:
            raise SourceUnavailable(
                "Salesforce's calls of the day are used up. It is tried again later.", _WAIT_FOR_CALLS
            )
        if answer.status == 400 and codes & {"INVALID_TYPE", "INVALID_FIELD"}:
            raise _NoSuchThing(f"Salesforce does not know what was asked for{told(answer)}. {HELP}")
        if answer.status == 404:
            raise SourceRefused(
                f"There is no Salesforce at this address{told(answer)}. It looks like {EXAMPLE}."
            )
        if answer.status in (400, 403):
            raise SourceRefused(f"Salesforce does not let us read this{told(answer)}. {HELP}")
        raise SourceUnavailable(
            f"Salesforce answered {answer.status}{told(answer)}. It is tried again later."
        )

    def _records(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        records = answer.get("records")
        if not isinstance(records, list):
            raise SourceUnavailable("Salesforce sent an answer without records. It is tried again later.")
        sound = [one for one in records if isinstance(one, dict) and _ID.fullmatch(str(one.get("Id")))]
        if len(sound) < len(records):
            self.surprises.add("odd_record", "A record had no id.", "", len(records) - len(sound))
        return sound


class _NoSuchThing(SourceRefused):
    """An object or a field that this organisation has not got, or hides."""


def _codes(answer: Answer) -> set[str]:
    document = answer.document
    entries = document if isinstance(document, list) else [document]
    return {str(one.get("errorCode")) for one in entries if isinstance(one, dict)}


def _literal(instant: str) -> str:
    """An instant as their query language writes it, to the millisecond."""
    return instant[:23] + "Z"
