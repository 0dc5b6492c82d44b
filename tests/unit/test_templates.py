"""The built-in questionnaires: fair to both teams, short, and private enough for what they ask."""

import re
from itertools import chain

import pytest

from alignment import pace, templates
from alignment.errors import NotFound
from alignment.people import Team
from alignment.questionnaire_files import read_toml, write_toml
from alignment.questionnaires import Mode, Question, Questionnaire, QuestionType
from alignment.rules import FieldType
from leads.model import CANONICAL_FIELDS

ALL = [pytest.param(templates.template(name), id=name) for name in templates.NAMES]
LOADED = re.compile(
    r"\b(bad|junk|rubbish|useless|fail(s|ed|ure)? to|ignor\w*|lazy|waste[sd]?|blame\w*|fault|obviously|of course|always "
    r"complain\w*|don't you|isn't it|never bother\w*|refuse[sd]?|excuse[sd]?)\b",
    re.IGNORECASE,
)


def words_of(asked: Questionnaire) -> list[str]:
    """Every text that a person reads."""
    of_questions = chain.from_iterable(
        (*question.wording.values(), question.title, question.help, *question.options, *question.ends)
        for question in asked.questions
    )
    return [asked.title, asked.introduction, *asked.topics.values(), *of_questions]


def test_the_built_in_questionnaires_follow_the_cycle_and_are_named_apart():
    assert templates.NAMES[0] == "qualified_lead" and templates.NAMES[-1] == "pulse"
    titles = [templates.template(name).title for name in templates.NAMES]
    assert len(set(titles)) == len(titles) == 7


def test_an_unknown_template_is_named():
    with pytest.raises(NotFound, match=r"nothing.*qualified_lead"):
        templates.template("nothing")


@pytest.mark.parametrize("asked", ALL)
def test_each_survives_being_downloaded_and_uploaded(asked):
    assert read_toml(write_toml(asked)) == asked


def test_every_type_of_question_occurs_somewhere_and_so_does_every_way_to_ask():
    every = [question for name in templates.NAMES for question in templates.template(name).questions]
    assert {question.type for question in every} == set(QuestionType)
    assert any(question.guess for question in every) and any(question.ask_if for question in every)
    assert any(question.top for question in every)


@pytest.mark.parametrize("asked", ALL)
def test_a_lead_field_is_a_usual_one_and_fits_the_answer(asked):
    known = {field.name: field.type for field in CANONICAL_FIELDS}
    fitting = {QuestionType.NUMBER: FieldType.NUMBER, QuestionType.CHOICES: FieldType.TEXT}
    for question in asked.questions:
        if question.field and question.type is not QuestionType.SCALE:
            assert known[question.field] is fitting[question.type], question.key


@pytest.mark.parametrize("asked", ALL)
def test_results_have_short_neutral_names_and_topics_have_headings(asked):
    titles = [question.title for question in asked.questions]
    assert all(titles) and len(set(titles)) == len(titles)
    for question in asked.questions:
        assert len(question.title) <= 60, question.key
        assert not re.search(r"\b(you|your|we|us|our)\b", question.title, re.IGNORECASE) or question.key in (
            "meet_now",
            "points_industry",
            "points_demo",
            "answered_by",
        ), question.title
        assert not question.title.endswith("?")
    assert set(asked.topics) == {section.key for section in asked.sections}


@pytest.mark.parametrize("asked", ALL)
def test_no_word_takes_a_side(asked):
    for text in words_of(asked):
        assert not LOADED.search(text), text


@pytest.mark.parametrize("asked", ALL)
def test_a_question_speaks_to_the_team_that_reads_it(asked):
    """Never of one's own team in the third person, and never to 'you' about what only the other team does."""
    for question in asked.questions:
        for team in Team:
            text = question.wording[team]
            assert text.endswith(("?", "…", ".")), text
            assert len(text) <= 140, text
            if len(set(question.wording.values())) > 1:
                own = rf"\b{team.label} (is|are|should|does|do|have|has|can)\b"
                assert not re.search(own, text, re.IGNORECASE), text


@pytest.mark.parametrize("name", ["qualified_lead", "pulse"])
def test_where_both_sides_see_the_same_thing_each_is_asked_in_its_own_words(name):
    for question in templates.template(name).questions:
        shared = name == "pulse" and question.topic == "change"
        assert (len(set(question.wording.values())) == 1) is shared, question.key


@pytest.mark.parametrize("asked", ALL)
def test_each_takes_the_few_minutes_that_it_promises(asked):
    needed = [question for question in asked.asked({}) if question.required]
    assert pace.seconds_left(needed, {}, {}) <= 5 * 60
    whole = pace.seconds_left(asked.asked({}), {}, {}) / 60
    words = re.findall(r"\b(one|two|three|four|five|six|seven)\b", asked.introduction.split(". ")[0].lower())
    promised = ("one", "two", "three", "four", "five", "six", "seven").index(words[-1]) + 1
    assert promised - 1 <= whole <= promised + 0.5, f"{whole:.1f} minutes"


@pytest.mark.parametrize("asked", ALL)
def test_what_asks_for_feelings_or_for_a_process_needs_five_of_each_team(asked):
    feelings = asked.title in ("How is it going?", "Our hand-off")
    assert (asked.mode is Mode.ANONYMOUS) is feelings
    assert asked.min_group == (5 if feelings else 3)
    assert asked.mode is not Mode.NAMED


@pytest.mark.parametrize("asked", ALL)
def test_free_text_and_rules_are_never_required(asked):
    for question in asked.questions:
        if question.type in (QuestionType.TEXT, QuestionType.RULE):
            assert not question.required, question.key


@pytest.mark.parametrize("asked", ALL)
def test_numbers_have_bounds_and_a_unit(asked):
    for question in asked.questions:
        if question.type is QuestionType.NUMBER:
            assert question.unit, question.key
            assert question.minimum is not None and question.maximum is not None, question.key


@pytest.mark.parametrize("asked", ALL)
def test_options_lie_apart_and_few_are_guessed(asked):
    for question in asked.questions:
        assert len(question.options) <= 10, question.key
        assert len({option.casefold() for option in question.options}) == len(question.options)
    assert sum(question.guess for question in asked.questions) <= 6


def the(name: str, key: str) -> Question:
    return templates.template(name).question(key)


# ── What is a qualified lead? ────────────────────────────────────────────────────────────────────────────────────────


def test_the_qualified_lead_questionnaire_covers_what_both_teams_have_to_settle():
    asked = templates.template("qualified_lead")
    assert [section.key for section in asked.sections] == [
        "definition",
        "disqualification",
        "traits",
        "behaviour",
        "in_short",
        "stages",
        "handoff",
    ]
    assert 20 <= sum(question.required for question in asked.questions) <= 22
    assert {question.type for question in asked.questions} == set(QuestionType) - {QuestionType.LEAD_CARDS}
    assert 4 <= sum(question.guess for question in asked.questions) <= 6
    assert set(asked.importance) == {section.key for section in asked.sections} - {"in_short"}


def test_nobody_is_asked_about_a_stage_that_they_do_not_use():
    asked = templates.template("qualified_lead")
    without = {"stages_used": ["New enquiry", "MQL"]}
    spared = {q.key for q in asked.questions} - {q.key for q in asked.asked(without)}
    assert spared == {"who_moves_to_sql", "opportunity_when"}
    assert len(asked.asked({"stages_used": ["SQL", "Opportunity"]})) == len(asked.everything)


# ── the others ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_promises_are_numbers_with_the_units_that_service_levels_have():
    units = {
        "leads_per_month": "leads a month",
        "accepted_of_100": "of 100 leads",
        "first_contact_hours": "working hours",
        "decision_days": "working days",
        "outcome_days": "working days",
    }
    for key, unit in units.items():
        assert the("promises", key).type is QuestionType.NUMBER and the("promises", key).unit == unit
    assert the("promises", "minimum_information").type is QuestionType.CHOICES


def test_both_teams_score_on_one_scale():
    points = [
        q for q in templates.template("scoring").questions if q.unit == "points" and q.key != "threshold"
    ]
    assert len(points) >= 10
    assert {(q.minimum, q.maximum) for q in points} == {(-50, 50)}
    assert {q.topic for q in points} == {"traits", "actions"}


def test_the_hand_off_asks_what_identify_has_to_find():
    asked = templates.template("handoff")
    for key in ("interrupted_by", "followed_up_alike", "lost_where", "meet_now", "point_person"):
        assert asked.question(key)
    for team in Team:
        assert "think" not in the("handoff", f"{team.value}_rewarded_for").wording[team]
        assert "think" in the("handoff", f"{team.value}_rewarded_for").wording[team.other]


def test_the_same_leads_are_judged_one_at_a_time():
    asked = templates.template("lead_cards")
    assert the("lead_cards", "cards").type is QuestionType.LEAD_CARDS and asked.pace.value == "question"
    assert the("lead_cards", "cards").count == 12


def test_the_pulse_asks_how_it_feels_what_changed_and_where_to_grow():
    asked = templates.template("pulse")
    keys = {q.key for q in asked.questions}
    assert {"working_together", "heard", "promises_kept", "direction", "in_the_way", "keep_or_change"} <= keys
    for direction, key in (("better", "became_better"), ("worse", "became_worse")):
        reached = [q.key for q in asked.asked({"direction": direction})]
        assert key in reached and len(reached) == 8
    assert len(asked.asked({})) == 7
