"""Odoo: leads and opportunities (`crm.lead`) by its JSON-2 interface, which it has from version 19 on.

A pull takes what was written between the last one and now, in the order of the ids, which no change disturbs. Odoo tells of
a lead when it was created, assigned, converted, closed, and when it came to the stage it is in now; through which stages it
came there is known from the first pull on. Lost is what is archived with a probability of 0: of a lead a rejection by
sales, of an opportunity a loss.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alignment import instants
from alignment.lifecycle import EventType, Stage
from leads.connectors.calling import Answer, Caller, Key, Wait, told
from leads.connectors.meanings import (
    NOTHING,
    REJECTED,
    dated,
    earlier,
    event,
    instant_of,
    lead,
    meaning_of,
)
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

NAME = "Odoo"
EXAMPLE = "https://company.odoo.com"
CREDENTIALS = {"key": "API key", "database": "Database, where the server has several"}
HELP = (
    "In Odoo (version 19 or newer): the preferences of a user who can read the CRM, Account Security, New API key. "
    "Of Odoo's own hosting, the Custom plan allows it."
)
FIELDS = {
    "source": "source_id",
    "campaign": "campaign_id",
    "company": "partner_name",
    "country": "country_id",
    "job_title": "function",
    "owner": "user_id",
    "value": "expected_revenue",
}
PAGE = 200
OVERLAP = 600.0  # seconds: what a long transaction wrote is seen only when it ends
STAGE, REASON = "stage_id", "lost_reason_id"
_SYSTEM = "odoo"
_READ = (
    "type",
    "active",
    "probability",
    "create_date",
    "write_date",
    "date_open",
    "date_last_stage_update",
    "date_conversion",
    "date_closed",
    "user_id",
    STAGE,
    REASON,
)
_STAGES = {
    "new": NOTHING,
    "qualified": Stage.SQL.value,
    "proposition": Stage.OPPORTUNITY.value,
    "mql": Stage.MQL.value,
    "sal": Stage.SAL.value,
    "sql": Stage.SQL.value,
    "lost": Stage.LOST.value,
}
_REASONS = {
    "too expensive": "no_budget",
    "we don't have people/skills": "not_a_fit",
    "not enough stock": "not_a_fit",
    "no budget": "no_budget",
    "not interested": "no_need",
    "duplicate": "duplicate",
    "unreachable": "unreachable",
}


class Odoo:
    """An Odoo database."""

    def __init__(self, plan: Plan, wait: Wait, now: str) -> None:
        """Read by `plan`; `now` is the instant at which the pull begins. Raises InvalidInput for an address that will not do."""
        self.surprises = Surprises()
        self._plan = plan
        self._now = now
        if not plan.credentials.get("key"):
            raise SourceRefused("The key for Odoo is missing. Enter an API key.")
        database = plan.credentials.get("database")
        headers = {"X-Odoo-Database": database} if database else {}
        self._caller = Caller(NAME, plan.address, Key(plan.credentials["key"]), wait, headers=headers)

    def close(self) -> None:
        """Hang up."""
        self._caller.close()

    def describe(self) -> Description:
        """The company, the fields of leads, their stages and the reasons for losing one."""
        fields = sorted(
            (TheirField(name, str(found.get("string") or name)) for name, found in self._fields().items()),
            key=lambda one: one.label.lower(),
        )
        stages = tuple(
            TheirValue(number, label, meaning) for number, (label, meaning) in self._stages().items()
        )
        reasons = tuple(
            TheirValue(number, label, _reason(label)) for number, label in self._reasons().items()
        )
        companies = self._found("res.company", ["name"], [], limit=1, optional=True)
        account = str(companies[0].get("name") or "") if companies else ""
        return Description(
            account, tuple(fields), (Tracked(STAGE, "Stage", stages), Tracked(REASON, "Lost reason", reasons))
        )

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """See `source.Source`. A cursor is `since`, and within a pull `until` and the id `after` which to go on."""
        fields, stages, reasons = self._fields(), self._stages(), self._reasons()
        for theirs in self._plan.wanted():
            if theirs not in fields:
                self.surprises.add("missing_field", f"Odoo has no lead field “{theirs}”; it is left out.", "")
        read = [name for name in dict.fromkeys((*_READ, *self._plan.wanted())) if name in fields]
        place: dict[str, Any] = dict(cursor)
        place.setdefault("until", self._now)
        while True:
            records = self._found("crm.lead", read, self._domain(place), limit=PAGE, archived=True)
            leads: list[dict[str, Any]] = []
            events: list[dict[str, Any]] = []
            for record in records:
                row, happened = self._converted(record, fields, stages, reasons)
                leads.append(row)
                events += happened
            last = len(records) < PAGE
            if last:
                place = {"since": earlier(place["until"], OVERLAP)}
            else:
                place = {**place, "after": max(int(record["id"]) for record in records)}
            yield Page(tuple(leads), tuple(events), place, len(records), last)
            if last:
                return

    def _domain(self, place: Mapping[str, Any]) -> list[list[Any]]:
        domain: list[list[Any]] = [["write_date", "<=", _theirs(place["until"])]]
        if place.get("since"):
            domain.append(["write_date", ">=", _theirs(place["since"])])
        if place.get("after"):
            domain.append(["id", ">", place["after"]])
        if self._plan.since is not None:
            domain.append(["create_date", ">=", f"{self._plan.since.isoformat()} 00:00:00"])
        return domain

    def _converted(
        self,
        record: dict[str, Any],
        fields: Mapping[str, Mapping[str, Any]],
        stages: Mapping[str, tuple[str, str]],
        reasons: Mapping[str, str],
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        lead_id = f"{self._plan.prefix}{record['id']}"

        def when(name: str) -> str | None:
            return instant_of(record.get(name), self.surprises, name, lead_id)

        created = when("create_date")
        shown = {name: _shown(value, fields.get(name, {})) for name, value in record.items()}
        happened = dated(_SYSTEM, self._plan, self.surprises, lead_id, shown)
        if created is not None:
            happened.append(event(_SYSTEM, lead_id, Stage.LEAD.value, created, mark="created"))
        opened, owner = when("date_open"), record.get("user_id")
        if opened is not None and isinstance(owner, list) and len(owner) == 2:
            happened.append(
                event(
                    _SYSTEM,
                    lead_id,
                    EventType.ASSIGNED.value,
                    opened,
                    mark=str(owner[0]),
                    owner=str(owner[1])[:200],
                )
            )
        is_deal = record.get("type") == "opportunity"
        if is_deal and (converted := when("date_conversion") or created) is not None:
            happened.append(event(_SYSTEM, lead_id, Stage.OPPORTUNITY.value, converted, mark="converted"))
        moved, closed = when("date_last_stage_update") or created, when("date_closed")
        stage = record.get(STAGE)
        if isinstance(stage, list) and stage and moved is not None:
            number = str(stage[0])
            label, usual = stages.get(number, (str(stage[-1]), ""))
            meaning = meaning_of(self._plan, self.surprises, STAGE, number, usual, lead_id, label)
            at = closed if meaning == Stage.WON.value and closed is not None else moved
            happened.append(event(_SYSTEM, lead_id, meaning, at))
        lost = record.get("active") is False and not record.get("probability")
        if lost and (ended := closed or moved) is not None:
            happened.append(event(_SYSTEM, lead_id, self._loss(record, is_deal, reasons, lead_id), ended))
        row = lead(self._plan, self.surprises, lead_id, shown, created)
        return row, [one for one in happened if one is not None]

    def _loss(
        self, record: Mapping[str, Any], is_deal: bool, reasons: Mapping[str, str], lead_id: str
    ) -> str:
        if is_deal:
            return Stage.LOST.value
        reason = record.get(REASON)
        if not isinstance(reason, list) or not reason:
            return f"{REJECTED}:other"
        number = str(reason[0])
        label = reasons.get(number, str(reason[-1]))
        return meaning_of(self._plan, self.surprises, REASON, number, _reason(label), lead_id, label)

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fields(self) -> dict[str, dict[str, Any]]:
        found = self._got(
            self._caller.post("/json/2/crm.lead/fields_get", {"attributes": ["string", "type"]})
        )
        if not isinstance(found, dict):
            raise SourceUnavailable("Odoo does not tell the fields of leads. It is tried again later.")
        return {str(name): about for name, about in found.items() if isinstance(about, dict)}

    def _stages(self) -> dict[str, tuple[str, str]]:
        """Label and usual meaning of each stage, by id."""
        return {
            str(stage["id"]): (
                str(stage.get("name") or stage["id"]),
                Stage.WON.value
                if stage.get("is_won") is True
                else _STAGES.get(str(stage.get("name") or "").strip().lower(), ""),
            )
            for stage in self._found("crm.stage", ["name", "is_won"], [], limit=1_000)
        }

    def _reasons(self) -> dict[str, str]:
        found = self._found("crm.lost.reason", ["name"], [], limit=1_000, archived=True, optional=True)
        return {str(reason["id"]): str(reason.get("name") or reason["id"]) for reason in found}

    def _found(
        self,
        model: str,
        fields: Sequence[str],
        domain: list[list[Any]],
        *,
        limit: int,
        archived: bool = False,
        optional: bool = False,
    ) -> list[dict[str, Any]]:
        body = {
            "domain": domain,
            "fields": list(fields),
            "limit": limit,
            "order": "id",
            "context": {"active_test": not archived},
        }
        records = self._got(self._caller.post(f"/json/2/{model}/search_read", body), optional=optional)
        if records is None:
            return []
        if not isinstance(records, list):
            raise SourceUnavailable("Odoo sent an answer without records. It is tried again later.")
        sound = [one for one in records if isinstance(one, dict) and isinstance(one.get("id"), int)]
        if len(sound) < len(records):
            self.surprises.add("odd_record", "A record had no id.", "", len(records) - len(sound))
        return sound

    def _got(self, answer: Answer, *, optional: bool = False) -> Any:
        if answer.status == 200:
            return answer.document
        if optional and answer.status in (403, 404):
            return None
        if answer.status == 404:
            raise SourceRefused(
                f"There is no Odoo with the JSON-2 interface at this address{told(answer)}. It comes with version 19; the address "
                f"looks like {EXAMPLE}."
            )
        if answer.status in (400, 403, 422):
            raise SourceRefused(f"Odoo does not let us read this{told(answer)}. {HELP}")
        raise SourceUnavailable(f"Odoo answered {answer.status}{told(answer)}. It is tried again later.")


def _reason(label: str) -> str:
    return f"{REJECTED}:{_REASONS.get(label.strip().lower(), 'other')}"


def _shown(value: Any, about: Mapping[str, Any]) -> Any:
    """A value as people see it: what is referred to by its name, and false as nothing unless it is a yes or no."""
    if about.get("type") == "many2one" and isinstance(value, list):
        return value[1] if len(value) == 2 else None
    if value is False and about.get("type") != "boolean":
        return None
    return value


def _theirs(instant: str) -> str:
    """An instant as Odoo writes it: UTC, to the second."""
    return instants.from_text(instant).strftime("%Y-%m-%d %H:%M:%S")
