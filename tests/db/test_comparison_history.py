"""A closed questionnaire beside the last one like it, and agreement over the cycles: of whole teams, and of closed ones only."""

from dataclasses import replace

import pytest
from people import make_actor

from actions import answers, comparison_history, cycles, surveys
from alignment.disagreement.change import Direction, alignment_in_words
from alignment.errors import NotFound, WrongState

TOML = """
title = "What is qualified?"
mode = "confidential"
min_group = 3

[[questions]]
key = "webinar"
topic = "signs"
type = "yes_no"
text = "Is a webinar enough?"

[[questions]]
key = "size"
topic = "signs"
type = "number"
unit = "employees"
text = "From how many employees on?"

[[questions]]
key = "words"
topic = "signs"
type = "text"
required = false
text = "In your words?"
"""
APART = {"sales": {"webinar": False, "size": 100.0}, "marketing": {"webinar": True, "size": 10.0}}
TOGETHER = {"sales": {"webinar": True, "size": 50.0}, "marketing": {"webinar": True, "size": 50.0}}


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


def asked(facilitator, given, *, toml=TOML, people=8, close=True, **choices):
    """A survey that so many people of each team answered as their team does."""
    survey = surveys.open_survey(facilitator, surveys.prepare_survey(facilitator, toml=toml, **choices).id)
    for team, said in given.items():
        for _ in range(people):
            who = make_actor(team=team)
            for key, value in said.items():
                answers.save_answer(who, survey.id, key, value)
            answers.submit_answers(who, survey.id)
    return surveys.close_survey(facilitator, survey.id) if close else survey


def test_a_second_survey_says_what_became_of_each_gap(facilitator):
    then = asked(facilitator, APART)
    now = asked(facilitator, TOGETHER)
    found = comparison_history.changes_since_last(make_actor(), now.id)
    assert found.survey_id == then.id and found.title == then.title
    assert set(found.changes) == {"webinar", "size"}
    assert found.count(Direction.CLOSER) == 2
    assert "90 employees apart then and 0 employees apart now" in found.changes["size"].sentence


def test_the_first_survey_has_nothing_to_be_held_against(facilitator):
    survey = asked(facilitator, APART)
    assert comparison_history.changes_since_last(facilitator, survey.id) is None
    asked(facilitator, TOGETHER)
    assert comparison_history.changes_since_last(facilitator, survey.id) is None


def test_an_open_survey_shows_nothing_and_is_nothing_to_compare_with(facilitator):
    open_one = asked(facilitator, APART, close=False)
    with pytest.raises(WrongState, match="still open"):
        comparison_history.changes_since_last(facilitator, open_one.id)
    now = asked(facilitator, TOGETHER)
    assert comparison_history.changes_since_last(facilitator, now.id) is None
    assert [one.survey_id for one in comparison_history.alignment_over_time(facilitator)] == [now.id]
    with pytest.raises(NotFound):
        comparison_history.changes_since_last(facilitator, "nowhere")


def test_a_survey_of_the_same_title_is_preferred_to_a_newer_one_that_shares_as_much(facilitator):
    same = asked(facilitator, APART)
    asked(facilitator, APART, toml=TOML.replace("What is qualified?", "Another"))
    now = asked(facilitator, TOGETHER)
    assert comparison_history.changes_since_last(facilitator, now.id).survey_id == same.id


def test_without_one_of_the_same_line_the_one_that_shares_most_counts(facilitator):
    most = asked(facilitator, APART, toml=TOML.replace("What is qualified?", "Most"))
    fewer = TOML.replace("What is qualified?", "Fewer").replace('key = "size"', 'key = "other"')
    given = {team: {"webinar": True, "other": 3.0} for team in APART}
    asked(facilitator, given, toml=fewer)
    now = asked(facilitator, TOGETHER)
    assert comparison_history.changes_since_last(facilitator, now.id).survey_id == most.id


def test_a_survey_without_a_question_in_common_is_nothing_to_compare_with(facilitator):
    other = TOML.replace('key = "webinar"', 'key = "a"').replace('key = "size"', 'key = "b"')
    asked(facilitator, {team: {"a": True, "b": 1.0} for team in APART}, toml=other)
    now = asked(facilitator, TOGETHER)
    assert comparison_history.changes_since_last(facilitator, now.id) is None


def test_the_same_name_in_files_is_not_the_same_question_in_another_questionnaire(facilitator):
    other = TOML.replace("What is qualified?", "Promises").replace(
        "Is a webinar enough?", "Do you promise webinars?"
    )
    asked(facilitator, APART, toml=other)
    now = asked(facilitator, TOGETHER)
    assert set(comparison_history.changes_since_last(facilitator, now.id).changes) == {"size"}
    assert len({one.group for one in comparison_history.alignment_over_time(facilitator)}) == 2


def test_what_a_small_team_hides_stays_hidden_then_and_now(facilitator):
    then = asked(facilitator, APART, people=2)
    now = asked(facilitator, TOGETHER)
    assert comparison_history.changes_since_last(facilitator, now.id) is None  # `then` shows no result
    assert [one.survey_id for one in comparison_history.alignment_over_time(facilitator)] == [now.id]
    few = asked(
        facilitator,
        {team: {"webinar": True} for team in APART},
        toml=TOML.replace('text = "From', 'required = false\ntext = "From'),
    )
    change = comparison_history.changes_since_last(facilitator, few.id).changes["size"]
    assert then.id != now.id
    assert change.direction is Direction.NOT_COMPARABLE and change.then is None and change.now is None


def test_agreement_over_the_cycles_is_of_the_same_questions_oldest_first(facilitator):
    first = cycles.start_cycle(facilitator, "One")
    then = asked(facilitator, APART, cycle_id=first)
    pulse = asked(
        facilitator,
        {team: {"mood": 3} for team in APART},
        toml=TOML.split("[[questions]]")[0]
        + '[[questions]]\nkey = "mood"\ntopic = "feeling"\ntype = "scale"\ntext = "How is it?"\n',
        cycle_id=first,
        title="Pulse",
    )
    now = asked(facilitator, TOGETHER)
    history = comparison_history.alignment_over_time(make_actor("team_lead"))
    assert [one.survey_id for one in history] == [then.id, pulse.id, now.id]
    groups = {one.survey_id: one.group for one in history}
    assert groups[then.id] == groups[now.id] != groups[pulse.id]
    of_line = [one for one in history if one.group == groups[now.id]]
    assert [(one.measure.agreed, one.measure.topics) for one in of_line] == [(0, 2), (2, 2)]
    assert of_line[0].cycle == 1 and "in the first cycle" in of_line[0].when
    assert alignment_in_words(of_line[:1]).startswith(
        "You agreed on 0 of 2 topics in the first cycle. Whether"
    )


def test_only_the_questions_that_all_of_a_group_asked_count(facilitator):
    questions = "".join(
        f'\n[[questions]]\nkey = "more{number}"\ntopic = "more"\ntype = "yes_no"\ntext = "More?"\n'
        for number in range(3)
    )
    more = {f"more{number}": True for number in range(3)}
    longer = {team: said | more for team, said in TOGETHER.items()}
    asked(facilitator, {team: said | more for team, said in APART.items()}, toml=TOML + questions)
    with_one_less = (TOML + questions).replace('key = "more2"', 'key = "other2"')
    given = {
        team: {k: v for k, v in said.items() if k != "more2"} | {"other2": True}
        for team, said in longer.items()
    }
    asked(facilitator, given, toml=with_one_less)
    first, last = comparison_history.alignment_over_time(facilitator)
    assert first.group == last.group
    assert (first.measure.topics, last.measure.topics) == (4, 4)
    assert (
        alignment_in_words([replace(first, cycle=1), replace(last, cycle=2)])
        == "You agreed on 2 of 4 topics in the first cycle and on 4 of 4 in the second cycle (change +50 points, 95% interval "
        "−10 to +85). With so few topics that can be chance."
    )


def test_a_milder_rule_for_agreement_is_no_progress(facilitator):
    asked(facilitator, APART)
    asked(facilitator, TOGETHER, toml="consensus = { agree = 0.6 }\n" + TOML)
    first, last = comparison_history.alignment_over_time(facilitator)
    assert first.group != last.group
    assert comparison_history.changes_since_last(facilitator, last.survey_id).count(Direction.CLOSER) == 2


def test_a_wording_that_was_corrected_stays_comparable(facilitator):
    asked(facilitator, APART)
    now = asked(facilitator, TOGETHER, toml=TOML.replace("Is a webinar enough?", "Would a webinar do?"))
    assert (
        comparison_history.changes_since_last(facilitator, now.id).changes["webinar"].direction
        is Direction.CLOSER
    )
