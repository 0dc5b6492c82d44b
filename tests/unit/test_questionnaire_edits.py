"""Editing a questionnaire: whatever is done to it, it stays one that can be asked, kept and read back."""

from dataclasses import replace

import pytest
import questionnaire_strategies as strategies
from hypothesis import given
from hypothesis import strategies as st

from alignment import questionnaire_edits as edits
from alignment import templates
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaire_files import from_document, read_toml, to_document, write_toml
from alignment.questionnaires import Condition, Mode, Pace, QuestionTranslation, QuestionType, Translation

QUALIFIED = templates.template("qualified_lead")


def written(*kinds, guess=False):
    """A questionnaire with a question of each kind: question_1 (two answers), then one per kind, in one section."""
    made = edits.blank_questionnaire("About leads")
    for kind in kinds:
        made, key = edits.add_question(made, kind, "questions")
        if guess:
            made = edits.change_question(made, key, guess=True)
    return made


def with_section(questionnaire, title):
    """The questionnaire with another section, and the section's key."""
    made, key = edits.add_section(questionnaire, title)
    return made, made.question(key).topic


def keys(questionnaire):
    return [question.key for section in questionnaire.sections for question in section.questions]


def depending(questionnaire, key, on, **condition):
    return edits.change_question(questionnaire, key, ask_if=Condition(on, **condition))


# ── the law: any edit of any questionnaire gives a valid one ─────────────────────────────────────────────────────────


@st.composite
def edited(draw, questionnaire):
    """One edit of the questionnaire, chosen and filled in at random; what is refused leaves it as it was."""
    key = draw(st.sampled_from([question.key for question in questionnaire.questions]))
    topic = draw(st.sampled_from([section.key for section in questionnaire.sections]))
    other = draw(st.sampled_from(list(questionnaire.questions)))
    kind = draw(st.sampled_from(QuestionType))
    text = draw(strategies.maybe)
    language = draw(strategies.languages)
    by = draw(st.sampled_from([-1, 1]))
    drop = draw(st.booleans())
    words = {team: draw(strategies.maybe) for team in Team}
    options = tuple(draw(st.lists(strategies.maybe, max_size=5)))
    number = draw(st.integers(-2, 45))
    condition = draw(st.none() | strategies.conditions_on(other))
    steps = [
        lambda: edits.add_question(questionnaire, kind, topic, after=key)[0],
        lambda: edits.change_type(questionnaire, key, kind),
        lambda: edits.rename_question(questionnaire, key, draw(strategies.keys)),
        lambda: edits.duplicate_question(questionnaire, key)[0],
        lambda: edits.delete_question(questionnaire, key, drop_conditions=drop),
        lambda: edits.move_question(questionnaire, key, topic=topic, place=number),
        lambda: edits.shift_question(questionnaire, key, by),
        lambda: edits.add_section(questionnaire, text, kind, after=topic)[0],
        lambda: edits.rename_section(questionnaire, topic, text),
        lambda: edits.shift_section(questionnaire, topic, by),
        lambda: edits.delete_section(questionnaire, topic, drop_conditions=drop),
        lambda: edits.change_head(
            questionnaire,
            title=text,
            introduction=draw(strategies.maybe),
            mode=draw(st.sampled_from(Mode)),
            min_group=number,
            pace=draw(st.sampled_from(Pace)),
            importance=[topic],
        ),
        lambda: edits.change_language(questionnaire, language),
        lambda: edits.add_language(questionnaire, language),
        lambda: edits.remove_language(questionnaire, language),
        lambda: edits.translate_head(questionnaire, language, title=text, topics={topic: text}),
        lambda: edits.translate_question(
            questionnaire, key, language, wording=words, help=text, options=options, ends=(text, text)
        ),
        lambda: edits.change_question(questionnaire, key, wording=words, help=text, title=text),
        lambda: edits.change_question(questionnaire, key, options=options),
        lambda: edits.change_question(questionnaire, key, points=number, ends=("low", text), top=number),
        lambda: edits.change_question(questionnaire, key, minimum=float(number), maximum=10.0, unit=text),
        lambda: edits.change_question(questionnaire, key, count=number, fields=("employees",)),
        lambda: edits.change_question(questionnaire, key, required=drop, guess=True),
        lambda: edits.change_question(questionnaire, key, ask_if=condition),
    ]
    try:
        return draw(st.sampled_from(steps))()
    except InvalidInput as refusal:
        assert str(refusal).endswith((".", "?")) and "questions." not in str(refusal)
        return questionnaire


@given(strategies.questionnaires(), st.data())
def test_any_sequence_of_edits_gives_a_questionnaire_that_can_be_kept_and_written(questionnaire, data):
    for _ in range(data.draw(st.integers(1, 8))):
        questionnaire = data.draw(edited(questionnaire))
        assert from_document(to_document(questionnaire)) == questionnaire
    assert read_toml(write_toml(questionnaire)) == questionnaire
    assert set(keys(questionnaire)) == {question.key for question in questionnaire.questions}


@given(strategies.questionnaires(), st.data())
def test_moving_there_and_back_again_changes_nothing_that_is_asked(questionnaire, data):
    key = data.draw(st.sampled_from(keys(questionnaire)))
    by = data.draw(st.sampled_from([-1, 1]))
    try:
        moved = edits.shift_question(questionnaire, key, by)
        back = edits.shift_question(moved, key, -by)
    except InvalidInput:
        return
    if moved.sections != questionnaire.sections and len(moved.sections) == len(questionnaire.sections):
        assert back.sections == questionnaire.sections


@given(strategies.questionnaires())
def test_what_did_not_change_is_no_correction(questionnaire):
    found = edits.corrections(questionnaire, questionnaire)
    assert found.corrections == () and found.incomparable == ()


def said(questionnaire):
    """Everything that the questionnaire says, in the order in which it is asked."""
    return replace(
        questionnaire,
        translations={
            language: questionnaire.translations.get(language, Translation())
            for language in questionnaire.languages[1:]
        },
        questions=tuple(
            replace(q, translations={k: v for k, v in q.translations.items() if v != QuestionTranslation()})
            for section in questionnaire.sections
            for q in section.questions
        ),
    )


@given(strategies.questionnaires(), st.data())
def test_every_edit_that_changes_what_is_said_is_seen(questionnaire, data):
    after = data.draw(edited(questionnaire))
    found = edits.corrections(questionnaire, after)
    same = said(after) == said(questionnaire)
    assert bool(found.corrections or found.incomparable) is not same


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", QuestionType)
def test_a_question_of_each_type_can_be_added_and_is_marked_as_not_yet_written(kind):
    made, key = edits.add_question(edits.blank_questionnaire("x"), kind, "questions")
    question = made.question(key)
    assert question.type is kind and keys(made) == ["question_1", "question_2"]
    ready = kind in (QuestionType.RULE, QuestionType.LEAD_CARDS)  # these say themselves what is asked
    assert edits.is_unwritten(question) is not ready


def test_a_question_is_put_after_the_one_that_is_open():
    made = written(QuestionType.TEXT)
    made, key = edits.add_question(made, QuestionType.SCALE, "questions", after="question_1")
    assert keys(made) == ["question_1", key, "question_2"]


def test_an_empty_wording_a_single_answer_and_crossed_bounds_are_refused_in_plain_words():
    made = written(QuestionType.NUMBER)
    with pytest.raises(InvalidInput, match="for marketing is empty"):
        edits.change_question(made, "question_1", wording={Team.SALES: "Why?", Team.MARKETING: " "})
    with pytest.raises(InvalidInput, match="at least two answers"):
        edits.change_question(made, "question_1", options=("only one", " "))
    with pytest.raises(InvalidInput, match="largest number: It has to be above the minimum, which is 5"):
        edits.change_question(made, "question_2", minimum=5.0, maximum=5.0)
    with pytest.raises(TypeError):
        edits.change_question(made, "question_1", topic="elsewhere")


def test_a_renamed_answer_keeps_its_translation_and_the_conditions_that_name_it():
    made = edits.add_language(written(QuestionType.TEXT), "de")
    made = edits.change_question(made, "question_1", options=("Demo", "Trial", "Call"))
    made = edits.translate_question(made, "question_1", "de", options=("Vorführung", "Test", "Anruf"))
    made = depending(made, "question_2", "question_1", any_of=("Trial",))
    made = edits.change_question(made, "question_1", options=("Event", "Demo", "Free trial", "Call"))
    assert made.question("question_2").ask_if.any_of == ("Free trial",)
    assert made.question("question_1").translations["de"].options == ("Event", "Vorführung", "Test", "Anruf")
    with pytest.raises(InvalidInput, match="‘Free trial’ decides whether ‘New question’ is asked"):
        edits.change_question(made, "question_1", options=("Event", "Demo"))


def test_another_type_keeps_what_fits_and_forgets_the_rest():
    made = written(QuestionType.SCALE, guess=True)
    made = edits.change_question(made, "question_2", points=7, ends=("cold", "hot"), help="Guess.")
    made = edits.change_type(made, "question_2", QuestionType.RANKING)
    question = made.question("question_2")
    assert question.options == edits.NEW_OPTIONS and question.help == "Guess."
    assert question.points == 5 and not question.guess
    ranked = edits.change_type(made, "question_1", QuestionType.CHOICES)
    assert ranked.question("question_1").options == edits.NEW_OPTIONS


def test_a_type_on_which_a_condition_depends_stays():
    made = depending(written(QuestionType.TEXT), "question_2", "question_1", any_of=("First answer",))
    assert edits.change_type(made, "question_1", QuestionType.CHOICES)
    with pytest.raises(InvalidInput, match="Change its condition first"):
        edits.change_type(made, "question_1", QuestionType.SCALE)


def test_another_key_takes_the_conditions_along():
    made = depending(written(QuestionType.TEXT), "question_2", "question_1", any_of=("First answer",))
    made = edits.rename_question(made, "question_1", "first_call")
    assert made.question("question_2").ask_if.question == "first_call"
    with pytest.raises(InvalidInput, match="already has the name"):
        edits.rename_question(made, "question_2", "first_call")
    with pytest.raises(InvalidInput, match="small letters"):
        edits.rename_question(made, "question_2", "Not a key!")


def test_a_copy_stands_behind_the_original_with_all_its_settings():
    made, key = edits.duplicate_question(QUALIFIED, "min_employees")
    assert key == "min_employees_2"
    assert keys(made).index(key) == keys(made).index("min_employees") + 1
    assert replace(made.question(key), key="min_employees") == QUALIFIED.question("min_employees")


def test_a_question_stays_behind_the_one_its_condition_depends_on():
    made = depending(written(QuestionType.TEXT), "question_2", "question_1", any_of=("First answer",))
    for refused in (
        lambda: edits.shift_question(made, "question_2", -1),
        lambda: edits.shift_question(made, "question_1", 1),
    ):
        with pytest.raises(InvalidInput, match="has to come after it"):
            refused()


def test_questions_move_within_and_between_sections():
    made = written(QuestionType.TEXT, QuestionType.SCALE)
    made, topic = with_section(made, "Process & people")
    assert topic == "process_people" and made.topic_title(topic) == "Process & people"
    assert keys(made) == ["question_1", "question_2", "question_3", "question_4"]
    made = edits.shift_question(made, "question_3", 1)
    assert made.question("question_3").topic == topic
    assert keys(made) == ["question_1", "question_2", "question_3", "question_4"]
    made = edits.move_question(made, "question_1", topic=topic)
    assert keys(made) == ["question_2", "question_3", "question_4", "question_1"]
    assert edits.shift_question(made, "question_2", -1) == made
    emptied = edits.move_question(made, "question_2", topic=topic, place=0)
    assert [section.key for section in emptied.sections] == [topic] and "questions" not in emptied.topics


def test_sections_move_with_their_questions():
    made, topic = with_section(written(QuestionType.TEXT), "Second")
    moved = edits.shift_section(made, topic, -1)
    assert [section.title for section in moved.sections] == ["Second", "Questions"]
    assert edits.shift_section(moved, topic, -1) == moved
    assert edits.rename_section(moved, topic, " First ").topic_title(topic) == "First"


# ── deleting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_deleting_says_what_it_costs_and_does_not_happen_behind_a_condition():
    made = edits.add_language(written(QuestionType.YES_NO, QuestionType.TEXT, guess=False), "de")
    made = edits.change_question(made, "question_2", guess=True, title="Private address")
    made = edits.translate_question(made, "question_2", "de", help="Privat")
    made = depending(made, "question_3", "question_2", any_of=(True,))
    cost = edits.cost_of_deleting(made, "question_2", earlier=["Spring", "Spring"])
    said = " ".join(cost.sentences)
    assert "1 other question loses its condition" in said and "thinks the other answers" in said
    assert "1 other language" in said and "‘Spring’" in said and cost.section == ""
    with pytest.raises(InvalidInput, match="Take that condition away first"):
        edits.delete_question(made, "question_2")
    left = edits.delete_question(made, "question_2", drop_conditions=True)
    assert keys(left) == ["question_1", "question_3"] and left.question("question_3").ask_if is None


def test_a_section_goes_with_its_last_question_and_the_last_question_of_all_stays():
    made, topic = with_section(edits.blank_questionnaire("x"), "Second")
    made = edits.change_head(made, importance=[topic])
    made = edits.translate_head(edits.add_language(made, "de"), "de", topics={topic: "Zweitens"})
    assert edits.cost_of_deleting(made, "question_2").section == "Second"
    left = edits.delete_section(made, topic)
    assert left.importance == () and topic not in left.topics and not left.translations["de"].topics
    assert edits.cost_of_deleting(left, "question_1").last
    with pytest.raises(InvalidInput, match="at least one question"):
        edits.delete_question(left, "question_1")


# ── languages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_languages_are_added_translated_into_and_removed():
    made = edits.add_language(QUALIFIED, "de")
    made = edits.translate_head(made, "de", title="Was ist ein guter Lead?")
    key = made.questions[0].key
    made = edits.translate_question(made, key, "de", help="Kurz.")
    assert made.in_language("de").title == "Was ist ein guter Lead?"
    assert made.in_language("de").question(key).help == "Kurz."
    assert made.in_language("de").questions[1] == QUALIFIED.questions[1]
    assert edits.translate_question(made, key, "de", help=" ").question(key).translations == {}
    assert edits.remove_language(made, "de") == QUALIFIED
    with pytest.raises(InvalidInput, match="already"):
        edits.add_language(made, "de")
    with pytest.raises(InvalidInput, match="Remove them first"):
        edits.change_language(made, "de")
    with pytest.raises(InvalidInput, match="code of a language"):
        edits.add_language(made, "Deutsch!")
    with pytest.raises(InvalidInput, match="Add the language"):
        edits.translate_head(made, "fr", title="Oui")


def test_half_a_translation_of_answers_ends_or_wordings_is_refused():
    made = edits.add_language(written(QuestionType.SCALE), "de")
    for texts, said in (
        ({"options": ("eins",)}, "There are 2 answers"),
        ({"wording": {Team.SALES: "Was?"}}, "both teams"),
    ):
        with pytest.raises(InvalidInput, match=said):
            edits.translate_question(made, "question_1", "de", **texts)
    with pytest.raises(InvalidInput, match="both ends"):
        edits.translate_question(made, "question_2", "de", ends=("nie", ""))


# ── corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_texts_that_are_read_are_corrections():
    made = edits.add_language(QUALIFIED, "de")
    key = made.questions[0].key
    after = edits.change_head(made, title="What is a good lead?", introduction="Four minutes.")
    after = edits.change_question(after, key, wording=dict.fromkeys(Team, "When?"), help="h", title="t")
    after = edits.rename_section(after, made.sections[0].key, "The heart of it")
    after = edits.translate_question(
        after, key, "de", help="Hilfe", options=tuple("abcdefghij"[: len(after.questions[0].options)])
    )
    found = edits.corrections(made, after)
    assert found.incomparable == ()
    assert {change.what for change in found.corrections} >= {
        "Title", "Introduction", "Heading", "Help", "Neutral title", "Help in de", "Answers in de",
    }  # fmt: skip
    change = next(change for change in found.corrections if change.what == "Title")
    assert (change.name, change.before, change.after) == ("Title", made.title, "What is a good lead?")


def test_a_wording_that_both_teams_share_is_one_text():
    made = edits.blank_questionnaire("x")
    after = edits.change_question(made, "question_1", wording=dict.fromkeys(Team, "When?"))
    (change,) = edits.corrections(made, after).corrections
    assert (change.what, change.after) == ("Wording", "When?")
    paired = {Team.SALES: "When?", Team.MARKETING: "Whenever?"}
    after = edits.change_question(made, "question_1", wording=paired)
    assert len(edits.corrections(made, after).corrections) == 2


def test_answers_cut_in_other_places_are_other_answers():
    made = edits.change_question(written(), "question_1", options=("A", "B · C"))
    after = edits.change_question(made, "question_1", options=("A · B", "C"))
    (change,) = edits.corrections(made, after).incomparable
    assert (change.what, change.before, change.after) == ("Answers", '"A" · "B · C"', '"A · B" · "C"')


MEANT = {
    "Answers in de": ("question_1", {"options": ("Ja", "Nein")}, {"options": ("Nein", "Ja")}),
    "Ends in de": ("question_2", {"ends": ("nie", "immer")}, {"ends": ("immer", "nie")}),
    "Unit in de": ("question_3", {"unit": "Stunden"}, {"unit": "Tage"}),
}


@pytest.mark.parametrize("what", MEANT)
def test_what_a_translated_answer_means_can_be_added_but_not_changed_or_taken_away(what):
    key, first, second = MEANT[what]
    without = edits.add_language(written(QuestionType.SCALE, QuestionType.NUMBER), "de")
    without = edits.change_question(without, "question_2", ends=("never", "always"))
    without = edits.change_question(without, "question_3", unit="hours")
    translated = edits.translate_question(without, key, "de", **first)
    added = edits.corrections(without, translated)
    assert [change.what for change in added.corrections] == [what] and added.incomparable == ()
    for after in (
        edits.translate_question(translated, key, "de", **second),
        edits.remove_language(translated, "de"),
    ):
        assert [change.what for change in edits.corrections(translated, after).incomparable] == [what]
    worded = edits.translate_question(translated, key, "de", help="Hilfe")
    assert edits.corrections(translated, worded).incomparable == ()


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        ("Answers", lambda q: edits.change_question(q, "question_1", options=("First answer", "Another"))),
        ("Points", lambda q: edits.change_question(q, "question_2", points=7)),
        ("Ends", lambda q: edits.change_question(q, "question_2", ends=("never", "always"))),
        ("Unit", lambda q: edits.change_question(q, "question_3", unit="hours")),
        ("Largest number", lambda q: edits.change_question(q, "question_3", maximum=9.0)),
        ("Required", lambda q: edits.change_question(q, "question_3", required=False)),
        ("Guess", lambda q: edits.change_question(q, "question_3", guess=True)),
        ("Type", lambda q: edits.change_type(q, "question_3", QuestionType.TEXT)),
        ("Condition", lambda q: depending(q, "question_3", "question_1", any_of=("First answer",))),
        ("Questions and their order", lambda q: edits.shift_question(q, "question_3", -1)),
        ("Questions and their order", lambda q: edits.delete_question(q, "question_3")),
        ("Questions and their order", lambda q: edits.rename_question(q, "question_3", "hours")),
        ("Privacy", lambda q: edits.change_head(q, mode=Mode.ANONYMOUS)),
        ("Smallest group", lambda q: edits.change_head(q, min_group=9)),
        ("Pace", lambda q: edits.change_head(q, pace=Pace.QUESTION)),
        ("Sections whose importance is asked", lambda q: edits.change_head(q, importance=["questions"])),
        ("Sections and their order", lambda q: edits.add_section(q, "More")[0]),
        ("Language", lambda q: edits.change_language(q, "nl")),
    ],
)  # fmt: skip
def test_whatever_makes_answers_incomparable_is_more_than_a_correction(what, edit):
    made = written(QuestionType.SCALE, QuestionType.NUMBER)
    assert what in {change.what for change in edits.corrections(made, edit(made)).incomparable}


def test_texts_without_a_translation_are_counted_by_language():
    made = written(QuestionType.SCALE)
    assert edits.untranslated(made) == {}
    made = edits.add_language(made, "de")
    # title, heading, a question with two answers, a question with two ends
    assert edits.untranslated(made) == {"de": 8}
    made = edits.translate_question(made, "question_1", "de", options=("Eins", "Zwei"))
    assert edits.untranslated(made) == {"de": 6}
    made = edits.change_question(
        made, "question_1", wording={Team.SALES: "Ours?", Team.MARKETING: "Yours?"}, help="Look."
    )
    assert edits.untranslated(made) == {"de": 8}
