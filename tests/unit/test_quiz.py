"""Quiz questions have one right answer, which is what was agreed; the same seed draws the same ones."""

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


def asked(seed, terms=GLOSSARY, length=50):
    return {question.kind: question for question in draw_quiz(terms, seed, length).questions}


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
    for seed in range(20):
        found = asked(seed)
        right = {kind: question.options[question.right] for kind, question in found.items()}
        assert right["threshold"] == "50"
        assert right["gap"] in ("50", "two")
        assert found["gap"].detail.replace("▁▁▁", right["gap"]) in MQL.text
        assert right["former_name"] == "MQL"
        assert right["name"] in ("MQL", "SAL")
        assert right["meaning"] in ("Sales", "Marketing")
        assert right["lead"] == ("Yes" if found["lead"].facts == FACTS else "No")


def test_a_question_for_the_term_does_not_name_it():
    texts = [question.detail for seed in range(20) for question in [asked(seed)["name"]]]
    assert not any("MQL" in text for text in texts)


def test_how_a_definition_begins_does_not_give_the_term_away():
    text = "A sales accepted lead is an MQL that sales takes on. It is called within a day."
    terms = [QuizTerm("sal", "SAL", text), *(term for term in GLOSSARY if term.key not in ("sal", "mql"))]
    assert asked(1, terms)["name"].detail == "▁▁▁ is an MQL that sales takes on. It is called within a day."


def test_a_name_that_stood_for_two_things_is_not_asked_for():
    other = QuizTerm("sal", "SAL", "Sales takes it on.", None, {Team.SALES: TeamWords(("hot LEAD",))})
    terms = [MQL, other, *GLOSSARY[2:]]
    prompts = {q.prompt for seed in range(10) for q in draw_quiz(terms, seed, 50).questions}
    assert any("Prospect" in prompt for prompt in prompts)
    assert not any("ot lead" in prompt.casefold() for prompt in prompts)


def test_a_quiz_has_as_many_kinds_of_questions_as_there_are():
    assert len({question.kind for question in draw_quiz(GLOSSARY, 3).questions}) == LENGTH


def test_nothing_agreed_gives_no_questions():
    assert draw_quiz([QuizTerm("mql", "MQL")], 1).questions == ()


def test_another_wording_is_another_quiz():
    changed = QuizTerm("mql", "MQL", "An MQL works for at least 90 people.", RULE, MQL.words, MQL.examples)
    assert draw_quiz(GLOSSARY, 1).fingerprint != draw_quiz((changed, *GLOSSARY[1:]), 1).fingerprint
