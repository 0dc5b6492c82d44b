"""Those who prepare a questionnaire draw its lead cards, look through them, and see what is withheld and why."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from actions import lead_cards, surveys
from alignment.people import MACHINE
from tests.hostile import LIVE, SHORT
from tests.lead_histories import History

PAGE = "pages/surveys/questionnaires.py"
TOML = """
title = "Judge these"
mode = "confidential"
min_group = 3
[[questions]]
key = "cards"
topic = "leads"
type = "lead_cards"
count = 6
text = "Would you call these leads qualified?"
"""


@pytest.fixture
def survey():
    return surveys.prepare_survey(MACHINE, toml=TOML)


def import_leads(note="asked for prices"):
    draw = random.Random(2)
    history = History()
    for number in range(80):
        came = datetime(2025, 9, 1, tzinfo=UTC) + timedelta(days=number)
        history.lead(
            f"SECRET-{number}",
            ("ads", "fair")[number % 2],
            employees=float(draw.randrange(500)),
            company=f"Firma {number}",
            owner="Anna Berg",
            note=f"{note}, number {number} of many",
        ).enter(f"SECRET-{number}", "mql", came)
        history.enter(f"SECRET-{number}", ("won", "lost")[number // 2 % 2], came + timedelta(days=9))
    history.load()


def said(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind)).replace("\\", "")


def opened(open_page, person, survey) -> AppTest:
    app = open_page(PAGE, person, survey=survey.id, part="cards")
    assert not app.exception
    return app


def key(survey, name):
    return f"cards_{survey.id}_cards_{name}"


def test_without_leads_the_part_says_what_to_do(open_page, make_person, survey):
    app = opened(open_page, make_person("facilitator", None), survey)
    assert "Import leads first" in said(app)
    assert not [button for button in app.button if button.key == key(survey, "draw")]


def test_cards_are_drawn_looked_through_replaced_and_taken_out(open_page, make_person, survey):
    import_leads()
    app = opened(open_page, make_person("facilitator", None), survey)
    assert "No leads are drawn yet" in said(app)
    app.get_by_key(f"cards_{survey.id}_cards_count_{survey.revision}").set_value(4)
    app.get_by_key(key(survey, "draw")).click().run()
    assert not app.exception and "4 cards: 2 won, 2 lost, from 2 sources" in said(app)
    assert not app.warning
    first = lead_cards.review_cards(MACHINE, survey.id, "cards")
    assert f"**{dict(first.cards[0].facts)['Employees']}**" in said(app)
    app.get_by_key(key(survey, "number")).set_value(3).run()
    assert f"**{dict(first.cards[2].facts)['Employees']}**" in said(app)
    app.get_by_key(key(survey, "replace")).click().run()
    second = lead_cards.review_cards(MACHINE, survey.id, "cards")
    assert second.cards[2] != first.cards[2] and second.cards[:2] == first.cards[:2]
    app.run()
    app.get_by_key(key(survey, "take_out")).click().run()
    assert len(lead_cards.review_cards(MACHINE, survey.id, "cards").cards) == 3
    assert not app.exception and "3 cards" in said(app)
    assert "SECRET" not in said(app) and "Firma" not in said(app) and "Anna" not in said(app)


def test_free_text_comes_onto_the_cards_after_a_look_and_goes_again(open_page, make_person, survey):
    import_leads()
    review = lead_cards.draw_cards(MACHINE, survey.id, "cards", revision=survey.revision)
    app = opened(open_page, make_person("facilitator", None), survey)
    assert "free text" in said(app) and "names the company" in said(app)
    app.get_by_key(key(survey, f"look_{review.revision}")).set_value("note").run()
    assert said(app).count("asked for prices") == 6
    [tick] = [box for box in app.checkbox if "looked at the 6 values" in box.label]
    tick.check().run()
    assert not app.exception
    shown = lead_cards.review_cards(MACHINE, survey.id, "cards")
    assert all("asked for prices" in dict(card.facts)["Note"] for card in shown.cards)
    app.get_by_key(key(survey, "off_note")).click().run()
    shown = lead_cards.review_cards(MACHINE, survey.id, "cards")
    assert not any("Note" in dict(card.facts) for card in shown.cards)


def test_fewer_leads_than_asked_for_are_said_on_the_screen(open_page, make_person, survey):
    import_leads()
    app = opened(open_page, make_person("facilitator", None), survey)
    app.get_by_key(f"cards_{survey.id}_cards_fields_{survey.revision}").set_value(["source"])
    app.get_by_key(key(survey, "draw")).click().run()
    assert "2 cards instead of 6" in said(app)


def test_after_opening_the_cards_are_shown_and_nothing_can_be_changed(open_page, make_person, survey):
    import_leads()
    surveys.open_survey(MACHINE, survey.id)
    app = opened(open_page, make_person("facilitator", None), survey)
    assert "They stay as they were drawn" in said(app)
    keys = {button.key for button in app.button}
    assert not keys & {key(survey, name) for name in ("draw", "replace", "take_out")}


def test_team_leads_watch_the_questionnaire_without_its_cards(open_page, make_person, survey):
    import_leads()
    surveys.open_survey(MACHINE, survey.id)
    app = open_page(PAGE, make_person("team_lead", "sales"), survey=survey.id, part="cards")
    assert not app.exception and "Judge these" in said(app)
    assert "They stay as they were drawn" not in said(app)


def test_hostile_values_show_as_they_were_typed(open_page, make_person, survey):
    import_leads("**bold** :red[red] $x^2$ :material/home:")
    review = lead_cards.draw_cards(MACHINE, survey.id, "cards", revision=survey.revision)
    app = opened(open_page, make_person("facilitator", None), survey)
    app.get_by_key(key(survey, f"look_{review.revision}")).set_value("note").run()
    markdown = "\n".join(element.value for element in app.markdown)
    assert "bold" in markdown and not LIVE.search(markdown)
    import_leads(SHORT)
    hidden = lead_cards.review_cards(MACHINE, survey.id, "cards")
    assert not next(field for field in hidden.fields if field.name == "note").values
