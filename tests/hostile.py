"""A store in which every text that a person can write or upload tries to be more than text."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from actions import answers, clock, cycles, definitions, imports, surveys, workshops
from actions.settings import change_company, company_with_revision
from alignment.people import MACHINE, Actor, Person

HOSTILE = (
    '<script>document.title="x"</script><img src="https://evil.example/i.png" onerror="alert(1)">'
    "<form action=https://evil.example><input></form>![i](https://evil.example/m.png)"
    "[click](https://evil.example/l) https://evil.example/bare :red[red] :material/home: $x^2$ **bold**"
)
SHORT = "<a href=//evil.io><b>![i](https://evil.io/s)"
# what would be read as markdown or HTML if it were not escaped
LIVE = re.compile(r"(?<!\\)(<(script|img|form|a|b)\b|!\[i|\]\(https|:red\[|:material/home:|\$x\^|\*\*bold)")
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
    settings, revision = company_with_revision(MACHINE)
    change_company(_acting(people["admin"]), replace(settings, name=f"{SHORT} Inc"), revision)
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
    return people


def _acting(person: Person) -> Actor:
    return Actor(person.id, clock.now_text())
