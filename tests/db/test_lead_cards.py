"""Lead cards are drawn from real leads, tell nobody whose they are, and stay as they were when people judge them."""

import json
import random
import re
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_up_cards import put_cards
from people import make_actor

from actions import answers, lead_cards, leads, questionnaires, surveys
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.lead_cards import HIDDEN, OTHER, UNKNOWN, CardOutcome, FieldUse
from alignment.people import MACHINE, Actor, Role
from alignment.questionnaires import QuestionType
from alignment.rules import parse
from alignment.surveys import SurveyStatus
from db.store import store
from leads.cards import draw, facts_of, profile, standing_of
from leads.store import warehouse
from tests.lead_histories import History

NOW = datetime(2026, 7, 1, tzinfo=UTC)
START = datetime(2025, 3, 1, tzinfo=UTC)
TOML = """
title = "Judge these"
mode = "{mode}"
min_group = 3
[[questions]]
key = "cards"
topic = "leads"
type = "lead_cards"
count = 12
text = "Would you call these leads qualified?"
[[questions]]
key = "rule"
topic = "leads"
type = "rule"
required = false
text = "Your rule"
"""
SOURCES = ("webinar", "referral", "ads", "fair")
INDUSTRIES = ("machines", "retail", "software")
_imported: dict[str, Path] = {}
NOTES = (
    "asked for prices",
    "wants a pilot",
    "comes back in spring",
    "has a budget",
    "no date yet",
    "needs a second site",
)


def mixed_leads(count=240, seed=1, **more):
    """Leads of four sources that were won, lost or left open, with fields of every kind; `more` are further ones.

    A further field is a function of (number, draw).
    """
    draw_ = random.Random(seed)
    history = History()
    for number in range(count):
        came = START + timedelta(days=number % 300, minutes=number)
        lead_id = f"SECRET-{number:04d}"
        history.lead(
            lead_id,
            SOURCES[number % 4],
            company=f"Firma{number} GmbH",
            owner=("Anna Berg", "Tom Reed")[number % 2],
            employees=float(draw_.choice([5, 20, 80, 300, 4200])) if number % 9 != 8 else None,
            industry=draw_.choice(INDUSTRIES),
            country="DE" if number % 40 else f"Land{number}",
            job_title=f"Title {number} of something",
            created_at=came,
            demo=draw_.choice(["yes", "no"]),
            visits=draw_.randrange(30),
            note=f"{NOTES[number % 6]}, number {number}",
            work_email=f"jane{number}@firma{number}.example",
            first_seen=came.date(),
            **{name: make(number, draw_) for name, make in more.items()},
        )
        history.enter(lead_id, "mql", came)
        ended = came + timedelta(days=20)
        if number % 5 in (0, 1):
            history.enter(lead_id, "won", ended)
        elif number % 5 in (2, 3):
            history.enter(lead_id, "lost", ended)
    return history.load()


@pytest.fixture
def same_leads(data_folder, tmp_path_factory):
    """The 240 leads of `mixed_leads`, imported once for all tests."""
    if "folder" not in _imported:
        mixed_leads()
        warehouse().close()
        _imported["folder"] = tmp_path_factory.mktemp("leads") / "leads"
        shutil.copytree(data_folder / "leads", _imported["folder"])
    else:
        shutil.copytree(_imported["folder"], data_folder / "leads")


def drawn(count=12, seed=7, rules=None, fields=None, **more):
    with warehouse().read() as facts:
        known = profile(facts)
        return draw(facts, known, fields or known.usual, count, seed, NOW, rules, **more)


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


def prepared(mode="confidential"):
    return surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode))


def shown(cards):
    return {text for card in cards for _, text in card.facts}


def kept_ids(survey_id):
    rows = store().read().execute("SELECT lead_id FROM lead_card WHERE survey_id = ?", (survey_id,))
    return [row["lead_id"] for row in rows]


# ── the draw ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_cards_are_as_many_won_as_lost_leads_and_a_few_open_ones_from_every_source(same_leads):
    found = drawn()
    assert Counter(lead.outcome for lead in found) == {
        CardOutcome.WON: 5,
        CardOutcome.LOST: 5,
        CardOutcome.OPEN: 2,
    }
    assert Counter(lead.source for lead in found) == dict.fromkeys(SOURCES, 3)
    employees = {dict(lead.facts)["employees"] for lead in found}
    assert len(employees) >= 4, "small, middling and large companies"
    assert len({lead.lead_id for lead in found}) == len({lead.facts for lead in found}) == 12


def test_the_same_seed_draws_the_same_cards_and_another_one_others(same_leads):
    first, again, other = drawn(seed=3), drawn(seed=3), drawn(seed=4)
    assert first == again
    assert {lead.lead_id for lead in first} != {lead.lead_id for lead in other}


def test_the_order_of_the_numbers_does_not_tell_won_from_lost(same_leads):
    orders = {tuple(lead.outcome for lead in drawn(seed=seed)) for seed in range(4)}
    assert len(orders) == 4


def test_half_of_the_cards_are_leads_on_which_the_teams_rules_disagree(same_leads):
    rules = (
        parse({"version": 1, "field": "employees", "op": ">=", "value": 20}),
        parse({"version": 1, "field": "employees", "op": ">=", "value": 300}),
    )
    found = drawn(rules=rules)
    assert sum(lead.disputed for lead in found) == 6
    for lead in found:
        assert lead.disputed == (dict(lead.facts)["employees"] in ("20", "80"))
    nobody = parse({"version": 1, "field": "employees", "op": ">", "value": 10_000})
    assert (
        sum(lead.disputed for lead in drawn(rules=(nobody, nobody))) == 0
        and len(drawn(rules=(nobody, nobody))) == 12
    )


def test_leads_of_which_almost_nothing_is_known_are_left_out_and_cards_are_never_twins():
    history = History()
    for number in range(30):
        history.lead(
            f"L{number}", "ads" if number < 20 else None, employees=float(10 + number) if number < 4 else None
        )
        history.enter(f"L{number}", "mql", datetime(2026, 1, 5, tzinfo=UTC))
    history.load()
    found = drawn(fields=("source", "employees"))
    assert {dict(lead.facts)["employees"] for lead in found} == {"10", "11", "12", "13"}
    assert all(dict(lead.facts)["source"] == "ads" for lead in found)
    assert len(drawn(fields=("source",))) == 1


def test_leads_that_had_time_to_be_decided_come_first():
    history = History()
    for number in range(60):
        came = datetime(2026, 1, 1, tzinfo=UTC) if number < 20 else datetime(2026, 6, 28, tzinfo=UTC)
        history.lead(f"L{number}", "ads", employees=float(number), visits=number).enter(
            f"L{number}", "mql", came
        )
    history.load()
    assert {int(lead.lead_id[1:]) < 20 for lead in drawn(fields=("source", "employees", "visits"))} == {True}


def test_many_leads_are_drawn_from_alike(monkeypatch):
    mixed_leads(600)
    whole = drawn()
    monkeypatch.setattr("leads.cards.MOST_DRAWN_WHOLE", 100)
    monkeypatch.setattr("leads.cards.MOST_PROFILED", 300)
    found = drawn()
    assert len(found) == 12 and found == drawn()
    assert Counter(lead.outcome for lead in found) == Counter(lead.outcome for lead in whole)
    assert Counter(lead.source for lead in found) == dict.fromkeys(SOURCES, 3)


def test_what_becomes_of_a_lead_is_where_its_latest_episode_stands():
    at = datetime(2026, 1, 5, tzinfo=UTC)
    history = History()
    history.lead("back").enter("back", "mql", at).enter("back", "lost", at + timedelta(days=1))
    history.enter("back", "mql", at + timedelta(days=60)).enter("back", "won", at + timedelta(days=90))
    history.lead("gone").enter("gone", "mql", at).enter("gone", "won", at + timedelta(days=1))
    history.enter("gone", "lost", at + timedelta(days=9))
    history.lead("refused").enter("refused", "mql", at).event("refused", "rejected", at, reason="no_need")
    history.load()
    with warehouse().read() as facts:
        standing = standing_of(facts, ["back", "gone", "refused", "nobody"])
    assert {lead: outcome.value for lead, (outcome, _, _) in standing.items()} == {
        "back": "won",
        "gone": "lost",
        "refused": "open",
    }


# ── what cards never show ────────────────────────────────────────────────────────────────────────────────────────────


def test_fields_are_shown_withheld_or_left_to_a_look_for_a_reason():
    def told(number, _):
        return "yes, bought" if number % 5 in (0, 1) else "went away" if number % 5 in (2, 3) else "waits"

    mixed_leads(
        sample_person=lambda number, _: ("Anna Berg", "Tom Reed")[number % 2],
        about=told,
        paid_amount=lambda number, _: 5.0 if number % 5 in (0, 1) else None,
        first_order=lambda number, _: "big" if number % 5 in (0, 1) else None,
        reference=lambda number, _: f"AB-{number:05d}",
        mail_of=lambda number, _: f"x{number}@y.example" if number % 3 else "none",
        organisation_is=lambda number, _: f"Firma{number} GmbH",
        lead_score=lambda number, _: number % 100,
        runs_now=lambda number, _: "yes" if number % 5 in (0, 1) else "no",
        seats=lambda number, _: 3 if number % 5 in (0, 1) else 0,
        last_look=lambda number, _: (START + timedelta(days=number % 300 + 20, hours=30)).date(),
    )
    with warehouse().read() as facts:
        known = profile(facts)
    uses = {field.name: field.use for field in known.fields}
    for name in (
        "source",
        "employees",
        "industry",
        "country",
        "created_at",
        "demo",
        "visits",
        "first_seen",
        "lead_score",
    ):
        assert uses[name] is FieldUse.AVAILABLE, name
    for name in ("job_title", "note"):
        assert uses[name] is FieldUse.LOOK, name
    for name in set(uses) - {"lead_score"} - {n for n, use in uses.items() if use is not FieldUse.NEVER}:
        assert known.field(name).reason, name
    never = {name for name, use in uses.items() if use is FieldUse.NEVER}
    assert never >= {
        *(
            "company",
            "owner",
            "work_email",
            "sample_person",
            "about",
            "paid_amount",
            "first_order",
            "reference",
        ),
        *("mail_of", "organisation_is", "runs_now", "seats", "last_look"),
    }
    assert "lead_score" not in known.usual, "a score is a judgement already"


def test_values_that_hardly_another_lead_shares_and_exact_dates_are_not_shown(same_leads):
    found = [dict(lead.facts) for lead in drawn(40)]
    assert {facts["country"] for facts in found} <= {"DE", OTHER}
    assert all(re.fullmatch(r"[A-Z][a-z]+ 202[56]", facts["first_seen"]) for facts in found)
    assert all(re.fullmatch(r"about \d+ (weeks|months|years) ago", facts["created_at"]) for facts in found)
    assert {facts["demo"] for facts in found} == {"yes", "no"}
    assert {facts["employees"] for facts in found} <= {"5", "20", "80", "300", "4,200", UNKNOWN}


HOSTILE = (
    "jane{n}@acme.example",
    "+49 30 55512{n:03d}",
    "https://crm.example/lead?id=00Q{n}",
    "=cmd|'/C calc'!A{n}",
    "<img src=x onerror=alert({n})>",
    "met Anna Berg {n}",
    "Firma{n} GmbH",
    "![x](https://evil.example/{n})",
    "Dr. Jane Doe {n}",
)
FORBIDDEN = re.compile(
    r"@|\+49|https?:|=cmd|<img|anna berg|tom reed|firma|evil|jane|SECRET|\bwon\b|\blost\b", re.IGNORECASE
)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_hides_in_custom_fields_no_card_shows_it(seed):
    """E-mail addresses, telephone numbers, names, links, formulas and HTML under harmless names: alone or among
    harmless values, once or many times over, and even after somebody looked."""
    among = random.Random(seed)

    def field(share, repeated):
        def make(number, draw_):
            if draw_.random() > share:
                return draw_.choice(["blue", "green", "red"])
            return among.choice(HOSTILE).format(n=draw_.randrange(3) if repeated else number)

        return make

    mixed_leads(
        200,
        seed,
        colour=field(0.004, False),
        hue=field(0.05, True),
        shade=field(0.9, True),
        tone=field(1.0, False),
        remark=field(0.3, False),
    )
    with warehouse().read() as facts:
        known = profile(facts)
        every = [f.name for f in known.fields if f.use is not FieldUse.NEVER]
        assert "colour" in every or seed
        cards = drawn(40, seed) + drawn(40, seed, fields=every)
        assert cards
        looked = facts_of(facts, known, [f"SECRET-{n:04d}" for n in range(200)], every, NOW, every)
    texts = {text for lead in cards for _, text in lead.facts}
    texts |= {text for lead in looked.values() for _, text in lead}
    assert not {text for text in texts if FORBIDDEN.search(text)}
    assert not seed or HIDDEN in texts or OTHER in texts


def test_names_of_the_people_here_are_not_shown_either():
    make_actor(name="Zoe Quill")
    mixed_leads(met=lambda number, draw_: "Zoe Quill" if number % 2 else "nobody")
    survey = prepared()
    review = lead_cards.draw_cards(MACHINE, survey.id, "cards", seed=1, revision=survey.revision)
    assert "Zoe Quill" not in shown(review.cards)
    assert next(f for f in review.fields if f.name == "met").use is FieldUse.NEVER


# ── drawing for a questionnaire ──────────────────────────────────────────────────────────────────────────────────────


def test_a_facilitator_draws_and_the_question_has_as_many_cards(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", count=8, seed=5, revision=survey.revision)
    assert [card.number for card in review.cards] == list(range(1, 9))
    assert {review.mix[CardOutcome.WON], review.mix[CardOutcome.LOST]} == {3, 4}
    assert review.mix[CardOutcome.OPEN] == 1
    assert review.sources == 4 and review.disputed is None and review.note == ""
    read = surveys.read_survey(facilitator, survey.id)
    assert read.questionnaire.question("cards").count == 8
    assert read.revision == review.revision == survey.revision + 1
    assert lead_cards.review_cards(facilitator, survey.id, "cards") == review
    again = lead_cards.draw_cards(facilitator, survey.id, "cards", seed=5, revision=review.revision)
    assert again.cards == review.cards, "the same seed, and as many as the question has now"
    other = lead_cards.draw_cards(facilitator, survey.id, "cards", seed=6, revision=again.revision)
    assert other.cards != review.cards


def test_fewer_cards_than_asked_for_are_said(facilitator):
    mixed_leads(9)
    survey = prepared()
    review = lead_cards.draw_cards(
        facilitator, survey.id, "cards", count=40, seed=5, revision=survey.revision
    )
    assert len(review.cards) == 9 and "9 cards instead of 40" in review.note
    assert surveys.read_survey(facilitator, survey.id).questionnaire.question("cards").count == 9


def test_chosen_fields_are_shown_in_their_order_and_kept(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(
        facilitator, survey.id, "cards", fields=["visits", "employees", "source"], revision=survey.revision
    )
    assert {label for card in review.cards for label, _ in card.facts} == {"Visits", "Employees", "Source"}
    question = surveys.read_survey(facilitator, survey.id).questionnaire.question("cards")
    assert question.fields == ("visits", "employees", "source")
    for wrong, said in (
        (["owner"], "never"),
        (["note"], "look"),
        (["nothing"], "no field"),
        (["visits"] * 2, "once"),
    ):
        with pytest.raises(InvalidInput, match=said):
            lead_cards.draw_cards(facilitator, survey.id, "cards", fields=wrong, revision=review.revision)


@pytest.mark.parametrize(
    "wrong", [{"count": 0}, {"count": 41}, {"count": True}, {"count": "5"}, {"seed": -1}, {"seed": 1.5}]
)
def test_what_cannot_be_drawn_is_refused(same_leads, facilitator, wrong):
    survey = prepared()
    with pytest.raises(InvalidInput):
        lead_cards.draw_cards(facilitator, survey.id, "cards", **wrong, revision=survey.revision)
    assert kept_ids(survey.id) == []


def test_without_leads_there_is_a_sentence_and_nothing_opens(facilitator):
    survey = prepared()
    for refused in (
        lambda: lead_cards.draw_cards(facilitator, survey.id, "cards", revision=survey.revision),
        lambda: surveys.open_survey(facilitator, survey.id),
    ):
        with pytest.raises(WrongState, match="Import leads first, or take the question out"):
            refused()
    assert surveys.read_survey(facilitator, survey.id).status is SurveyStatus.DRAFT
    assert lead_cards.review_cards(facilitator, survey.id, "cards").cards == ()


def test_leads_without_facts_are_no_cards(facilitator):
    History().lead("a", None).lead("b", None).load()
    survey = prepared()
    with pytest.raises(WrongState, match="enough known facts"):
        surveys.open_survey(facilitator, survey.id)


def test_one_card_is_replaced_and_another_taken_out(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", seed=5, revision=survey.revision)
    before = kept_ids(survey.id)
    replaced = lead_cards.replace_card(facilitator, survey.id, "cards", 4, seed=9, revision=review.revision)
    after = kept_ids(survey.id)
    assert after[3] not in before and after[:3] + after[4:] == before[:3] + before[4:]
    assert replaced.mix == review.mix and replaced.sources == 4
    less = lead_cards.take_out_card(facilitator, survey.id, "cards", 1, revision=replaced.revision)
    assert kept_ids(survey.id) == after[1:] and [card.number for card in less.cards] == list(range(1, 12))
    assert surveys.read_survey(facilitator, survey.id).questionnaire.question("cards").count == 11
    for number in (0, 12, True, "1", None):
        with pytest.raises(InvalidInput):
            lead_cards.replace_card(facilitator, survey.id, "cards", number, revision=less.revision)


def test_the_last_card_stays_and_where_there_is_no_other_lead_none_is_replaced(facilitator):
    mixed_leads(1)
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", revision=survey.revision)
    with pytest.raises(WrongState, match="no other lead"):
        lead_cards.replace_card(facilitator, survey.id, "cards", 1, revision=review.revision)
    with pytest.raises(InvalidInput, match="last card"):
        lead_cards.take_out_card(facilitator, survey.id, "cards", 1, revision=review.revision)


# ── free text, card by card ──────────────────────────────────────────────────────────────────────────────────────────


def field_of(review, name):
    return next(field for field in review.fields if field.name == name)


def test_free_text_is_on_the_cards_only_after_somebody_looked_at_these_very_values(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", seed=5, revision=survey.revision)
    note = field_of(review, "note")
    assert note.use is FieldUse.LOOK and len(note.values) == 12 and "free text" in note.reason
    assert not shown(review.cards) & {text for _, text in note.values}
    values = [text for _, text in note.values]
    with pytest.raises(StaleVersion, match="Look at them again"):
        lead_cards.show_field(
            facilitator, survey.id, "cards", "note", looked_at=values[:-1], revision=review.revision
        )
    put_on = lead_cards.show_field(
        facilitator, survey.id, "cards", "note", looked_at=values, revision=review.revision
    )
    assert [dict(card.facts)["Note"] for card in put_on.cards] == values
    assert field_of(put_on, "note").use is FieldUse.SHOWN and not field_of(put_on, "note").values
    # another lead's text has not been looked at
    replaced = lead_cards.replace_card(facilitator, survey.id, "cards", 2, seed=1, revision=put_on.revision)
    assert "Note" not in dict(replaced.cards[1].facts)
    [(number, text)] = field_of(replaced, "note").values
    assert number == 2 and text not in values
    whole = lead_cards.show_field(
        facilitator, survey.id, "cards", "note", looked_at=[text], revision=replaced.revision
    )
    assert dict(whole.cards[1].facts)["Note"] == text and dict(whole.cards[0].facts)["Note"] == values[0]
    without = lead_cards.leave_out_field(facilitator, survey.id, "cards", "note", revision=whole.revision)
    assert not any("Note" in dict(card.facts) for card in without.cards)
    fresh = lead_cards.draw_cards(facilitator, survey.id, "cards", revision=without.revision)
    assert not any("Note" in dict(card.facts) for card in fresh.cards)


def test_values_that_few_leads_share_can_be_looked_at_too(facilitator):
    mixed_leads(country_of=lambda number, _: "DE" if number % 3 else f"Land {number}")
    survey = prepared()
    review = lead_cards.draw_cards(
        facilitator,
        survey.id,
        "cards",
        fields=["country_of", "source", "visits"],
        seed=3,
        revision=survey.revision,
    )
    rare = field_of(review, "country_of")
    others = [card.number for card in review.cards if dict(card.facts)["Country of"] == OTHER]
    assert rare.use is FieldUse.SHOWN and [number for number, _ in rare.values] == others and others
    exact = lead_cards.show_field(
        facilitator,
        survey.id,
        "cards",
        "country_of",
        looked_at=[text for _, text in rare.values],
        revision=review.revision,
    )
    assert OTHER not in shown(exact.cards) and "DE" in shown(exact.cards)


def test_what_is_never_shown_stays_off_whatever_was_looked_at(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", revision=survey.revision)
    for field in ("owner", "company", "work_email", "nothing", None, "lead_id"):
        with pytest.raises(InvalidInput, match="never"):
            lead_cards.show_field(
                facilitator, survey.id, "cards", field, looked_at=[], revision=review.revision
            )


def test_cards_do_not_become_twins_by_leaving_a_field_out(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(
        facilitator, survey.id, "cards", fields=["source", "visits"], revision=survey.revision
    )
    with pytest.raises(InvalidInput, match="two cards would show the same"):
        lead_cards.leave_out_field(facilitator, survey.id, "cards", "visits", revision=review.revision)


# ── opening, answering, closing ──────────────────────────────────────────────────────────────────────────────────────


def test_opening_draws_the_cards_that_nobody_drew_and_answers_refer_to_their_numbers(facilitator):
    mixed_leads(9)
    survey = surveys.open_survey(facilitator, prepared().id)
    assert survey.questionnaire.question("cards").count == 9 == len(kept_ids(survey.id))
    who = make_actor()
    judged = {
        str(card.number): {"verdict": "qualified"}
        for card in lead_cards.cards_to_judge(who, survey.id, "cards")
    }
    answers.save_answer(who, survey.id, "cards", judged)
    with pytest.raises(InvalidInput):
        answers.save_answer(who, survey.id, "cards", {"10": {"verdict": "qualified"}})
    assert answers.submit_answers(who, survey.id).submitted


def test_opening_keeps_the_cards_that_were_drawn(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", count=6, revision=survey.revision)
    opened = surveys.open_survey(facilitator, survey.id, revision=review.revision)
    assert lead_cards.cards_to_judge(facilitator, survey.id, "cards") == review.cards
    assert opened.questionnaire.question("cards").count == 6


def test_both_teams_judge_the_same_cards_each_person_in_an_order_of_their_own(same_leads, facilitator):
    survey = surveys.open_survey(facilitator, prepared().id)
    people = [make_actor(team=team) for team in ("sales", "marketing") for _ in range(4)]
    seen = [lead_cards.cards_to_judge(who, survey.id, "cards") for who in people]
    assert len({frozenset(cards) for cards in seen}) == 1 and len(set(seen)) == 8
    assert seen == [lead_cards.cards_to_judge(who, survey.id, "cards") for who in people]


def test_after_opening_the_cards_never_change_even_when_the_leads_do(facilitator):
    history = mixed_leads()
    survey = surveys.open_survey(facilitator, prepared("anonymous").id)
    who = make_actor()
    before = lead_cards.cards_to_judge(who, survey.id, "cards")
    for lead in history.leads:
        lead["employees"], lead["industry"] = 77.0, "fishing"
    history.load()
    assert lead_cards.cards_to_judge(who, survey.id, "cards") == before and "77" not in shown(before)
    revision = survey.revision
    for attempt in (
        lambda: lead_cards.draw_cards(facilitator, survey.id, "cards", revision=revision),
        lambda: lead_cards.replace_card(facilitator, survey.id, "cards", 1, revision=revision),
        lambda: lead_cards.take_out_card(facilitator, survey.id, "cards", 1, revision=revision),
        lambda: lead_cards.show_field(
            facilitator, survey.id, "cards", "note", looked_at=[], revision=revision
        ),
        lambda: lead_cards.leave_out_field(facilitator, survey.id, "cards", "note", revision=revision),
    ):
        with pytest.raises(WrongState, match="stay as they are"):
            attempt()
    surveys.close_survey(facilitator, survey.id)
    with pytest.raises(WrongState):
        lead_cards.draw_cards(facilitator, survey.id, "cards", revision=revision + 1)
    assert set(lead_cards.cards_to_judge(who, survey.id, "cards")) == set(before)


def test_what_became_of_the_leads_is_told_after_closing_only(same_leads, facilitator):
    survey = surveys.open_survey(facilitator, prepared().id)
    ids = kept_ids(survey.id)
    for who in (facilitator, make_actor(), MACHINE):
        with pytest.raises(WrongState, match="once ‘Judge these’ is closed"):
            lead_cards.outcomes_of_cards(who, survey.id, "cards")
    surveys.close_survey(facilitator, survey.id)
    outcomes = lead_cards.outcomes_of_cards(make_actor(), survey.id, "cards")
    ends = {0: "won", 1: "won", 2: "lost", 3: "lost", 4: "open"}
    assert outcomes == {number: ends[int(lead[-4:]) % 5] for number, lead in enumerate(ids, 1)}


def test_a_copy_has_no_cards_until_they_are_drawn(same_leads, facilitator):
    survey = prepared()
    lead_cards.draw_cards(facilitator, survey.id, "cards", revision=survey.revision)
    copy = questionnaires.copy_survey(facilitator, survey.id)
    assert lead_cards.cards_to_judge(facilitator, copy.id, "cards") == () and kept_ids(copy.id) == []


def test_a_draft_that_changed_since_it_was_seen_is_not_drawn_for(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", revision=survey.revision)
    before = kept_ids(survey.id)
    values = [text for _, text in field_of(review, "note").values]
    for attempt in (
        lambda: lead_cards.draw_cards(facilitator, survey.id, "cards", revision=survey.revision),
        lambda: lead_cards.replace_card(facilitator, survey.id, "cards", 1, revision=survey.revision),
        lambda: lead_cards.take_out_card(facilitator, survey.id, "cards", 1, revision=survey.revision),
        lambda: lead_cards.show_field(
            facilitator, survey.id, "cards", "note", looked_at=values, revision=survey.revision
        ),
        lambda: lead_cards.leave_out_field(
            facilitator, survey.id, "cards", "visits", revision=survey.revision
        ),
    ):
        with pytest.raises(StaleVersion):
            attempt()
    assert kept_ids(survey.id) == before


def test_the_leads_on_which_the_teams_disagree_come_from_questionnaires_that_are_closed(
    same_leads, facilitator
):

    def rule(least):
        return {"version": 1, "field": "employees", "op": ">=", "value": least}

    earlier = surveys.open_survey(facilitator, put_cards(prepared()).id)
    for team, least in (("sales", 300), ("marketing", 20)):
        for _ in range(3):
            who = make_actor(team=team)
            answers.save_answer(who, earlier.id, "rule", rule(least))
            answers.save_answer(who, earlier.id, "cards", None)
            answers.submit_answers(who, earlier.id)
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", revision=survey.revision)
    assert review.disputed is None, (
        "an open questionnaire tells nothing, not even by the leads that are drawn"
    )
    surveys.close_survey(facilitator, earlier.id)
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", revision=review.revision)
    assert review.disputed == 6


# ── who may, and what nobody learns ──────────────────────────────────────────────────────────────────────────────────


def test_cards_of_a_draft_are_seen_by_those_who_prepare_it_only(same_leads):
    survey = prepared()
    lead_cards.draw_cards(MACHINE, survey.id, "cards", revision=survey.revision)
    for role in (Role.FACILITATOR, Role.ADMIN):
        preparing = make_actor(role.value, "sales")
        assert len(lead_cards.cards_to_judge(preparing, survey.id, "cards")) == 12
        assert len(lead_cards.review_cards(preparing, survey.id, "cards").cards) == 12
    for role in (Role.MEMBER, Role.TEAM_LEAD):
        actor = make_actor(role.value, "sales")
        for hidden in (lead_cards.cards_to_judge, lead_cards.outcomes_of_cards):
            with pytest.raises(NotFound):
                hidden(actor, survey.id, "cards")
        for refused, more in (
            (lead_cards.review_cards, {}),
            (lead_cards.draw_cards, {"revision": 2}),
            (lead_cards.replace_card, {"number": 1, "revision": 2}),
            (lead_cards.take_out_card, {"number": 1, "revision": 2}),
            (lead_cards.show_field, {"field": "note", "looked_at": [], "revision": 2}),
            (lead_cards.leave_out_field, {"field": "note", "revision": 2}),
        ):
            with pytest.raises(NotPermitted):
                refused(actor, survey.id, "cards", **more)


def test_people_who_are_not_asked_do_not_see_the_cards_before_closing(same_leads, facilitator):
    survey = surveys.open_survey(facilitator, prepared().id)
    for nobody in (None, Actor("01NOBODY", "9999-01-01T00:00:00.000000Z")):
        with pytest.raises(NotPermitted):
            lead_cards.cards_to_judge(nobody, survey.id, "cards")
    store().write(
        lambda connection: connection.execute(
            "UPDATE survey SET audience = 'people' WHERE id = ?", (survey.id,)
        )
    )
    outsider = make_actor()
    with pytest.raises(NotFound):
        lead_cards.cards_to_judge(outsider, survey.id, "cards")
    surveys.close_survey(facilitator, survey.id)
    assert len(lead_cards.cards_to_judge(outsider, survey.id, "cards")) == 12


def test_wrong_surveys_and_questions_are_not_found(same_leads, facilitator):
    survey = surveys.open_survey(facilitator, prepared().id)
    who = make_actor()
    wrong = [("01NOBODY", "cards"), (None, "cards")]
    wrong += [(survey.id, key) for key in ("rule", "nothing", None, "guess:cards")]
    for place in wrong:
        for attempt, actor, more in (
            (lead_cards.cards_to_judge, who, {}),
            (lead_cards.review_cards, facilitator, {}),
            (lead_cards.outcomes_of_cards, facilitator, {}),
            (lead_cards.draw_cards, facilitator, {"revision": survey.revision}),
        ):
            with pytest.raises(NotFound):
                attempt(actor, *place, **more)


def test_a_member_learns_neither_the_lead_nor_its_owner_nor_its_end_from_any_action(same_leads, facilitator):
    survey = surveys.open_survey(facilitator, prepared().id)
    who = make_actor()
    judged = {str(number): {"verdict": "qualified", "reason": "big"} for number in range(1, 13)}
    answers.save_answer(who, survey.id, "cards", judged)
    told = [
        lead_cards.cards_to_judge(who, survey.id, "cards"),
        answers.my_progress(who, survey.id),
        answers.my_surveys(who),
        surveys.read_survey(who, survey.id),
        surveys.list_surveys(who),
        surveys.survey_toml(who, survey.id),
        surveys.response_rates(who, survey.id),
        questionnaires.list_corrections(who, survey.id),
        answers.submit_answers(who, survey.id),
    ]
    for what in told:
        assert not re.search(r"SECRET|Anna Berg|Tom Reed|Firma\d|jane\d", repr(what))
    cards = repr(told[0])
    assert not re.search(r"\b(won|lost|open)\b", cards)


def test_the_audit_log_has_no_lead_in_it(same_leads, facilitator):
    survey = prepared()
    review = lead_cards.draw_cards(facilitator, survey.id, "cards", seed=5, revision=survey.revision)
    lead_cards.replace_card(facilitator, survey.id, "cards", 1, revision=review.revision)
    rows = [dict(row) for row in store().read().execute("SELECT * FROM audit")]
    assert "SECRET" not in json.dumps(rows, default=str)
    noted = [row for row in rows if row["action"] == "survey:draw_cards"]
    assert len(noted) == 1 and json.loads(noted[0]["after"]) == {"question": "cards", "cards": 12, "seed": 5}


def test_every_kind_of_question_but_lead_cards_opens_without_leads(facilitator):
    survey = surveys.prepare_survey(facilitator, template="qualified_lead")
    assert not any(q.type is QuestionType.LEAD_CARDS for q in survey.questionnaire.questions)
    assert surveys.open_survey(facilitator, survey.id).status is SurveyStatus.OPEN
    assert leads.read_overview(facilitator) is None
