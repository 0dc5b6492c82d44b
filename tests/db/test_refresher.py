"""The refresher puts side by side what each team said and what they agreed; a quiz is for nobody but who takes it."""

import pytest
from people import make_actor, make_members, submit

from actions import definitions, glossary_terms, refresher, surveys, workshops
from alignment.errors import InvalidInput, NotPermitted, StaleVersion
from alignment.people import MACHINE, Team
from alignment.workshops import Choice
from db.store import store

RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
TEXT = "An MQL works for at least 50 people and is handed over within two days."
SURVEY = """
title = "What is a qualified lead?"
mode = "confidential"
min_group = 3
[[questions]]
key = "size"
topic = "fit"
type = "number"
unit = "employees"
title = "Smallest company"
text = "From how many employees on?"
"""


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


def agree(facilitator, definition_id):
    definitions.propose(facilitator, definition_id)
    content = next(e.open for e in definitions.read_glossary(facilitator) if e.open).content_hash
    for team in ("sales", "marketing"):
        definitions.sign(make_actor("team_lead", team), definition_id, content)


def agreed(facilitator):
    agree(facilitator, definitions.draft(facilitator, "mql", TEXT, RULE))


def test_what_each_team_answered_and_called_it_stands_beside_what_was_agreed(facilitator):
    survey_id = surveys.prepare_survey(MACHINE, toml=SURVEY).id
    surveys.open_survey(MACHINE, survey_id)
    survey = surveys.read_survey(MACHINE, survey_id)
    sides = {"sales": make_members("sales", 4), "marketing": make_members("marketing", 4)}
    for team, size in (("sales", 100), ("marketing", 20)):
        for member in sides[team]:
            submit(member, survey, {"size": size})
    surveys.close_survey(MACHINE, survey_id)
    workshop_id = workshops.add_topic(
        facilitator, None, survey_id=survey_id, question_key="size", title="Size"
    )
    topic = workshops.read_workshop(facilitator, workshop_id).topics[0]
    proposal_id = workshops.propose(facilitator, topic.id, "mql", TEXT, RULE)
    for members in sides.values():
        workshops.vote(members[0], proposal_id, Choice.YES)
    workshops.close_vote(facilitator, proposal_id)
    agree(facilitator, definitions.draft_from_proposal(facilitator, proposal_id))
    glossary_terms.describe_term(
        facilitator, "mql", 0, owners={}, words={Team.SALES: (["Hot lead"], "")}, related=[]
    )
    (term,) = refresher.read_refresher(sides["sales"][0])
    assert (term.term.key, term.agreed.text) == ("mql", TEXT)
    assert term.said_by(Team.SALES).called == ("Hot lead",)
    assert term.asked.text == "Smallest company"
    assert term.asked.answered == {
        Team.SALES: "typically 100 employees",
        Team.MARKETING: "typically 20 employees",
    }


def test_only_what_is_in_force_is_refreshed(facilitator):
    definitions.draft(facilitator, "sal", "Not signed.")
    agreed(facilitator)
    (term,) = refresher.read_refresher(make_actor("member", "sales"))
    assert (term.term.key, term.asked) == ("mql", None)


def test_a_quiz_is_graded_here_and_told_to_nobody_else(facilitator):
    agreed(facilitator)
    member, other = make_actor("member", "sales"), make_actor("member", "sales")
    quiz = refresher.draw_quiz(member, 7)
    assert quiz == refresher.draw_quiz(other, 7)
    right = [question.right for question in quiz.questions]
    before = store().read().execute("SELECT count(*) FROM audit").fetchone()[0]
    result = refresher.keep_result(member, 7, quiz.fingerprint, [*right[:-1], None])
    assert (result.correct, result.asked) == (len(right) - 1, len(right))
    assert refresher.own_result(member) == result
    assert refresher.own_result(other) is None
    with pytest.raises(NotPermitted):
        refresher.keep_result(MACHINE, 7, quiz.fingerprint, right)
    assert store().read().execute("SELECT count(*) FROM audit").fetchone()[0] == before


def test_answers_to_questions_that_have_changed_do_not_count(facilitator):
    agreed(facilitator)
    member = make_actor("member", "sales")
    quiz = refresher.draw_quiz(member, 7)
    glossary_terms.describe_term(
        facilitator, "mql", 0, owners={}, words={Team.SALES: (["Hot lead"], "")}, related=[]
    )
    with pytest.raises(StaleVersion, match="Draw new ones"):
        refresher.keep_result(member, 7, quiz.fingerprint, [None] * len(quiz.questions))
    assert refresher.own_result(member) is None


@pytest.mark.parametrize("seed", [-1, 2**31, True, "7"])
def test_a_seed_that_is_none_is_refused(facilitator, seed):
    with pytest.raises(InvalidInput):
        refresher.draw_quiz(facilitator, seed)
