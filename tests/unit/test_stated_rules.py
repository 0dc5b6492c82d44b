"""An answer about a lead field is a rule: from the median on, one of what most of a team gave, yes where most say so."""

import pytest

from alignment.disagreement import Distribution
from alignment.disagreement.stated_rules import stated_rules
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.rules import Condition, Operator, Rule

SALES, MARKETING = Team.SALES, Team.MARKETING


def question(kind, field="employees", options=("a", "b", "c")):
    return Question("q", "t", QuestionType(kind), dict.fromkeys(Team, "?"), options=options, field=field)


def given(labels=(), counts=(), answered=10, cant_say=0, median=None):
    shares = tuple(count / answered for count in counts)
    return Distribution(tuple(labels), tuple(counts), shares, answered, cant_say, median=median)


def rules_of(kind, sales, marketing=None, field="employees"):
    found = stated_rules(question(kind, field), {SALES: sales, MARKETING: marketing or sales})
    return [None if rule is None else rule.root for rule in (found[SALES], found[MARKETING])]


def test_a_number_asks_for_the_median_or_more_even_where_the_team_is_divided():
    assert rules_of("number", given(median=50.0), given(median=7.5)) == [
        Condition("employees", Operator.AT_LEAST, 50),
        Condition("employees", Operator.AT_LEAST, 7.5),
    ]
    whole = stated_rules(question("number"), dict.fromkeys(Team, given(median=50.0)))[SALES]
    assert isinstance(whole.root.value, int)


def test_a_team_of_which_half_cannot_say_asks_for_no_number():
    assert rules_of("number", given(median=50.0, cant_say=5), given(median=50.0, cant_say=4))[0] is None
    assert rules_of("number", given(median=50.0, cant_say=4))[0] is not None


def test_without_a_median_of_both_teams_no_rule_of_either_is_told():
    numbers = {SALES: given(median=50.0), MARKETING: given()}
    assert stated_rules(question("number"), numbers) == {}


@pytest.mark.parametrize("kind", ["choice", "choices"])
def test_options_count_that_more_than_half_of_everybody_who_answered_gave(kind):
    assert rules_of(kind, given("abc", (6, 5, 0)), given("abc", (0, 5, 5), cant_say=3)) == [
        Condition("employees", Operator.EQUAL, "a"),
        None,
    ]


def test_several_options_are_one_of_them_in_the_order_of_the_question():
    assert rules_of("choices", given("abc", (9, 2, 7)))[0] == Condition("employees", Operator.IN, ("a", "c"))


def test_yes_asks_for_it_and_no_asks_for_nothing():
    yes, no = given(("yes", "no"), (6, 4)), given(("yes", "no"), (5, 5))
    assert rules_of("yes_no", yes, no) == [Condition("employees", Operator.EQUAL, True), None]


@pytest.mark.parametrize(
    ("kind", "field", "seen"),
    [("scale", "employees", True), ("number", "", True), ("choice", "employees", False), ("rule", "", True)],
)
def test_opinions_questions_without_a_field_and_hidden_answers_have_no_rule(kind, field, seen):
    answers = dict.fromkeys(Team, given("abc", (9, 1, 0), median=3.0)) if seen else None
    assert stated_rules(question(kind, field), answers) == {}


def test_the_rules_stand_in_the_comparison_and_not_where_a_team_is_too_small():
    from alignment.disagreement import compare
    from alignment.questionnaires import Mode, Questionnaire, Response

    asked = Questionnaire("T", Mode.CONFIDENTIAL, 3, (question("number"), question("choice", "")))
    people = [Response(f"{team}{n}", team, {"q": 10.0 * n}) for team in Team for n in range(5)]
    found = compare(asked, people).question("q")
    assert found.typical_rules == dict.fromkeys(Team, Rule(Condition("employees", Operator.AT_LEAST, 20)))
    hidden = compare(asked, people[:7]).question("q")
    assert hidden.hidden and hidden.typical_rules == {}
