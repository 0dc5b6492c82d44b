"""The refresher as people meet it: both sides' words, what was agreed, and five questions."""

import re

import pytest

from actions import clock, definitions, glossary_terms, refresher
from alignment.people import Actor, Role, Team

PAGE = "pages/definitions/refresher.py"
NASTY_WORDS = "<img src=x onerror=alert(1)> [click](javascript:alert(1)) :red[x] $x$"
RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
NASTY = "<img src=x onerror=alert(1)> [click](javascript:alert(1)) :red[x] $x^2$ 50 people within two days"


def acting(person):
    return Actor(person.id, clock.now_text())


def texts(app):
    shown = (*app.subheader, *app.markdown, *app.caption)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(str(element.value) for element in shown))


@pytest.fixture
def agreed(make_person):
    """MQL is in force, with what each team used to say; returns a member."""
    facilitator = acting(make_person("facilitator", None))
    version = definitions.draft(facilitator, "mql", NASTY, RULE)
    definitions.propose(facilitator, version)
    content = next(e.open for e in definitions.read_glossary(facilitator) if e.open).content_hash
    for team in ("sales", "marketing"):
        definitions.sign(acting(make_person("team_lead", team)), version, content)
    words = {
        Team.SALES: (["Hot lead"], f"It asked for a price. {NASTY_WORDS}"),
        Team.MARKETING: (["Prospect"], "It read a guide."),
    }
    glossary_terms.describe_term(facilitator, "mql", 0, owners={}, words=words, related=[])
    return make_person("member", "sales")


@pytest.mark.parametrize("role", Role)
def test_every_role_is_told_what_to_do_while_nothing_is_agreed(open_page, make_person, role):
    app = open_page(PAGE, make_person(role.value, "sales"))
    assert not app.exception
    assert "Nothing is agreed yet" in texts(app)


def test_both_sides_words_stand_beside_what_was_agreed(open_page, agreed):
    app = open_page(PAGE, agreed)
    assert not app.exception
    told = texts(app)
    for words in (
        "1 word means the same",
        "“Hot lead”",
        "It read a guide.",
        "A lead qualifies if employees is at least 50",
    ):
        assert words in told
    for element in (*app.markdown, *app.caption):
        if "onerror" in element.value:
            assert not re.search(r"(?<!\\)(<img|\]\(|:red\[|\$x)", element.value)


def test_whoever_answers_all_questions_is_told_how_it_went_and_finds_it_again(open_page, agreed):
    app = open_page(PAGE, agreed)
    app.segmented_control(key="refresher_view").set_value("Five questions").run()
    assert "Only you can see how you did" in texts(app)
    app.button(key="refresher_begin").click().run()
    seed = app.session_state["refresher_seed"]
    quiz = refresher.draw_quiz(acting(agreed), seed)
    asked = len(quiz.questions)
    assert 2 <= asked <= 5
    for number, question in enumerate(quiz.questions):
        wrong = (question.right + 1) % len(question.options)
        given = question.right if number else wrong
        app.radio(key=f"refresher_answer_{seed}_{number}").set_value(given).run()
    assert not app.exception
    assert f"You had {asked - 1} of {asked} right" in texts(app)
    assert "Not quite." in texts(app)
    again = open_page(PAGE, agreed)
    again.segmented_control(key="refresher_view").set_value("Five questions").run()
    assert f"you had {asked - 1} of {asked} right" in texts(again)
