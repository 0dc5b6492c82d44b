"""Odoo 19 as its documentation describes its JSON-2 interface."""

from typing import Any

from crm_server import Call, Reply, System

TYPES = {
    "type": "selection",
    "active": "boolean",
    "probability": "float",
    "create_date": "datetime",
    "write_date": "datetime",
    "date_open": "datetime",
    "date_last_stage_update": "datetime",
    "date_conversion": "datetime",
    "date_closed": "datetime",
    "user_id": "many2one",
    "stage_id": "many2one",
    "lost_reason_id": "many2one",
    "source_id": "many2one",
    "campaign_id": "many2one",
    "country_id": "many2one",
    "partner_name": "char",
    "function": "char",
    "expected_revenue": "monetary",
    "x_demo": "boolean",
    "tag_ids": "many2many",
}
STAGES = [(1, "New", False), (2, "Qualified", False), (3, "Warming up", False), (4, "Won", True)]


class OdooServer(System):
    """A database. `leads` has the records by id."""

    def __init__(self) -> None:
        """An empty database."""
        super().__init__()
        self.fields = dict(TYPES)
        self.leads: dict[int, dict[str, Any]] = {}
        self.database = ""

    def lead(self, number: int, written: str, **fields: Any) -> None:
        """A lead, in place of the one there was; without a value stands false, as Odoo says it."""
        self.leads[number] = {
            **dict.fromkeys(TYPES, False),
            "type": "lead",
            "active": True,
            "probability": 20.0,
            "create_date": "2026-05-01 09:00:00",
            "write_date": written,
            "stage_id": [1, "New"],
            **fields,
        }

    def answer(self, call: Call) -> Reply:
        """By path."""
        if call.headers.get("authorization", "").lower() != "bearer key-1":
            return self._no("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401)
        if call.headers.get("x-odoo-database", "") != self.database:
            return self._no("werkzeug.exceptions.NotFound", "No database", 404)
        match call.path.strip("/").split("/"):
            case ["json", "2", "crm.lead", "fields_get"]:
                return Reply(
                    {name: {"string": name.capitalize(), "type": t} for name, t in self.fields.items()}
                )
            case ["json", "2", "crm.stage", "search_read"]:
                return Reply([{"id": i, "name": name, "is_won": won} for i, name, won in STAGES])
            case ["json", "2", "crm.lost.reason", "search_read"]:
                return Reply([{"id": 1, "name": "Too expensive"}, {"id": 2, "name": "Other plans"}])
            case ["json", "2", "res.company", "search_read"]:
                return Reply([{"id": 1, "name": "Kabelwerk"}])
            case ["json", "2", "crm.lead", "search_read"]:
                return self._search(call.body)
        return self._no("werkzeug.exceptions.NotFound", "no such method", 404)

    def _search(self, body: dict[str, Any]) -> Reply:
        unknown = [name for name in body["fields"] if name not in self.fields]
        if unknown:
            return self._no("builtins.ValueError", f"Invalid field '{unknown[0]}' on 'crm.lead'", 422)
        compare = {"<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b, ">": lambda a, b: a > b}
        found = [
            {"id": number, **record}
            for number, record in sorted(self.leads.items())
            if (record["active"] or body["context"].get("active_test") is False)
            and all(compare[how]({"id": number, **record}[name], what) for name, how, what in body["domain"])
        ]
        return Reply(
            [{"id": one["id"], **{n: one[n] for n in body["fields"]}} for one in found[: body["limit"]]]
        )

    def _no(self, name: str, message: str, status: int) -> Reply:
        return Reply(
            {"name": name, "message": message, "arguments": [message], "debug": "Traceback …"}, status
        )
