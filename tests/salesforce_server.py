"""Salesforce as its documentation describes it: its query language as far as it is used, pages, sessions that end."""

import re
from typing import Any

from crm_server import Call, Reply, System

TOKEN = re.compile(r"\s*(\(|\)|,|>=|<=|=|>|<|'[^']*'|[^\s(),=<>]+)")
STATUS = ["Open - Not Contacted", "MQL", "Working - Contacted", "Closed - Not Converted", "Warming up"]
LEAD_FIELDS = [
    "Id",
    "CreatedDate",
    "SystemModstamp",
    "IsDeleted",
    "MasterRecordId",
    "OwnerId",
    "Status",
    "IsConverted",
    "ConvertedDate",
    "ConvertedOpportunityId",
    "LeadSource",
    "Company",
    "NumberOfEmployees",
    "Industry",
    "Country",
    "Title",
]
OPPORTUNITY_FIELDS = [
    "Id",
    "CreatedDate",
    "SystemModstamp",
    "IsWon",
    "IsClosed",
    "CloseDate",
    "Amount",
    "CurrencyIsoCode",
]


def lead_id(number: int) -> str:
    """The id of a lead, 18 characters."""
    return f"00Q{number:015}"


def deal_id(number: int) -> str:
    """The id of an opportunity."""
    return f"006{number:015}"


class SalesforceServer(System):
    """An organisation. `page` is how many records come at once; `objects` has the records by object."""

    longest_address = 16_000

    def __init__(self) -> None:
        """An empty organisation."""
        super().__init__()
        self.page = 200
        self.session = ""
        self.sessions = 0
        self.calls_per_session: int | None = None
        self.calls_left = 0
        self.places: dict[str, tuple[list[dict[str, Any]], int]] = {}
        self.objects: dict[str, list[dict[str, Any]]] = {"Lead": [], "LeadHistory": [], "Opportunity": []}
        self.lead_fields = list(LEAD_FIELDS)
        self.hidden: set[str] = set()

    def lead(self, number: int, changed: str, **fields: Any) -> None:
        """A lead, in place of the one there was."""
        record = {
            **dict.fromkeys(LEAD_FIELDS),
            "Id": lead_id(number),
            "CreatedDate": "2026-05-01T09:00:00.000+0000",
            "SystemModstamp": changed,
            "IsDeleted": False,
            "IsConverted": False,
            "OwnerId": "005000000000000001",
            "Owner": {"attributes": {"type": "Name"}, "Name": "Sam Seller"},
            "Status": STATUS[0],
            **fields,
        }
        self.objects["Lead"] = [one for one in self.objects["Lead"] if one["Id"] != record["Id"]] + [record]

    def history(self, number: int, at: str, field: str, old: Any, new: Any) -> None:
        """A change of a lead."""
        record = {
            "LeadId": lead_id(number),
            "Field": field,
            "OldValue": old,
            "NewValue": new,
            "CreatedDate": at,
        }
        self.objects["LeadHistory"].append({"Id": f"017{len(self.objects['LeadHistory']):015}", **record})

    def opportunity(self, number: int, changed: str, **fields: Any) -> None:
        """An opportunity, in place of the one there was."""
        record = {
            "Id": deal_id(number),
            "CreatedDate": "2026-05-05T09:00:00.000+0000",
            "SystemModstamp": changed,
            "IsWon": False,
            "IsClosed": False,
            "CloseDate": "2026-05-20",
            "Amount": None,
            "CurrencyIsoCode": "EUR",
            **fields,
        }
        others = [one for one in self.objects["Opportunity"] if one["Id"] != record["Id"]]
        self.objects["Opportunity"] = [*others, record]

    def answer(self, call: Call) -> Reply:
        """By path."""
        if call.path == "/services/oauth2/token":
            return self._token(call)
        if call.headers.get("authorization") != f"Bearer {self.session}" or not self.session:
            return self._no("INVALID_SESSION_ID", "Session expired or invalid", 401)
        if self.calls_per_session is not None:
            if self.calls_left == 0:
                return self._no("INVALID_SESSION_ID", "Session expired or invalid", 401)
            self.calls_left -= 1
        parts = call.path.strip("/").split("/")
        match parts:
            case ["services", "data", _, "sobjects", kind, "describe"]:
                if kind in self.hidden:
                    return self._no("NOT_FOUND", "The requested resource does not exist", 404)
                names = self.lead_fields if kind == "Lead" else OPPORTUNITY_FIELDS
                return Reply({"name": kind, "fields": [self._field(name) for name in names]})
            case ["services", "data", _, "queryAll"]:
                return self._query(call.query["q"])
            case ["services", "data", _, "query", place]:
                if place not in self.places:
                    return self._no("INVALID_QUERY_LOCATOR", "invalid query locator", 400)
                return self._page(*self.places.pop(place))
        return self._no("NOT_FOUND", "The requested resource does not exist", 404)

    def _token(self, call: Call) -> Reply:
        wanted = {"grant_type": "client_credentials", "client_id": "ck-1", "client_secret": "cs-1"}
        if call.body != wanted:
            return Reply({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        self.sessions += 1
        self.session = f"session-{self.sessions}"
        self.calls_left = self.calls_per_session or 0
        return Reply({"access_token": self.session, "instance_url": self.address, "token_type": "Bearer"})

    def _query(self, text: str) -> Reply:
        found = re.fullmatch(r"SELECT (.+?) FROM (\w+)(?: WHERE (.+?))?(?: ORDER BY (.+))?", text)
        if found is None:
            return self._no("MALFORMED_QUERY", f"unexpected token: {text}", 400)
        fields, kind, where, order = found.groups()
        if kind == "Organization":
            return Reply({"totalSize": 1, "done": True, "records": [{"Name": "Kabelwerk"}]})
        if kind in self.hidden or kind not in self.objects:
            return self._no("INVALID_TYPE", f"sObject type '{kind}' is not supported.", 400)
        names = [name.strip() for name in fields.split(",")]
        if kind == "Lead":
            gone = [name for name in names if name not in (*self.lead_fields, "Owner.Name")]
            if gone:
                return self._no("INVALID_FIELD", f"No such column '{gone[0]}' on entity 'Lead'", 400)
        keep = _Condition(where).test if where else lambda record: True
        records = [record for record in self.objects[kind] if keep(record)]
        for name in reversed([one.strip() for one in (order or "Id").split(",")]):
            records.sort(key=lambda record, name=name: str(record[name]))
        shown = [
            {"attributes": {"type": kind}, **{n.split(".")[0]: r.get(n.split(".")[0]) for n in names}}
            for r in records
        ]
        return self._page(shown, 0)

    def _page(self, records: list[dict[str, Any]], start: int) -> Reply:
        chosen = records[start : start + self.page]
        document = {"totalSize": len(records), "done": start + self.page >= len(records), "records": chosen}
        if not document["done"]:
            place = f"01g{len(self.calls):08}-{start + self.page}"
            self.places[place] = (records, start + self.page)
            document["nextRecordsUrl"] = f"/services/data/v62.0/query/{place}"
        return Reply(document, headers={"Sforce-Limit-Info": "api-usage=18/5000"})

    def _field(self, name: str) -> dict[str, Any]:
        values = [{"value": value, "label": value, "active": True} for value in STATUS]
        return {"name": name, "label": name, "picklistValues": values if name == "Status" else []}

    def _no(self, code: str, message: str, status: int) -> Reply:
        return Reply([{"message": message, "errorCode": code}], status)


class _Condition:
    """Conditions joined by AND and OR, with brackets."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        self.at = 0
        self.test = self._any()

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _any(self):
        parts = [self._all()]
        while self._peek() == "OR":
            self._next()
            parts.append(self._all())
        return lambda record: any(part(record) for part in parts)

    def _all(self):
        parts = [self._one()]
        while self._peek() == "AND":
            self._next()
            parts.append(self._one())
        return lambda record: all(part(record) for part in parts)

    def _one(self):
        if self._peek() == "(":
            self._next()
            inner = self._any()
            assert self._next() == ")"
            return inner
        name, operator = self._next(), self._next()
        if operator == "IN":
            assert self._next() == "("
            values = set()
            while (token := self._next()) != ")":
                if token != ",":
                    values.add(token.strip("'"))
            return lambda record: record.get(name) in values
        wanted = self._next().strip("'").replace("Z", "+0000")
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", wanted):
            wanted = wanted.replace("+0000", ".000+0000")
        compare = {
            ">": lambda a: a > wanted,
            ">=": lambda a: a >= wanted,
            "=": lambda a: a == wanted,
        }[operator]
        return lambda record: compare(record[name])
