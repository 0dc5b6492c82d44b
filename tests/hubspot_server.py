"""HubSpot as its documentation describes it, with its limits: 50 a page with history, 10,000 results of a search."""

from datetime import UTC, datetime
from typing import Any

from crm_server import Call, Reply, System

OPTIONS = {
    "lifecyclestage": [
        ("subscriber", "Subscriber"),
        ("lead", "Lead"),
        ("marketingqualifiedlead", "Marketing Qualified Lead"),
        ("salesqualifiedlead", "Sales Qualified Lead"),
        ("opportunity", "Opportunity"),
        ("customer", "Customer"),
        ("48213377", "Nurture"),
    ],
    "hs_lead_status": [
        ("NEW", "New"),
        ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
        ("CONNECTED", "Connected"),
        ("UNQUALIFIED", "Unqualified"),
    ],
}
PLAIN = (
    "createdate",
    "lastmodifieddate",
    "hubspot_owner_id",
    "hs_analytics_source",
    "hs_analytics_source_data_1",
    "first_conversion_event_name",
    "company",
    "numemployees",
    "industry",
    "country",
    "jobtitle",
    "seniority",
    "hs_merged_object_ids",
)


def milliseconds(text: str) -> int:
    """An instant as HubSpot counts it."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def when(number: int) -> str:
    """The instant of so many milliseconds."""
    return (
        datetime.fromtimestamp(number / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


class HubSpotServer(System):
    """An account. Put records into `objects`, and links into `links` (deal → contacts)."""

    def __init__(self, token: str = "pat-1") -> None:
        """An empty account with this key."""
        super().__init__()
        self.token = token
        self.tokens_given = 0
        self.calls_per_token: int | None = None  # then it has expired
        self.calls_left = 0
        self.objects: dict[str, dict[int, dict[str, Any]]] = {"contacts": {}, "deals": {}}
        self.links: dict[str, list[int]] = {}
        self.properties = [*PLAIN, *OPTIONS]
        self.owners = [
            {"id": "7", "firstName": "Sam", "lastName": "Seller", "email": "sam@example.com"},
            {"id": "8", "firstName": "", "lastName": "", "email": "kim@example.com"},
        ]
        self.owners_allowed = True
        self.reach = 10_000  # of a search

    # ── filling it ──────────────────────────────────────────────────────────────────────────────────────────────────

    def contact(self, number: int, changed: str, history: dict[str, list], **properties: Any) -> None:
        """A contact; `history` has, by property, changes as (value, instant) or (value, instant, source type)."""
        self._put("contacts", number, changed, "lastmodifieddate", history, properties)

    def deal(self, number: int, changed: str, history: list, contacts: list[int], **properties: Any) -> None:
        """A deal with the history of its stage."""
        self._put("deals", number, changed, "hs_lastmodifieddate", {"dealstage": history}, properties)
        self.links[str(number)] = contacts

    def delete(self, number: int, at: str | None) -> None:
        """Move a contact to the bin."""
        self.objects["contacts"][number] |= {"archived": True} | ({"archivedAt": at} if at else {})

    def restore(self, number: int) -> None:
        """Take a contact out of the bin; nothing else of it changes."""
        self.objects["contacts"][number] |= {"archived": False}
        self.objects["contacts"][number].pop("archivedAt", None)

    def _put(self, kind, number, changed, changed_name, history, properties):
        told = {
            name: [
                {
                    "value": value,
                    "timestamp": at,
                    "sourceType": rest[0] if rest else "CRM_UI",
                    "sourceId": "u",
                }
                for value, at, *rest in reversed(changes)
            ]
            for name, changes in history.items()
        }
        now = {name: changes[0]["value"] for name, changes in told.items() if changes}
        self.objects[kind][number] = {
            "id": str(number),
            "properties": {**now, **properties, changed_name: changed},
            "propertiesWithHistory": told,
            "createdAt": properties.get("createdate", changed),
            "updatedAt": changed,
            "archived": False,
        }

    # ── answering ───────────────────────────────────────────────────────────────────────────────────────────────────

    def answer(self, call: Call) -> Reply:
        """By path."""
        if call.path == "/oauth/v1/token":
            return self._token(call)
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return self._no("INVALID_AUTHENTICATION", "Authentication credentials not found", 401)
        if self.calls_per_token is not None:
            if self.calls_left == 0:
                return self._no("EXPIRED_AUTHENTICATION", "The OAuth token used expired", 401)
            self.calls_left -= 1
        parts = call.path.strip("/").split("/")
        match parts:
            case ["account-info", "v3", "details"]:
                return Reply({"portalId": 4711, "timeZone": "Europe/Berlin"})
            case ["crm", "v3", "properties", "contacts"]:
                return Reply({"results": [self._property(name) for name in self.properties]})
            case ["crm", "v3", "pipelines", "deals"]:
                return Reply({"results": [PIPELINE]})
            case ["crm", "v3", "owners"]:
                if not self.owners_allowed:
                    return self._no("MISSING_SCOPES", "This app hasn't been granted all required scopes", 403)
                return Reply({"results": self.owners if call.query["archived"] == "false" else []})
            case ["crm", "v3", "objects", kind] if call.method == "GET":
                return self._list(kind, call)
            case ["crm", "v3", "objects", kind, "search"]:
                return self._search(kind, call.body)
            case ["crm", "v3", "objects", kind, "batch", "read"]:
                return self._batch(kind, call.body)
            case ["crm", "v4", "associations", "deals", "contacts", "batch", "read"]:
                return self._links(call.body)
        return self._no("NOT_FOUND", f"no such path {call.path}", 404)

    def _token(self, call: Call) -> Reply:
        if call.body.get("refresh_token") != "refresh-1" or call.body.get("client_secret") != "secret-1":
            return self._no("BAD_REFRESH_TOKEN", "missing or invalid refresh token", 400)
        self.tokens_given += 1
        self.token = f"token-{self.tokens_given}"
        self.calls_left = self.calls_per_token or 0
        return Reply({"access_token": self.token, "expires_in": 1800, "token_type": "bearer"})

    def _list(self, kind: str, call: Call) -> Reply:
        history = [name for name in call.query.get("propertiesWithHistory", "").split(",") if name]
        limit = int(call.query.get("limit", 10))
        if limit > (50 if history else 100):
            return self._no("VALIDATION_ERROR", f"Limit of {limit} is too large", 400)
        after = int(call.query.get("after", 0))
        binned = call.query.get("archived") == "true"
        numbers = sorted(
            number
            for number, record in self.objects[kind].items()
            if number >= after and bool(record.get("archived")) is binned
        )
        chosen, rest = numbers[:limit], numbers[limit:]
        names = call.query.get("properties", "").split(",")
        document: dict[str, Any] = {"results": [self._shown(kind, n, names, history) for n in chosen]}
        if rest:
            document["paging"] = {"next": {"after": str(rest[0]), "link": "https://…"}}
        return Reply(document, headers={"X-HubSpot-RateLimit-Remaining": "99"})

    def _search(self, kind: str, body: dict[str, Any]) -> Reply:
        limit, after = int(body.get("limit", 10)), int(body.get("after", 0))
        if limit > 200 or after + limit > self.reach or body.get("propertiesWithHistory"):
            return self._no("VALIDATION_ERROR", "there are 10,000 results at most, 200 a page", 400)
        filters = body["filterGroups"][0]["filters"]
        number_of = {
            record["id"]: {
                name: milliseconds(value) if name.endswith("date") else int(value)
                for name, value in {**record["properties"], "hs_object_id": record["id"]}.items()
                if name in ("lastmodifieddate", "hs_lastmodifieddate", "hs_object_id")
            }
            for record in self.objects[kind].values()
            if not record.get("archived")
        }
        compare = {"GTE": int.__ge__, "GT": int.__gt__, "EQ": int.__eq__}
        found = [
            one
            for one, values in number_of.items()
            if all(compare[f["operator"]](values[f["propertyName"]], int(f["value"])) for f in filters)
        ]
        found.sort(key=lambda one: number_of[one][body["sorts"][0]["propertyName"]])
        page = found[after : after + limit]
        document: dict[str, Any] = {
            "total": len(found),
            "results": [self._shown(kind, int(one), body.get("properties", []), None) for one in page],
        }
        if after + limit < len(found):
            document["paging"] = {"next": {"after": str(after + limit)}}
        return Reply(document)

    def _batch(self, kind: str, body: dict[str, Any]) -> Reply:
        history = body.get("propertiesWithHistory") or []
        if len(body["inputs"]) > (50 if history else 100):
            return self._no("VALIDATION_ERROR", "too many inputs", 400)
        numbers = [int(one["id"]) for one in body["inputs"]]
        known = [n for n in numbers if n in self.objects[kind] and not self.objects[kind][n].get("archived")]
        results = [self._shown(kind, n, body.get("properties") or [], history) for n in known]
        return Reply({"status": "COMPLETE", "results": results}, 200 if len(known) == len(numbers) else 207)

    def _links(self, body: dict[str, Any]) -> Reply:
        results = [
            {
                "from": {"id": one["id"]},
                "to": [
                    {
                        "toObjectId": contact,
                        "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 3}],
                    }
                    for contact in self.links[one["id"]]
                ],
            }
            for one in body["inputs"]
            if self.links.get(one["id"])
        ]
        return Reply({"status": "COMPLETE", "results": results}, 200 if results else 207)

    def _shown(self, kind, number, names, history):
        record = self.objects[kind][number]
        shown = {**record, "properties": {n: (record["properties"] or {}).get(n) for n in names if n}}
        if history:
            told = record["propertiesWithHistory"]
            shown["propertiesWithHistory"] = {
                name: told[name] if isinstance(told, dict) else told for name in history if name in told
            }
        else:
            shown.pop("propertiesWithHistory")
        return shown

    def _property(self, name: str) -> dict[str, Any]:
        options = [{"value": value, "label": label} for value, label in OPTIONS.get(name, [])]
        return {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "type": "string",
            "options": options,
        }

    def _no(self, category: str, message: str, status: int) -> Reply:
        return Reply(
            {"status": "error", "message": message, "correlationId": "c-1", "category": category}, status
        )


PIPELINE = {
    "id": "default",
    "label": "Sales pipeline",
    "stages": [
        {
            "id": "appointmentscheduled",
            "label": "Appointment",
            "metadata": {"isClosed": "false", "probability": "0.2"},
        },
        {"id": "closedwon", "label": "Closed won", "metadata": {"isClosed": "true", "probability": "1.0"}},
        {"id": "closedlost", "label": "Closed lost", "metadata": {"isClosed": "true", "probability": "0.0"}},
    ],
}


def too_many(seconds: str | None = None, policy: str = "TEN_SECONDLY_ROLLING") -> Reply:
    """Too many calls."""
    return Reply(
        {
            "status": "error",
            "message": "You have reached your limit.",
            "errorType": "RATE_LIMIT",
            "policyName": policy,
        },
        429,
        {"Retry-After": seconds} if seconds else {},
    )
