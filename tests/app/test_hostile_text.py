"""Whatever people type or upload shows as it was typed: no script, form, image, link, colour or formula comes of it."""

import pytest
from hostile import HOSTILE, LIVE, SHORT, fill_store

from actions import definitions, surveys
from alignment.people import MACHINE
from alignment.surveys import SurveyStatus
from components.navigation import SCREENS


@pytest.fixture
def company(make_person, tmp_path):
    """A store in which every text that a person can write is hostile; returns people by role."""
    return fill_store(make_person, tmp_path)


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
    closed = next(one for one in surveys.list_surveys(MACHINE) if one.status is SurveyStatus.CLOSED)
    opened = [(screen.path, {}) for screen in SCREENS if person.role in screen.roles]
    opened += [
        ("pages/surveys/compared.py", {"survey": closed.id, "question": question.key})
        for question in closed.questionnaire.questions
    ]
    opened += [
        ("pages/definitions/definition.py", {"term": entry.term.key})
        for entry in definitions.read_glossary(MACHINE)
    ]
    for path, link in opened:
        app = open_page(path, person, **link)
        assert not app.exception, path
        live = [text for text in rendered(app) if LIVE.search(text)]
        assert live == [], (path, link)


def test_the_check_itself_finds_what_is_live():
    assert LIVE.search(HOSTILE)
    assert LIVE.search(SHORT)
    from components.text import plain

    assert not LIVE.search(plain(HOSTILE))
    assert not LIVE.search(plain(SHORT))
