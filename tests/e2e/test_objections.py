"""An objection whose days are over comes true by itself: the screens say so, and the topic is on the table again."""

from datetime import timedelta

import pytest
from controls import expect_no_error
from histories import add_history, morning
from playwright.sync_api import expect

from actions import clock, definitions, objections
from alignment.people import MACHINE, Actor

pytestmark = pytest.mark.browser

ONE_ROUND_OF_THE_TIMER = 90_000


def test_a_claim_whose_day_has_come_reopens_its_topic(portal, add_person, sign_in):
    start = morning(60)
    with clock.at(start - timedelta(days=5)):
        sales = add_person("Sal Lead", role="team_lead", team="sales")
        marketing = add_person("Mar Lead", role="team_lead", team="marketing")
        author = add_person("Olu Objector")
        definition_id = definitions.draft(MACHINE, "mql", "Whoever asks for a demo.")
        definitions.propose(MACHINE, definition_id)
        for lead in (sales, marketing):
            acting = Actor(lead.id, clock.now_text())
            [entry] = [one for one in definitions.read_glossary(acting) if one.term.key == "mql"]
            definitions.sign(acting, definition_id, entry.open.content_hash)
        objections.raise_objection(
            Actor(author.id, clock.now_text()),
            "mql",
            "Sales will not take them.",
            "acceptance_rate:mql:sal",
            "below",
            0.5,
            start.date(),
            start.date() + timedelta(days=40),
        )
    add_history(200, start=start, accepted=0.2)

    page = sign_in(author, "/reality")
    expect(page.get_by_text("The figures prove it right")).to_be_visible(timeout=ONE_ROUND_OF_THE_TIMER)
    expect(page.get_by_text("by more than chance explains")).to_be_visible()
    expect_no_error(page)

    phone = sign_in(marketing, "/inbox", viewport={"width": 360, "height": 800})
    expect(phone.get_by_text("An objection came true: MQL")).to_be_visible()
    phone.goto(f"{portal.url}/workshop")
    expect(phone.get_by_text("MQL: does it still hold?").first).to_be_visible()
    expect_no_error(phone)
