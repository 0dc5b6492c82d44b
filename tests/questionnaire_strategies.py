"""Any questionnaire that the portal can hold, and any answer that its questions offer."""

from hypothesis import strategies as st

from alignment.people import Team
from alignment.questionnaires import Mode, Question, Questionnaire, QuestionType
from alignment.texts import optional_text

_letters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="|\u2028\u2029\x85")


def texts(longest: int = 40) -> st.SearchStrategy[str]:
    """Trimmed text in one line, as the portal keeps it."""
    return (
        st.text(_letters, min_size=1, max_size=longest)
        .map(lambda text: optional_text(text, "x"))
        .filter(lambda text: 0 < len(text) <= longest)
    )


keys = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True).filter(
    lambda key: key not in ("person", "team")
)
numbers = st.floats(-1e9, 1e9, allow_nan=False)


@st.composite
def questions(draw: st.DrawFn, key: str, topic: str) -> Question:
    """Any question with this key and topic."""
    kind = draw(st.sampled_from(QuestionType))
    wording = {Team.SALES: draw(texts()), Team.MARKETING: draw(texts())}
    more: dict = {
        "help": draw(st.just("") | texts()),
        "title": draw(st.just("") | texts()),
        "required": draw(st.booleans()),
    }
    match kind:
        case QuestionType.CHOICE | QuestionType.CHOICES:
            more["options"] = tuple(draw(st.lists(texts(), min_size=2, max_size=6, unique=True)))
        case QuestionType.SCALE:
            more["points"] = draw(st.integers(2, 11))
            more["ends"] = (draw(texts()), draw(texts()))
        case QuestionType.NUMBER:
            low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
            more["minimum"] = draw(st.none() | st.just(low))
            more["maximum"] = draw(st.none() | st.just(high))
            more["unit"] = draw(st.just("") | texts())
    return Question(key, topic, kind, wording, **more)


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    """Any questionnaire of a few questions."""
    topics = draw(st.lists(keys, min_size=1, max_size=3, unique=True))
    named = draw(st.lists(keys, min_size=1, max_size=5, unique=True))
    asked = tuple(draw(questions(key, draw(st.sampled_from(topics)))) for key in named)
    used = sorted({question.topic for question in asked})
    headings = {topic: draw(texts()) for topic in used if draw(st.booleans())}
    return Questionnaire(
        draw(texts()),
        draw(st.sampled_from(Mode)),
        draw(st.integers(3, 50)),
        asked,
        draw(st.just("") | texts()),
        headings,
    )


def answers_to(question: Question) -> st.SearchStrategy:
    """Any answer that the question offers, 'can't say' (None) included."""
    match question.type:
        case QuestionType.CHOICE:
            said = st.sampled_from(question.options)
        case QuestionType.CHOICES:
            said = st.lists(st.sampled_from(question.options), min_size=1, unique=True)
        case QuestionType.YES_NO:
            said = st.booleans()
        case QuestionType.SCALE:
            said = st.integers(1, question.points)
        case QuestionType.NUMBER:
            low = -1e12 if question.minimum is None else question.minimum
            high = 1e12 if question.maximum is None else question.maximum
            said = st.floats(low, high, allow_nan=False)
        case _:
            said = texts(200)
    return st.none() | said
