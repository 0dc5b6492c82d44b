"""Quiz questions have one right answer, which is what was agreed; the same seed draws the same ones."""

import re
from dataclasses import replace
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.glossary import TeamWords
from alignment.people import Team
from alignment.quiz import LENGTH, QuizTerm, draw_quiz
from alignment.rules import parse

RULE = parse(
    {
        "version": 1,
        "all": [
            {"field": "employees", "op": ">=", "value": 50},
            {"field": "demo_requested", "op": "=", "value": True},
        ],
    }
)
FACTS = (("Employees", "80"), ("Demo", "yes"))
MQL = QuizTerm(
    "mql",
    "MQL",
    "An MQL works for at least 50 people. It is handed over within two days.",
    RULE,
    {
        Team.SALES: TeamWords(("Hot lead",), "Somebody who asked for a price."),
        Team.MARKETING: TeamWords(("Prospect",), "Somebody who downloaded a guide."),
    },
    ((FACTS, True, "Large enough."), ((("Employees", "4"),), False, "")),
)
MQL_IN_WORDS = QuizTerm(
    "mql",
    "MQL",
    "An MQL asked for a demo.",
    words={team: TeamWords(words.called) for team, words in MQL.words.items()},
)
"""Few questions name it, so that its name can be asked for."""
GLOSSARY = (
    MQL,
    QuizTerm("sal", "SAL", "Sales takes it on."),
    QuizTerm("sql", "SQL"),
    QuizTerm("lead", "Lead"),
)
TEXTS = st.lists(
    st.sampled_from(
        ["at least 50", "1,200 people.", "two days", "2024", "3.5 stars", "It is a MQL", "10%", "!"]
    ),
    max_size=6,
).map(" ".join)


@st.composite
def glossaries(draw):
    names = draw(st.lists(st.text(min_size=1, max_size=8), max_size=5, unique_by=str.casefold))
    return [
        QuizTerm(
            f"key_{number}",
            name,
            draw(TEXTS),
            draw(st.sampled_from([None, RULE])),
            {
                team: TeamWords(
                    tuple(draw(st.lists(st.sampled_from(["Hot", "hot", "Warm", name]), max_size=2))),
                    draw(st.sampled_from(["", "One thing", "Another"])),
                )
                for team in Team
            },
            draw(st.sampled_from([(), MQL.examples])),
        )
        for number, name in enumerate(names)
    ]


def drawn(terms=GLOSSARY, seeds=20):
    """Every question of the quizzes of so many seeds."""
    return [question for seed in range(seeds) for question in draw_quiz(terms, seed).questions]


@settings(max_examples=150)
@given(glossaries(), st.integers(0, 2**31))
def test_each_question_has_options_of_which_one_is_right(terms, seed):
    quiz = draw_quiz(terms, seed)
    assert len(quiz.questions) <= LENGTH
    agreed = {term.key for term in terms if term.text}
    for question in quiz.questions:
        assert question.term_key in agreed
        assert 2 <= len(question.options) <= 4
        assert len({option.casefold() for option in question.options}) == len(question.options)
        assert 0 <= question.right < len(question.options)
    assert len({(q.prompt, q.detail, q.facts) for q in quiz.questions}) == len(quiz.questions)
    assert draw_quiz(terms, seed) == quiz
    assert quiz.correct([question.right for question in quiz.questions]) == len(quiz.questions)
    assert quiz.correct([None] * len(quiz.questions)) == 0


def test_the_right_answer_is_what_was_agreed():
    expected = {
        "threshold": ("50",),
        "gap": ("50", "two"),
        "former_name": ("MQL",),
        "name": ("MQL", "SAL"),
        "meaning": ("Sales", "Marketing"),
        "lead": ("Yes", "No"),
    }
    found = drawn() + drawn((MQL_IN_WORDS, *GLOSSARY[1:]))
    assert {question.kind for question in found} == set(expected)
    for question in found:
        right = question.options[question.right]
        assert right in expected[question.kind]
        if question.kind == "gap":
            assert question.detail.replace("▁▁▁", right) in MQL.text
        if question.kind == "lead":
            assert right == ("Yes" if question.facts == FACTS else "No")


def words_of(*texts):
    """The words of texts as one reads them, number words as digits."""
    digits = {"two": "2", "three": "3"}
    told = re.findall(r"\w+", " ".join(texts).casefold().replace(",", ""))
    return [digits.get(word, word) for word in told]


@settings(max_examples=150)
@given(glossaries() | st.just(list(GLOSSARY)), st.integers(0, 2**31))
def test_no_question_gives_the_answer_to_another_away(terms, seed):
    """A name stands in no other prompt, a number in nothing that is shown of the same term."""
    for one, other in permutations(draw_quiz(terms, seed).questions, 2):
        [*right] = words_of(answer := one.options[one.right])
        if one.kind in ("name", "former_name") and answer.isascii() and answer.isalnum():
            assert right[0] not in words_of(other.prompt)
        if one.kind in ("gap", "threshold") and one.term_key == other.term_key:
            assert right[0] not in words_of(other.prompt, other.detail, other.because)
        if one.kind == other.kind == "meaning":
            assert one.term_key != other.term_key


def test_one_agreed_term_still_gives_questions_of_three_kinds():
    """One for its name would rule out all the others."""
    for seed in range(20):
        questions = draw_quiz((MQL, *GLOSSARY[2:]), seed).questions
        assert {"gap", "meaning", "lead"} <= {question.kind for question in questions}


def test_a_question_for_the_term_does_not_name_it():
    texts = [
        question.detail
        for question in drawn((replace(MQL_IN_WORDS, words={}), *GLOSSARY[1:]))
        if question.kind == "name"
    ]
    assert any("asked for a demo" in text for text in texts)
    assert not any("MQL" in text for text in texts)


def test_how_a_definition_begins_does_not_give_the_term_away():
    text = "A sales accepted lead is an MQL that sales takes on. It is called within a day."
    terms = [QuizTerm("sal", "SAL", text), *(term for term in GLOSSARY if term.key not in ("sal", "mql"))]
    names = {question.detail for question in drawn(terms) if question.kind == "name"}
    assert "▁▁▁ is an MQL that sales takes on. It is called within a day." in names


def test_a_name_that_stood_for_two_things_is_not_asked_for():
    other = QuizTerm("sal", "SAL", "Sales takes it on.", None, {Team.SALES: TeamWords(("hot LEAD",))})
    terms = [MQL, other, *GLOSSARY[2:]]
    prompts = {question.prompt for question in drawn([MQL_IN_WORDS, *terms[1:]])}
    assert any("Prospect" in prompt for prompt in prompts)
    assert not any("ot lead" in prompt.casefold() for prompt in prompts)


def test_a_quiz_has_as_many_kinds_of_questions_as_there_are():
    kinds = [len({question.kind for question in draw_quiz(GLOSSARY, seed).questions}) for seed in range(20)]
    assert min(kinds) >= LENGTH - 2 and max(kinds) == LENGTH


def test_nothing_agreed_gives_no_questions():
    assert draw_quiz([QuizTerm("mql", "MQL")], 1).questions == ()


def test_another_wording_is_another_quiz():
    changed = QuizTerm("mql", "MQL", "An MQL works for at least 90 people.", RULE, MQL.words, MQL.examples)
    assert draw_quiz(GLOSSARY, 1).fingerprint != draw_quiz((changed, *GLOSSARY[1:]), 1).fingerprint
