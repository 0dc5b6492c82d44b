"""Lead cards under the teams' own rules: the rules' verdicts on the real leads, of the cards that the comparison shows."""

import pytest
from people import make_actor

from actions import answers, card_judgements, lead_cards, surveys
from alignment.errors import NotFound, WrongState
from alignment.lead_cards import CardOutcome
from alignment.people import MACHINE, Team
from alignment.rules import evaluate, parse
from db.queries import lead_cards as kept_cards
from db.store import store
from tests.closed_leads import MARKETING, SALES, closed_survey, condition, in_plain_words, made_up_leads

TOML = """
title = "Judge these"
mode = "confidential"
min_group = 3
[[questions]]
key = "cards"
topic = "leads"
type = "lead_cards"
count = 10
required = false
text = "Would you call these leads qualified?"
[[questions]]
key = "rule"
topic = "leads"
type = "rule"
required = false
text = "Your rule"
"""
RULES = {"sales": SALES["rule"], "marketing": MARKETING["rule"]}


def judged_survey(rules=RULES, *, close=True, sales_people=5, skipped=()):
    """Cards that sales calls qualified by odd numbers and marketing always; `skipped` are judged by two of sales only."""
    draft = surveys.prepare_survey(MACHINE, toml=TOML)
    lead_cards.draw_cards(MACHINE, draft.id, "cards", seed=5, revision=draft.revision)
    survey = surveys.open_survey(MACHINE, draft.id)
    count = survey.questionnaire.question("cards").count
    for team in ("sales", "marketing"):
        for person in range(sales_people if team == "sales" else 5):
            who = make_actor(team=team)
            sheet = {
                str(number): {
                    "verdict": "qualified" if team == "marketing" or number % 2 else "not_qualified"
                }
                for number in range(1, count + 1)
                if not (number in skipped and team == "sales" and person >= 2)
            }
            answers.save_answer(who, survey.id, "cards", sheet)
            if team in rules:
                answers.save_answer(who, survey.id, "rule", rules[team])
            answers.submit_answers(who, survey.id)
    return surveys.close_survey(MACHINE, survey.id) if close else survey


def test_each_card_has_what_the_rules_say_of_its_lead_how_it_is_judged_and_what_became_of_it():
    leads = {lead["id"]: lead for lead in in_plain_words(made_up_leads(300))}
    survey = judged_survey()
    found = card_judgements.stated_and_judged(make_actor(), survey.id, "cards")
    ids = kept_cards.lead_ids(store().read(), survey.id, "cards")
    assert len(found.cards) == len(ids) == 10
    became = lead_cards.outcomes_of_cards(MACHINE, survey.id, "cards")
    for card in found.cards:
        lead = leads[ids[card.number]]
        for team in Team:
            expected = evaluate(parse(RULES[team.value]), lead["fields"], lead["came"])
            assert card.stated[team] is expected
        assert card.judged == {Team.SALES: card.number % 2 == 1, Team.MARKETING: True}
        assert card.outcome is became[card.number]
    told = [one for one in found.cards if one.stated[Team.SALES] is not None]
    alike = sum(one.stated[Team.SALES] == one.judged[Team.SALES] for one in told)
    assert (
        found.sentences[Team.SALES][0] == f"Sales judges {alike} of {len(told)} leads as its own rule does."
    )
    ended = [one for one in told if one.outcome in (CardOutcome.WON, CardOutcome.LOST)]
    right = sum(one.judged[Team.SALES] == (one.outcome is CardOutcome.WON) for one in ended)
    assert f"right on {right} of {len(ended)} leads" in found.sentences[Team.SALES][-1]


def test_conditions_that_people_pass_over_are_named():
    leads = {lead["id"]: lead for lead in in_plain_words(made_up_leads(300))}
    large = {"version": 1, **condition("employees", ">=", 100)}
    survey = judged_survey(RULES | {"marketing": large})
    found = card_judgements.stated_and_judged(make_actor(), survey.id, "cards")
    ids = kept_cards.lead_ids(store().read(), survey.id, "cards")
    small = [lead for lead in ids.values() if (leads[lead]["fields"]["employees"] or 100) < 100]
    assert len(small) >= 2, "otherwise nothing is tested"
    assert found.sentences[Team.MARKETING][1] == (
        f"Marketing asks that employees is at least 100, yet calls {len(small)} of the {len(small)} leads that fall short "
        "of this qualified."
    )


def test_rules_of_an_earlier_closed_survey_stand_in_where_this_one_has_none():
    made_up_leads(300)
    assert card_judgements.stated_and_judged(MACHINE, judged_survey(rules={}).id, "cards") is None
    closed_survey()
    found = card_judgements.stated_and_judged(MACHINE, judged_survey(rules={}).id, "cards")
    assert found is not None and any(card.stated[Team.SALES] is not None for card in found.cards)


def test_the_rule_of_one_team_alone_is_compared_where_there_is_no_other():
    made_up_leads(300)
    points = {"version": 1, "points": [{"if": condition("demo", "=", True), "add": 5}], "threshold": 5}
    survey = judged_survey(RULES | {"marketing": points})
    found = card_judgements.stated_and_judged(MACHINE, survey.id, "cards")
    assert found.sentences[Team.MARKETING] == (
        "Marketing has no typical rule to compare its judgements with.",
    )
    assert "as its own rule does" in found.sentences[Team.SALES][0]


def test_cards_that_too_few_judged_and_teams_that_are_too_small_are_not_shown():
    made_up_leads(300)
    found = card_judgements.stated_and_judged(MACHINE, judged_survey(skipped=(3, 4)).id, "cards")
    assert [card.number for card in found.cards] == [1, 2, 5, 6, 7, 8, 9, 10]
    assert card_judgements.stated_and_judged(MACHINE, judged_survey(sales_people=2).id, "cards") is None


def test_leads_that_are_not_there_any_more_leave_nothing_to_compare(data_folder):
    made_up_leads(300)
    survey = judged_survey()
    from leads.store import warehouse

    warehouse().close()
    for path in (data_folder / "leads").iterdir():
        path.unlink()
    assert card_judgements.stated_and_judged(MACHINE, survey.id, "cards") is None


def test_only_a_closed_survey_and_a_question_of_cards_are_looked_at():
    made_up_leads(300)
    survey = judged_survey(close=False)
    with pytest.raises(WrongState):
        card_judgements.stated_and_judged(MACHINE, survey.id, "cards")
    closed = surveys.close_survey(MACHINE, survey.id)
    for key in ("rule", "nothing"):
        with pytest.raises(NotFound):
            card_judgements.stated_and_judged(MACHINE, closed.id, key)
