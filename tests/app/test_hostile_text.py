"""Whatever people type or upload shows as it was typed: no script, form, image, link, colour or formula comes of it."""

import re
from dataclasses import replace

import pytest

from actions import answers, clock, cycles, definitions, leads, surveys, workshops
from actions.settings import change_company, company_with_revision
from alignment.people import MACHINE, Actor
from components.navigation import SCREENS

HOSTILE = (
    '<script>document.title="x"</script><img src="https://evil.example/i.png" onerror="alert(1)">'
    "<form action=https://evil.example><input></form>![i](https://evil.example/m.png)"
    "[click](https://evil.example/l) https://evil.example/bare :red[red] :material/home: $x^2$ **bold**"
)
SHORT = "![i](https://evil.example/s.png)<b>"
# what would be read as markdown or HTML if it were not escaped
LIVE = re.compile(r"(?<!\\)(<(script|img|form|b)\b|!\[i|\]\(https|:red\[|:material/home:|\$x\^|\*\*bold)")
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
"""


def acting(person):
    return Actor(person.id, clock.now_text())


@pytest.fixture
def company(make_person, tmp_path):
    """A store in which every text that a person can write is hostile; returns people by role."""
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
    fay = acting(people["facilitator"])
    settings, revision = company_with_revision(MACHINE)
    change_company(acting(people["admin"]), replace(settings, name=f"{SHORT} Inc"), revision)
    cycle_id = cycles.start_cycle(fay, f"{SHORT} cycle")
    for closed in (True, False):
        survey = surveys.prepare_survey(fay, toml=TOML, cycle_id=cycle_id)
        surveys.open_survey(fay, survey.id)
        if closed:
            for number, voter in enumerate(voters):
                answers.save_answer(acting(voter), survey.id, "kind", f"{SHORT} one" if number % 2 else "two")
                answers.save_answer(acting(voter), survey.id, "words", HOSTILE)
                answers.save_answer(acting(voter), survey.id, "signs", [f"{SHORT} a"])
                answers.submit_answers(acting(voter), survey.id)
            surveys.close_survey(fay, survey.id)
    workshop_id = workshops.open_workshop(fay, f"{SHORT} workshop")
    workshops.add_topic(fay, workshop_id, title=f"{SHORT} topic", reason=HOSTILE)
    workshops.add_topic(fay, workshop_id, title=f"{SHORT} second", reason=HOSTILE)
    topic = workshops.read_workshop(fay, workshop_id).topics[0]
    rule = {"version": 1, "all": [{"field": "source", "op": "=", "value": SHORT}]}
    workshops.propose(fay, topic.id, "mql", HOSTILE, rule)
    definitions.add_term(fay, f"{SHORT} term", HOSTILE)
    definitions.propose(fay, definitions.draft(fay, "mql", HOSTILE, rule))
    path = tmp_path / "hostile.csv"
    header = f'id,source,mql,"{SHORT}"'
    rows = [f'{n},"{SHORT}",2026-01-{n % 28 + 1:02},"=cmd|{n}"' for n in range(50)]
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    mapping = (
        f"lead_id = 'id'\nsource = 'source'\n[stages]\nmql = 'mql'\n[attributes]\nnote = '''{SHORT}'''\n"
    )
    leads.import_leads(fay, [(f"{SHORT}.csv", path)], mapping)
    leads.save_mapping(fay, f"{SHORT} mapping", mapping)
    return people


def rendered(app):
    """Every text of the page that Streamlit renders as markdown, labels included."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "error",
        "warning",
        "info",
        "success",
        "toast",
    )
    for kind in kinds:
        for element in app.get(kind):
            yield str(getattr(element, "value", "") or getattr(element, "body", ""))
    widgets = (
        "button",
        "checkbox",
        "radio",
        "selectbox",
        "multiselect",
        "text_input",
        "text_area",
        "number_input",
    )
    for kind in widgets:
        for element in app.get(kind):
            yield str(element.label)
            yield str(getattr(element, "help", "") or "")
    for kind in ("radio", "button_group"):
        for element in app.get(kind):
            options = getattr(element.proto, "options", [])
            yield from (str(getattr(option, "content", option)) for option in options)
    for block in app.main.children.values():
        yield from labels_of(block)


def labels_of(block):
    proto = getattr(block, "proto", None)
    for name in ("expandable", "popover", "tab"):
        found = getattr(proto, name, None) if proto is not None else None
        label = getattr(found, "label", "")
        if label:
            yield label
    for child in getattr(block, "children", {}).values():
        yield from labels_of(child)


@pytest.mark.parametrize("role", ["admin", "facilitator", "team_lead", "member"])
def test_no_page_makes_anything_of_it(open_page, company, role):
    person = company[role]
    for screen in SCREENS:
        if person.role not in screen.roles:
            continue
        app = open_page(screen.path, person)
        assert not app.exception, screen.path
        live = [text for text in rendered(app) if LIVE.search(text)]
        assert live == [], screen.path


def test_the_check_itself_finds_what_is_live():
    assert LIVE.search(HOSTILE)
    assert LIVE.search(SHORT)
    from components.text import plain

    assert not LIVE.search(plain(HOSTILE))
    assert not LIVE.search(plain(SHORT))
