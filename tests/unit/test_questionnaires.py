"""Questionnaires: read with line and remedy, written without loss, and each answer checked against its question."""

import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from questionnaire_strategies import answers_to, questionnaires

from alignment import templates
from alignment.answers import check_answer, counted_answers, is_complete, missing_questions
from alignment.consensus import ConsensusRule
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaire_files import (
    LONGEST_FILE,
    InvalidQuestionnaire,
    from_document,
    read_toml,
    to_document,
    write_toml,
)
from alignment.questionnaires import Condition, Mode, Question, Questionnaire, QuestionType
from alignment.surveys import Progress, Survey, SurveyStatus

HEAD = 'title = "T"\n'


def question(kind: QuestionType = QuestionType.TEXT, **more) -> Question:
    return Question("q", "t", kind, dict.fromkeys(Team, "What?"), **more)


def problems_of(toml: str):
    with pytest.raises(InvalidQuestionnaire) as refused:
        read_toml(toml)
    return refused.value.problems


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_format_of_the_manual_is_read():
    asked = read_toml(
        """
title = "What is a qualified lead?"
mode = "confidential"
min_group = 3
[[questions]]
key = "min_employees"
topic = "traits"
type = "number"
unit = "employees"
wording = { sales = "From how many?", marketing = "From what size?" }
[[questions]]
key = "fit"
topic = "definition"
type = "scale"
points = 5
ends = ["not at all", "decisive"]
text = "How much does it matter?"
[[questions]]
key = "signals"
topic = "traits"
type = "choices"
options = ["demo", "pricing_page", "webinar"]
text = "Which?"
"""
    )
    assert [q.key for q in asked.questions] == ["min_employees", "fit", "signals"]
    assert asked.question("min_employees").wording[Team.MARKETING] == "From what size?"
    assert asked.question("fit").ends == ("not at all", "decisive")
    assert [[q.key for q in section.questions] for section in asked.sections] == [
        ["min_employees", "signals"],
        ["fit"],
    ]
    assert asked.sections[0].title == "Traits"


GOOD = '[[questions]]\nkey = "a"\ntopic = "t"\ntype = "yes_no"\ntext = "Really?"\n'


CHOICE = '[[questions]]\nkey = "a"\ntopic = "t"\ntype = "choice"\ntext = "Which?"\noptions = ["x", "y"]\n'
ASK = '[[questions]]\nkey = "b"\ntopic = "t"\ntype = "yes_no"\ntext = "Sure?"\n'


def test_a_file_without_end_or_bottom_is_refused_in_words():
    [problem] = problems_of(HEAD + "#" * LONGEST_FILE)
    assert "half a million characters" in problem.remedy
    [problem] = problems_of(HEAD + "a = " + "[" * 100_000)
    assert problem.remedy


@pytest.mark.parametrize(
    ("toml", "line", "key", "remedy"),
    [
        ('title = "T\n', 1, "", "not TOML"),
        ("min_group = 3\n" + GOOD, None, "title", "empty"),
        (HEAD + 'mode = "secret"\n' + GOOD, 2, "mode", "named, confidential, anonymous"),
        (HEAD + "min_group = 2\n" + GOOD, 2, "min_group", "from 3"),
        (HEAD + "min_group = true\n" + GOOD, 2, "min_group", "whole number"),
        (HEAD + 'tilte = "x"\n' + GOOD, 2, "tilte", "‘title’ was meant"),
        (HEAD, None, "questions", r"\[\[questions\]\]"),
        (HEAD + "questions = 3\n", 2, "questions", r"\[\[questions\]\]"),
        (HEAD + GOOD + GOOD, 8, "key", "already has the key"),
        (HEAD + GOOD.replace('"a"', '"Not a key"'), 3, "key", "small letters"),
        (HEAD + GOOD.replace('"a"', '"person"'), 3, "key", "Choose another key"),
        (HEAD + GOOD.replace("yes_no", "essay"), 5, "type", "choice, choices, yes_no"),
        (HEAD + GOOD.replace('text = "Really?"', "text = 7"), 6, "text", "has to be text"),
        (HEAD + GOOD.replace('text = "Really?"', 'wording = { sales = "x" }'), 6, "wording", "marketing"),
        (HEAD + GOOD + 'wording = { sales = "x", marketing = "y" }\n', 6, "text", "not both"),
        (HEAD + GOOD + "points = 5\n", 7, "points", "type yes_no has no"),
        (HEAD + GOOD + "requierd = false\n", 7, "requierd", "‘required’ was meant"),
        (HEAD + GOOD + 'required = "no"\n', 7, "required", "true or false"),
        (HEAD + GOOD.replace("yes_no", "choice") + 'options = ["one"]\n', 7, "options", "at least two"),
        (HEAD + GOOD.replace("yes_no", "choice") + 'options = ["one", "one"]\n', 7, "options", "the same"),
        (HEAD + GOOD.replace("yes_no", "choices") + 'options = ["a|b", "c"]\n', 7, "options", "‘|’"),
        (HEAD + GOOD.replace("yes_no", "choice"), 2, "options", "at least two"),
        (HEAD + GOOD.replace("yes_no", "scale") + "points = 12\n", 7, "points", "2 to 11"),
        (HEAD + GOOD.replace("yes_no", "scale") + 'ends = ["low"]\n', 7, "ends", "two ends"),
        (HEAD + GOOD.replace("yes_no", "number") + 'minimum = "one"\n', 7, "minimum", "a number"),
        (
            HEAD + GOOD.replace("yes_no", "number") + "minimum = 5\nmaximum = 5\n",
            8,
            "maximum",
            "above the minimum",
        ),
        (HEAD + '[topics]\nu = "Nothing"\n' + GOOD, 3, "topics.u", "No question has this topic"),
        (HEAD + 'pace = "slow"\n' + GOOD, 2, "pace", "question, section"),
        (HEAD + 'importance = ["u"]\n' + GOOD, 2, "importance", "No question has the topic"),
        (HEAD + 'language = "English"\n' + GOOD, 2, "language", "code of a language"),
        (HEAD + '[translations.en]\ntitle = "T"\n' + GOOD, 2, "translations.en", "own language"),
        (HEAD + '[translations.de]\ntitel = "T"\n' + GOOD, 3, "translations.de.titel", "‘title’"),
        (
            HEAD + GOOD + '[questions.translations.de]\nends = ["a", "b"]\n',
            8,
            "translations.de.ends",
            "scale",
        ),
        (
            HEAD + CHOICE + '[questions.translations.de]\noptions = ["x"]\n',
            9,
            "translations.de.options",
            "2 answers",
        ),
        (HEAD + CHOICE.replace("choice", "ranking") + "top = 3\n", 8, "top", "1 to 2"),
        (HEAD + CHOICE.replace("choice", "ranking").replace('"x"', '"x > y"'), 7, "options", "‘>’"),
        (HEAD + GOOD.replace("yes_no", "rule") + "guess = true\n", 7, "guess", "type rule has no"),
        (HEAD + GOOD.replace("yes_no", "lead_cards") + "count = 0\n", 7, "count", "from 1"),
        (HEAD + GOOD.replace("yes_no", "lead_cards") + 'fields = [""]\n', 7, "fields", "List lead fields"),
        (HEAD + GOOD + "field = 3\n", 7, "field", 'field = "employees"'),
        (HEAD + GOOD + 'field = " employees"\n', 7, "field", "Name one lead field"),
        (HEAD + GOOD.replace("yes_no", "text") + 'field = "employees"\n', 7, "field", "type text has no"),
        (HEAD + "consensus = 0.7\n" + GOOD, 2, "consensus", r"consensus = \{ agree = 0.7"),
        (HEAD + "consensus = { agreed = 0.7 }\n" + GOOD, 2, "consensus", r"consensus = \{ agree = 0.7"),
        (HEAD + 'consensus = { agree = "70%" }\n' + GOOD, 2, "consensus.agree", "number"),
        (HEAD + "consensus = { agree = 70 }\n" + GOOD, 2, "consensus", "above 0.5 and at most 1"),
        (HEAD + "consensus = { out = 0.8 }\n" + GOOD, 2, "consensus", "below ‘agree’"),
        (HEAD + "consensus = { oppose = 0 }\n" + GOOD, 2, "consensus", "above 0 and at most 0.5"),
        (HEAD + GOOD + ASK + 'ask_if = "a"\n', 12, "ask_if", "ask_if = {"),
        (HEAD + GOOD + ASK + 'ask_if = { question = "a" }\n', 12, "ask_if", "any_of"),
        (
            HEAD + GOOD + ASK + 'ask_if = { question = "c", any_of = [true] }\n',
            12,
            "ask_if",
            "no question ‘c’",
        ),
        (
            HEAD + GOOD + ASK + 'ask_if = { question = "b", any_of = [true] }\n',
            12,
            "ask_if",
            "not asked before",
        ),
        (
            HEAD + GOOD + ASK + 'ask_if = { question = "a", any_of = ["yes"] }\n',
            12,
            "ask_if",
            "offers: true, false",
        ),
        (HEAD + GOOD + ASK + 'ask_if = { question = "a", at_least = 3 }\n', 12, "ask_if", "no numbers"),
        (
            HEAD + GOOD + ASK + 'ask_if = { question = "a", at_least = 3, at_most = 2 }\n',
            12,
            "ask_if.at_most",
            "above",
        ),
    ],
)
def test_every_mistake_gets_line_key_and_remedy(toml, line, key, remedy):
    (problem,) = problems_of(toml)
    assert (problem.line, problem.key) == (line, key)

    assert re.search(remedy, problem.remedy), problem.remedy


def test_what_counts_as_agreement_and_the_lead_field_are_read_and_always_and_only_where_given_written():
    usual = read_toml(HEAD + GOOD)
    assert usual.consensus == ConsensusRule(0.7, 0.15, 0.5) and usual.questions[0].field == ""
    assert "consensus = { agree = 0.7, oppose = 0.15, out = 0.5 }" in write_toml(usual)
    assert "field" not in write_toml(usual)
    own = read_toml(HEAD + "consensus = { agree = 0.8 }\n" + GOOD + 'field = "demo_requested"\n')
    assert own.consensus == ConsensusRule(0.8, 0.15, 0.5) and own.questions[0].field == "demo_requested"
    assert read_toml(write_toml(own)) == own


def test_the_rule_for_agreement_reads_as_a_sentence():
    assert ConsensusRule(2 / 3, 0.1, 0.5).sentence == (
        "The teams agree on something when at least 66.67% of each are for it and fewer than 10% of each against; they agree "
        "to leave it out when at most 50% of each are for it."
    )


def test_all_mistakes_are_told_at_once():
    found = problems_of(
        HEAD + 'mode = "secret"\n' + GOOD.replace("yes_no", "essay") + GOOD.replace('"a"', '"B"')
    )
    assert [(p.line, p.key) for p in found] == [(2, "mode"), (6, "type"), (9, "key")]


def test_lines_are_right_behind_text_of_several_lines():
    toml = (
        HEAD + 'introduction = """\nkey = "not a key"\n[[questions]]\n"""\n' + GOOD.replace("yes_no", "essay")
    )
    (problem,) = problems_of(toml)
    assert problem.line == toml.splitlines().index('type = "essay"') + 1


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_the_reader_stumble(text):
    try:
        read_toml(text)
    except InvalidQuestionnaire as refused:
        assert refused.problems and str(refused)


@settings(deadline=None)
@given(questionnaires())
def test_a_questionnaire_survives_being_written_and_read(asked):
    assert read_toml(write_toml(asked)) == asked
    assert from_document(json.loads(json.dumps(to_document(asked)))) == asked


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(deadline=None)
@given(questionnaires(), st.data())
def test_an_answer_that_is_offered_passes_and_passing_again_changes_nothing(asked, data):
    for q in asked.questions:
        value = data.draw(answers_to(q))
        checked = check_answer(q, value)
        assert check_answer(q, checked) == checked
        assert (checked is None) == (value is None)


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        (question(QuestionType.CHOICE, options=("a", "b")), "c"),
        (question(QuestionType.CHOICE, options=("a", "b")), ["a"]),
        (question(QuestionType.CHOICES, options=("a", "b")), []),
        (question(QuestionType.CHOICES, options=("a", "b")), ["a", "c"]),
        (question(QuestionType.CHOICES, options=("a", "b")), "a"),
        (question(QuestionType.CHOICES, options=("a", "b")), [["a"]]),
        (question(QuestionType.YES_NO), 1),
        (question(QuestionType.YES_NO), "yes"),
        (question(QuestionType.SCALE), 0),
        (question(QuestionType.SCALE), 6),
        (question(QuestionType.SCALE), True),
        (question(QuestionType.SCALE), 2.0),
        (question(QuestionType.NUMBER), "5"),
        (question(QuestionType.NUMBER), True),
        (question(QuestionType.NUMBER), math.nan),
        (question(QuestionType.NUMBER), math.inf),
        (question(QuestionType.NUMBER), 10**400),
        (question(QuestionType.NUMBER, minimum=0, maximum=10), -0.1),
        (question(QuestionType.NUMBER, minimum=0, maximum=10), 10.1),
        (question(QuestionType.RANKING, options=("a", "b")), []),
        (question(QuestionType.RANKING, options=("a", "b")), ["a", "a"]),
        (question(QuestionType.RANKING, options=("a", "b")), ["a", "c"]),
        (question(QuestionType.RANKING, options=("a", "b"), top=1), ["a", "b"]),
        (question(QuestionType.RULE), {"version": 1}),
        (question(QuestionType.RULE), "employees > 5"),
        (question(QuestionType.RULE), {"version": 1, "all": [{"field": "a", "op": "like", "value": "b"}]}),
        (question(QuestionType.LEAD_CARDS), {}),
        (question(QuestionType.LEAD_CARDS), {"13": {"verdict": "qualified"}}),
        (question(QuestionType.LEAD_CARDS), {"0": {"verdict": "qualified"}}),
        (question(QuestionType.LEAD_CARDS), {"1": {"verdict": "good"}}),
        (question(QuestionType.LEAD_CARDS), {"1": "qualified"}),
        (question(QuestionType.LEAD_CARDS), {"1": {"verdict": "qualified", "score": 5}}),
        (question(QuestionType.TEXT), "   "),
        (question(QuestionType.TEXT), "x" * 2001),
        (question(QuestionType.TEXT), "bell \x07"),
        (question(QuestionType.TEXT), {"a": 1}),
    ],
)
def test_what_a_question_does_not_offer_is_refused_and_the_question_named(asked, value):
    with pytest.raises(InvalidInput, match="‘What\\?’"):
        check_answer(asked, value)


def test_bounds_are_told_with_their_unit():
    with pytest.raises(InvalidInput, match=r"300 is out of bounds\. Please give from 0 to 240 hours"):
        check_answer(question(QuestionType.NUMBER, minimum=0.0, maximum=240.0, unit="hours"), 300)


def test_several_choices_come_back_in_the_order_of_the_questionnaire():
    asked = question(QuestionType.CHOICES, options=("a", "b", "c"))
    assert check_answer(asked, ["c", "a", "c"]) == ["a", "c"]


def test_cannot_say_is_an_answer_and_no_answer_is_none():
    asked = templates.template("pulse")
    required = [q for q in asked.questions if q.required]
    assert missing_questions(asked, {}) == tuple(required)
    assert missing_questions(asked, {q.key: None for q in required}) == ()


def progress_with(asked: Questionnaire, answers: dict) -> Progress:
    return Progress(
        Survey("s", None, "", asked, SurveyStatus.OPEN, "", None, None, 1), Team.SALES, answers, False
    )


def test_one_goes_on_behind_the_last_answer_and_is_led_back_only_to_what_is_required():
    needed = question(QuestionType.YES_NO)
    optional = replace(needed, key="optional", required=False)
    last = replace(needed, key="last")
    asked = Questionnaire("T", Mode.NAMED, 3, (needed, optional, last))
    for answers, expected in (
        ({}, "q"),
        ({"q": True}, "optional"),
        ({"q": True, "optional": True}, "last"),
        ({"q": True, "last": True}, "last"),
        ({"optional": True}, "q"),
        ({"optional": True, "last": None}, "q"),
    ):
        assert progress_with(asked, answers).stopped_at.key == expected, answers


def test_a_question_is_asked_only_if_its_condition_holds_and_then_so_is_what_depends_on_it():
    first = question(QuestionType.CHOICE, options=("a", "b"))
    second = replace(question(QuestionType.SCALE), key="second", ask_if=Condition("q", ("a",)), guess=True)
    third = replace(question(), key="third", topic="u", ask_if=Condition("second", (), 3, None))
    asked = Questionnaire("T", Mode.NAMED, 3, (first, second, third), importance=("t", "u"))
    for answers, expected in (
        ({}, ["q", "importance:t"]),
        ({"q": None}, ["q", "importance:t"]),
        ({"q": "b", "second": 5}, ["q", "importance:t"]),
        ({"q": "a", "second": 2}, ["q", "second", "guess:second", "importance:t"]),
        ({"q": "a", "second": 3}, ["q", "second", "guess:second", "importance:t", "third", "importance:u"]),
    ):
        assert [q.key for q in asked.asked(answers)] == expected, answers
    assert counted_answers(asked, {"q": "b", "second": 5, "third": "kept, but not counted"}) == {"q": "b"}
    assert [q.key for q in missing_questions(asked, {"q": "a"})] == ["second"]


def test_lead_cards_are_answered_when_every_card_is_judged():
    cards = question(QuestionType.LEAD_CARDS, count=2)
    one = {"1": {"verdict": "qualified", "reason": " fits "}}
    assert check_answer(cards, one) == {"1": {"verdict": "qualified", "reason": "fits"}}
    assert not is_complete(cards, {"q": one})
    assert is_complete(cards, {"q": {**one, "2": {"verdict": "cant_tell"}}})
    assert is_complete(cards, {"q": None})


def test_texts_in_another_language_fall_back_and_leave_the_answers_alone():
    asked = read_toml(
        """
title = "Leads"
[translations.de]
title = "Anfragen"
[[questions]]
key = "a"
topic = "t"
type = "choice"
options = ["yes, always", "never"]
text = "Really?"
help = "Think."
[questions.translations.de]
text = "Wirklich?"
options = ["ja, immer", "nie"]
"""
    )
    german = asked.in_language("de")
    assert asked.languages == ("en", "de")
    assert german.title == "Anfragen"
    assert german.question("a").wording[Team.SALES] == "Wirklich?"
    assert german.question("a").help == "Think."
    assert german.question("a").label_of("never") == "nie"
    assert check_answer(german.question("a"), "never") == "never"
    assert asked.in_language("fr") == asked


def test_named_confidential_anonymous_is_the_order_of_strictness():
    assert sorted(Mode, key=lambda mode: mode.strictness) == [Mode.NAMED, Mode.CONFIDENTIAL, Mode.ANONYMOUS]
