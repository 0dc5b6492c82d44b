"""A store in which every text that a person can write or upload tries to be more than text."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from actions import (
    agreements,
    answers,
    api_tokens,
    clock,
    cycles,
    definitions,
    glossary_terms,
    goals,
    imports,
    lead_decisions,
    objections,
    promise_signing,
    scores,
    settings,
    surveys,
    workshops,
)
from actions.settings import change_company, company_with_revision
from alignment.agreements import AgreementKind
from alignment.people import MACHINE, Actor, Person, Team
from alignment.promises import ResponseTerms

HOSTILE = (
    '<script>document.title="x"</script><img src="https://evil.example/i.png" onerror="alert(1)">'
    "<form action=https://evil.example><input></form>![i](https://evil.example/m.png)"
    "[click](https://evil.example/l) https://evil.example/bare :red[red] :material/home: $x^2$ **bold**"
)
SHORT = "<a href=//evil.io><b>![i](https://evil.io/s)"
# what would be read as markdown or HTML if it were not escaped
LIVE = re.compile(
    r"(?<!\\)(<(script|img|form|a|b)\b|!\[i|\]\(https|:red\[red|:material/home:|\$x\^|\*\*bold)"
)
MAPPING = f"lead_id = 'id'\nsource = 'source'\n[stages]\nmql = 'mql'\n[attributes]\nnote = '''{SHORT}'''\n"
TOML = f"""
title = '''{SHORT} title'''
mode = "confidential"
min_group = 3
[[questions]]
key = "kind"
topic = "definition"
type = "choice"
options = ['''{SHORT} one''', "two"]
text = '''{HOSTILE}'''
help = '''{SHORT} help'''
[[questions]]
key = "words"
topic = "definition"
type = "text"
text = '''{SHORT} say'''
[[questions]]
key = "signs"
topic = "definition"
type = "choices"
options = ['''{SHORT} a''', '''{SHORT} b''']
text = '''{HOSTILE} signs'''
[[questions]]
key = "weight"
topic = "definition"
type = "scale"
points = 3
ends = ['''{SHORT} low''', '''{SHORT} high''']
text = '''{HOSTILE} weight'''
"""


def write_leads(path: Path, rows: int = 50) -> Path:
    """A CSV of leads whose header, sources and notes are hostile; returns its path."""
    lines = [f'id,source,mql,"{SHORT}"']
    lines += [f'{number},"{SHORT}",2026-01-{number % 28 + 1:02},"=cmd|{number}"' for number in range(rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def fill_store(make_person: Callable[..., Person], folder: Path) -> dict[str, Person]:
    """Let people write and upload hostile text wherever they can; returns a person of each role, by role.

    `make_person(role, team, name=...)` adds a person to the store.
    """
    people = {
        role: make_person(role, team, name=f"{SHORT} {role}")
        for role, team in (
            ("admin", None),
            ("facilitator", None),
            ("team_lead", "sales"),
            ("member", "marketing"),
        )
    }
    voters = [make_person("member", team, name=SHORT) for team in ("sales", "marketing") for _ in range(6)]
    fay = _acting(people["facilitator"])
    company, revision = company_with_revision(MACHINE)
    change_company(_acting(people["admin"]), replace(company, name=f"{SHORT} Inc"), revision)
    cycle_id = cycles.start_cycle(fay, f"{SHORT} cycle")
    for closed in (True, False):
        survey = surveys.prepare_survey(fay, toml=TOML, cycle_id=cycle_id)
        surveys.open_survey(fay, survey.id)
        if closed:
            for number, voter in enumerate(voters):
                given = {
                    "kind": f"{SHORT} one" if number % 2 else "two",
                    "words": HOSTILE,
                    "signs": [f"{SHORT} a"],
                    "weight": 1 + number % 3,
                }
                for key, value in given.items():
                    answers.save_answer(_acting(voter), survey.id, key, value)
                answers.submit_answers(_acting(voter), survey.id)
            surveys.close_survey(fay, survey.id)
    workshop_id = workshops.open_workshop(fay, f"{SHORT} workshop")
    workshops.add_topic(fay, workshop_id, title=f"{SHORT} topic", reason=HOSTILE)
    workshops.add_topic(fay, workshop_id, title=f"{SHORT} second", reason=HOSTILE)
    topic = workshops.read_workshop(fay, workshop_id).topics[0]
    rule = {"version": 1, "all": [{"field": "source", "op": "=", "value": SHORT}]}
    workshops.propose(fay, topic.id, "mql", HOSTILE, rule)
    definitions.add_term(fay, f"{SHORT} term", HOSTILE)
    definitions.propose(fay, definitions.draft(fay, "mql", HOSTILE, rule))
    imports.import_leads(fay, [(f"{SHORT}.csv", write_leads(folder / "hostile.csv"))], MAPPING)
    imports.save_mapping(fay, f"{SHORT} mapping", MAPPING)
    _agree(people, make_person("team_lead", "marketing", name=f"{SHORT} lead"), rule)
    return people


def _agree(people: dict[str, Person], other_lead: Person, rule: dict[str, Any]) -> None:
    """Let people sign, send back, explain, object, promise, score, decide and plan in hostile words."""
    fay, sal, mia = _acting(people["facilitator"]), _acting(people["team_lead"]), _acting(other_lead)
    today = settings.today(fay)

    def sign(kind: AgreementKind, key: str, content: dict[str, Any]) -> None:
        version = agreements.draft(fay, kind, key, content)
        agreements.propose(fay, version)
        for lead in (sal, mia):
            agreements.sign(lead, version, agreements.read_version(lead, version).content_hash)

    for text in (HOSTILE, f"{HOSTILE} {SHORT}"):
        sign(AgreementKind.DEFINITION, "sal", {"text": text, "rule": rule})
    back = definitions.draft(fay, "sal", f"{SHORT} third", rule)
    definitions.propose(fay, back)
    definitions.sign(mia, back, agreements.read_version(mia, back).content_hash)
    definitions.send_back(sal, back, HOSTILE)
    own = next(one.term.key for one in definitions.read_glossary(fay) if "evil" in one.term.name)
    glossary_terms.describe_term(
        fay,
        "sal",
        0,
        owners={Team.SALES: people["team_lead"].id, Team.MARKETING: other_lead.id},
        words={team: ([f"{SHORT} {team.value}"], HOSTILE) for team in Team},
        related=[own],
    )
    for lead_id in ("1", "2"):
        glossary_terms.add_example(fay, "sal", lead_id, lead_id == "1", f"{SHORT} {HOSTILE}"[:300])
    claim = ("acceptance_rate:mql:sal", "below", 0.5, today, today + timedelta(days=30))
    taken_back = objections.raise_objection(sal, "sal", HOSTILE, *claim)
    objections.withdraw(sal, taken_back, HOSTILE)
    objections.raise_objection(mia, "sal", HOSTILE, *claim, field="source", field_value=SHORT)

    points = {"version": 1, "points": [{"if": rule["all"][0], "add": 10}], "threshold": 10}
    for lead in (sal, mia):
        scores.propose_points(lead, points)
    sign(AgreementKind.SCORE, "lead_score", {"text": HOSTILE, "rule": points})
    promised = promise_signing.add_promise(fay, f"{SHORT} promise")
    sign(
        AgreementKind.PROMISE, promised, {"terms": ResponseTerms(60, only=("source", SHORT)), "note": HOSTILE}
    )
    promise_signing.waive(mia, promised, HOSTILE, first_day=today, last_day=today)
    goals.propose(
        fay,
        f"{SHORT} goal",
        ("won", 10),
        ("qualified", 10),
        ("accepted", 10),
        today + timedelta(days=1),
        today + timedelta(days=30),
    )
    lead_decisions.reject_leads(sal, ["3"], "no_budget", note=HOSTILE)
    lead_decisions.accept_leads(sal, ["4"], note=HOSTILE)
    api_tokens.create_token(_acting(people["admin"]), f"{SHORT} token", ["leads:write"])


def _acting(person: Person) -> Actor:
    return Actor(person.id, clock.now_text())
