"""Answering on the screen: every kind of question, step by step, saved as it is given."""

import pytest
from all_kinds import GIVEN, JUDGED, RULE, open_all_kinds
from hostile import LIVE
from streamlit.testing.v1 import AppTest
from test_hostile_text import rendered

from actions import answers, clock, lead_cards, people, questionnaires, surveys
from alignment import questionnaire_edits
from alignment.people import MACHINE, Actor, Person, Role, Team
from alignment.questionnaires import CardVerdict
from db.queries import lead_cards as stored_cards
from db.store import store

ANSWER = "pages/surveys/answer.py"


def acting(person: Person) -> Actor:
    return Actor(person.id, clock.now_text())


def opened(template="qualified_lead", **choices):
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template=template, **choices).id)


def everything_said(app: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    said = [element.value for kind in kinds for element in getattr(app, kind)]
    said += [bar.text for bar in app.get("progress")]
    return "\n".join(said).replace("\\", "")


def key_of(survey, question):
    return f"answer_{survey.id}_{question}"


def kept(person, survey):
    return answers.my_progress(acting(person), survey.id).answers


def at(open_page, person, survey, question) -> AppTest:
    """The step of one question."""
    return open_page(ANSWER, person, survey=survey.id, at=question)


def give(app: AppTest, key: str, value) -> None:
    """Answer, which runs the fragments that it changes; then look at the whole page again."""
    app.get_by_key(key).set_value(value).run()
    assert not app.exception
    app.run()


def choose(app: AppTest, survey, question: str, *values) -> None:
    """Press the options, one after the other, as a person does; then look at the whole page again."""
    kind = survey.questionnaire.question(question)
    for value in values:
        offered = kind.options or ([True, False] if kind.type == "yes_no" else range(1, kind.points + 1))
        press(app, f"{key_of(survey, question)}-option-{list(offered).index(value)}")
    app.run()


def chosen(app: AppTest, survey, question: str) -> list[str]:
    """The words on the options that are chosen."""
    buttons = [button for button in app.button if f"{key_of(survey, question)}-option-" in str(button.key)]
    return [button.label for button in buttons if button.proto.type == "primary"]


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def in_link(app: AppTest, name: str) -> str:
    """A parameter of the address, however often it was set."""
    found = app.query_params[name]
    return found if isinstance(found, str) else found[-1]


def keys(app: AppTest, kind: str) -> list[str]:
    return [widget.key for widget in app.get(kind)]


@pytest.fixture
def survey():
    return open_all_kinds()


@pytest.fixture
def seller(make_person):
    return make_person("member", "sales")


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
def test_every_role_of_a_team_can_answer_and_without_questionnaires_is_told_so(open_page, make_person, role):
    person = make_person(role.value, "marketing")
    assert "Nothing waits for your answer" in everything_said(open_page(ANSWER, person))
    survey = open_all_kinds()
    app = open_page(ANSWER, person)
    choose(app, survey, "kind", "They fit")
    assert kept(person, survey) == {"kind": "They fit"}


def test_whoever_has_no_team_is_told_why_there_is_nothing_to_answer(open_page, make_person):
    opened()
    app = open_page(ANSWER, make_person("facilitator", None))
    assert "neither sales nor marketing" in everything_said(app)


@pytest.mark.parametrize(
    ("team", "wording"), [("sales", "When do you call?"), ("marketing", "When do you pass it on?")]
)
def test_a_member_is_asked_in_the_words_of_the_own_team_and_told_the_privacy_first(
    open_page, make_person, survey, team, wording
):
    said = everything_said(open_page(ANSWER, make_person("member", team)))
    assert wording in said and "Your answers are confidential" in said and "0 of 11 answered" in said
    assert "One question of every kind." in said


def test_a_section_at_a_time_shows_the_whole_section(open_page, seller):
    survey = open_all_kinds(('pace = "question"', 'pace = "section"'))
    app = open_page(ANSWER, seller)
    kind, budget, private = (f"{key_of(survey, name)}-option-0" for name in ("kind", "budget", "private"))
    assert {kind, budget} <= set(keys(app, "button")) and private not in keys(app, "button")
    press(app, "answer_next")
    assert private in keys(app, "button")


# ── each kind ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("kind", "They fit"),
        ("guess:kind", "They have a budget"),
        ("budget", 9),
        ("importance:first", 4),
        ("private", False),
        ("signals", ["Asked for a demo", "Started a trial"]),
        ("months", 6.0),
        ("wish", "More **context**"),
    ],
)
def test_an_answer_is_kept_as_it_is_given_and_only_then_said_to_be_saved(
    open_page, seller, survey, question, value
):
    app = at(open_page, seller, survey, question)
    assert "Saved" not in everything_said(app)
    if question in ("months", "wish"):
        give(app, key_of(survey, question), value)
    else:
        choose(app, survey, question, *(value if isinstance(value, list) else [value]))
    assert kept(seller, survey) == {question: value}
    said = everything_said(app)
    assert said.count("Saved") == 1 and "1 of 11 answered" in said


def test_a_ranking_is_made_by_choosing_what_comes_next_and_moving_it(open_page, seller, survey):
    app = at(open_page, seller, survey, "order")
    key = key_of(survey, "order")
    for option in (2, 0, 3):
        press(app, f"{key}-next-{option}")
    assert kept(seller, survey)["order"] == ["Need", "Budget", "Date"]
    assert f"{key}-next-1" not in keys(app, "button"), "three places are given"
    press(app, f"{key}-up-3")
    assert kept(seller, survey)["order"] == ["Need", "Date", "Budget"]
    press(app, f"{key}-down-2")
    assert kept(seller, survey)["order"] == ["Date", "Need", "Budget"]
    press(app, f"{key}-out-2")
    assert kept(seller, survey)["order"] == ["Date", "Budget"]
    assert app.button(key=f"{key}-up-3").disabled and app.button(key=f"{key}-down-0").disabled
    for option in (3, 0):
        press(app, f"{key}-out-{option}")
    assert "order" not in kept(seller, survey)


def test_a_rule_is_built_from_fields_and_read_back_and_kept_once_it_is_complete(open_page, seller, survey):
    app = at(open_page, seller, survey, "rule")
    conditions = f"{key_of(survey, 'rule')}-conditions"
    app.selectbox(key=f"{conditions}_0_field").set_value("employees").run()
    assert "Not saved yet" in everything_said(app) and kept(seller, survey) == {}
    app.number_input(key=f"{conditions}_0_employees_AT_LEAST").set_value(50.0).run()
    assert not app.exception
    assert kept(seller, survey) == {"rule": RULE}
    assert "A lead qualifies if employees is at least 50." in everything_said(app)
    press(app, f"{conditions}_add")
    app.selectbox(key=f"{conditions}_1_field").set_value("country").run()
    assert kept(seller, survey) == {"rule": RULE}, "what was complete stays while more is added"
    press(app, f"{conditions}_1_remove")
    app.button(key="answer_back").click().run()
    app = at(open_page, seller, survey, "rule")
    assert app.number_input(key=f"{conditions}_0_employees_AT_LEAST").value == 50
    press(app, f"{conditions}_0_remove")
    assert kept(seller, survey) == {}


def test_lead_cards_are_judged_one_at_a_time(open_page, seller, survey):
    app = at(open_page, seller, survey, "cards")
    key = key_of(survey, "cards")
    shown = answers_in_order(seller, survey)
    for place, number in enumerate(shown, start=1):
        assert f"Lead {place} of 3 · {place - 1} judged" in everything_said(app)
        judged = JUDGED[str(number)]
        press(app, f"{key}-verdict-{number}-option-{list(CardVerdict).index(judged['verdict'])}")
        if "reason" in judged:
            app.text_input(key=f"{key}-reason-{number}").set_value(judged["reason"]).run()
        assert not app.exception
        if place < 3:
            press(app, f"{key}-after")
    assert kept(seller, survey) == {"cards": JUDGED}
    assert "All 3 leads are judged" in everything_said(app) and "1 of 11 answered" in everything_said(app)
    again = at(open_page, seller, survey, "cards")
    place = list(CardVerdict).index(JUDGED[str(shown[0])]["verdict"])
    assert again.button(key=f"{key}-verdict-{shown[0]}-option-{place}").proto.type == "primary"


def test_a_reason_and_another_judgement_in_one_moment_are_both_kept(open_page, seller, survey):
    app = at(open_page, seller, survey, "cards")
    key, number = key_of(survey, "cards"), answers_in_order(seller, survey)[0]
    press(app, f"{key}-verdict-{number}-option-{list(CardVerdict).index(CardVerdict.QUALIFIED)}")
    app.text_input(key=f"{key}-reason-{number}").set_value("Not our market")
    press(app, f"{key}-verdict-{number}-option-{list(CardVerdict).index(CardVerdict.NOT_QUALIFIED)}")
    assert kept(seller, survey)["cards"] == {
        str(number): {"verdict": "not_qualified", "reason": "Not our market"}
    }


def answers_in_order(person, survey):
    return [card.number for card in lead_cards.cards_to_judge(acting(person), survey.id, "cards")]


@pytest.mark.parametrize(
    "question", ["kind", "budget", "private", "signals", "months", "order", "rule", "cards", "why"]
)
def test_cannot_say_is_an_answer_to_every_question_that_has_to_be_answered(
    open_page, seller, survey, question
):
    if question == "why":
        answers.save_answer(acting(seller), survey.id, "private", True)
    app = at(open_page, seller, survey, question)
    press(app, f"{key_of(survey, question)}-cannot-say")
    assert kept(seller, survey)[question] is None
    again = at(open_page, seller, survey, question)
    assert again.button(key=f"{key_of(survey, question)}-cannot-say").proto.type == "primary"


def test_cannot_say_takes_the_place_of_an_answer_and_an_answer_that_of_cannot_say(open_page, seller, survey):
    app = at(open_page, seller, survey, "months")
    months, cannot = key_of(survey, "months"), f"{key_of(survey, 'months')}-cannot-say"
    give(app, months, 8.0)
    press(app, cannot)
    assert kept(seller, survey) == {"months": None} and app.number_input(key=months).value is None
    give(app, months, 4.0)
    assert kept(seller, survey) == {"months": 4.0} and app.button(key=cannot).proto.type == "tertiary"
    press(app, cannot)
    press(app, cannot)
    assert kept(seller, survey) == {}


def test_a_number_out_of_bounds_stays_on_the_screen_and_is_told_why_it_is_not_saved(
    open_page, seller, survey
):
    app = at(open_page, seller, survey, "months")
    give(app, key_of(survey, "months"), 99.0)
    said = everything_said(app)
    assert "Not saved." in said and "from 0 to 36 months" in said and kept(seller, survey) == {}
    assert "An answer on this page is not kept." in said
    press(app, "answer_next")
    press(app, "answer_review")
    assert "Your last answer was not saved" in everything_said(app)
    press(app, "answer_jump_months")
    assert app.number_input(key=key_of(survey, "months")).value == 99
    give(app, key_of(survey, "months"), 9.0)
    assert kept(seller, survey) == {"months": 9.0} and "Not saved" not in everything_said(app)


# ── the way through ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_back_next_and_skip_lead_through_and_the_place_is_in_the_link(open_page, seller, survey):
    app = open_page(ANSWER, seller)
    assert app.button(key="answer_next").label == "Next" and "answer_back" not in keys(app, "button")
    press(app, "answer_next")
    assert in_link(app, "at") == "budget" and in_link(app, "survey") == survey.id
    press(app, "answer_back")
    assert in_link(app, "at") == "kind"
    app = at(open_page, seller, survey, "wish")
    assert app.button(key="answer_next").label == "Skip"
    give(app, key_of(survey, "wish"), "Nothing")
    assert app.button(key="answer_next").label == "Review"
    press(app, "answer_next")
    assert in_link(app, "at") == "review"


def test_a_condition_changes_at_once_what_is_asked(open_page, seller, survey):
    app = at(open_page, seller, survey, "private")
    assert "0 of 11 answered" in everything_said(app)
    choose(app, survey, "private", True)
    assert "1 of 12 answered" in everything_said(app)
    press(app, "answer_next")
    assert app.text_area(key=key_of(survey, "why"))
    press(app, "answer_back")
    choose(app, survey, "private", False)
    press(app, "answer_next")
    assert in_link(app, "at") == "signals"


def test_a_condition_within_a_section_shows_and_hides_its_question_at_once(open_page, seller):
    survey = open_all_kinds(('pace = "question"', 'pace = "section"'))
    app = at(open_page, seller, survey, "private")
    assert key_of(survey, "why") not in keys(app, "text_area")
    choose(app, survey, "private", True)
    assert key_of(survey, "why") in keys(app, "text_area")
    choose(app, survey, "private", False)
    assert key_of(survey, "why") not in keys(app, "text_area")


def test_whoever_comes_back_lands_where_they_stopped_with_what_they_answered(open_page, seller, survey):
    for key in ("kind", "budget", "private"):
        answers.save_answer(acting(seller), survey.id, key, {**GIVEN, "private": False}[key])
    app = open_page(ANSWER, seller)
    assert in_link(app, "at") == "signals"
    press(app, "answer_back")
    assert chosen(app, survey, "private") == ["No"]


def test_an_answer_survives_going_to_another_screen_and_back(open_page, seller, survey):
    app = at(open_page, seller, survey, "order")
    press(app, f"{key_of(survey, 'order')}-next-2")
    app.switch_page("pages/definitions/glossary.py").run()
    answers.save_answer(acting(seller), survey.id, "order", ["Date"])
    app.query_params["survey"], app.query_params["at"] = survey.id, "order"
    app.switch_page(ANSWER).run()
    assert f"{key_of(survey, 'order')}-out-3" in keys(app, "button")
    assert f"{key_of(survey, 'order')}-out-2" not in keys(app, "button")


def test_keeping_ones_own_replaces_only_the_answer_that_was_shown(open_page, seller, survey):
    app = at(open_page, seller, survey, "budget")
    answers.save_answer(acting(seller), survey.id, "budget", 3)
    choose(app, survey, "budget", 5)
    assert "differently in another window" in everything_said(app) and kept(seller, survey) == {"budget": 3}
    answers.save_answer(acting(seller), survey.id, "budget", 9)
    press(app, "answer_mine_budget")
    app.run()
    assert "**9" in everything_said(app) and kept(seller, survey) == {"budget": 9}
    press(app, "answer_mine_budget")
    assert kept(seller, survey) == {"budget": 5}


def test_unselecting_in_a_window_that_is_behind_takes_back_no_newer_answer(open_page, seller, survey):
    app = at(open_page, seller, survey, "budget")
    choose(app, survey, "budget", 5)
    answers.save_answer(acting(seller), survey.id, "budget", 9)
    press(app, f"{key_of(survey, 'budget')}-option-4")
    app.run()
    assert kept(seller, survey) == {"budget": 9}
    assert "differently in another window" in everything_said(app)
    press(app, "answer_mine_budget")
    assert kept(seller, survey) == {}


def test_the_time_left_is_measured_from_real_answers(open_page, make_person, survey):
    seller = make_person("member", "sales")
    before = answers.time_left(acting(seller), answers.my_progress(acting(seller), survey.id))
    for _ in range(60):
        answers.save_answer(acting(make_person()), survey.id, "months", 3, seen=0, seconds=100.0)
    after = answers.time_left(acting(seller), answers.my_progress(acting(seller), survey.id))
    assert after == pytest.approx(before + 0.75 * (100 - 12))
    for seconds in (0.2, 1000.0, None):
        answers.save_answer(acting(make_person()), survey.id, "months", 3, seen=0, seconds=seconds)
    assert answers.time_left(acting(seller), answers.my_progress(acting(seller), survey.id)) == after
    assert "about 6 minutes left" in everything_said(open_page(ANSWER, seller))


# ── two windows, and an end ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_later_of_two_windows_is_told_and_may_keep_either(open_page, seller, survey):
    first, second = open_page(ANSWER, seller), open_page(ANSWER, seller)
    choose(first, survey, "kind", "They fit")
    press(second, f"{key_of(survey, 'kind')}-option-2")
    said = everything_said(second)
    assert "differently in another window" in said and "**They fit**" in said
    assert (
        chosen(second, survey, "kind") == ["They have a budget"]
        and kept(seller, survey)["kind"] == "They fit"
    )
    press(second, "answer_mine_kind")
    assert kept(seller, survey)["kind"] == "They have a budget" and "Saved" in everything_said(second)

    press(first, f"{key_of(survey, 'kind')}-option-1")
    press(first, "answer_other_kind")
    assert chosen(first, survey, "kind") == ["They have a budget"]
    assert kept(seller, survey)["kind"] == "They have a budget"
    assert "another window" not in everything_said(first)


def test_what_was_answered_elsewhere_is_taken_over_when_the_page_is_looked_at_again(
    open_page, seller, survey
):
    app = open_page(ANSWER, seller)
    answers.save_answer(acting(seller), survey.id, "kind", "They fit")
    app.run()
    assert chosen(app, survey, "kind") == ["They fit"] and "Saved" in everything_said(app)


def test_closing_while_someone_answers_is_told_with_what_was_not_kept(open_page, seller, survey):
    app = at(open_page, seller, survey, "wish")
    surveys.close_survey(MACHINE, survey.id)
    app.text_area(key=key_of(survey, "wish")).set_value("Call *me* back.").run()
    said = everything_said(app)
    assert "has been closed" in said and "What you had submitted counts" in said
    assert "This was not saved" in said and "Call *me* back." in said
    assert not app.exception


def test_whoever_loses_access_saves_nothing_by_a_click_on_the_open_page(open_page, seller, survey):
    app = open_page(ANSWER, seller)
    people.end_access(MACHINE, seller.id)
    app.button(key=f"{key_of(survey, 'kind')}-option-0").click().run()
    assert surveys.response_rates(MACHINE, survey.id)[Team.SALES].started == 0


def test_a_link_to_a_questionnaire_that_is_not_open_leads_to_those_that_are(open_page, seller):
    opened(), opened("pulse")
    draft = surveys.prepare_survey(MACHINE, template="pulse", title="Secret plan")
    app = open_page(ANSWER, seller, survey=draft.id)
    assert "Secret plan" not in everything_said(app) and "not open for you" in everything_said(app)
    assert "2 of 2 questionnaires wait" in everything_said(app)


# ── reviewing and submitting ─────────────────────────────────────────────────────────────────────────────────────────


def answer_all(person, survey, **instead):
    for key, value in {**GIVEN, **instead}.items():
        answers.save_answer(acting(person), survey.id, key, value)


def test_the_review_says_every_answer_in_words_and_marks_what_is_missing(open_page, seller, survey):
    answer_all(seller, survey, budget=11, months=None)
    answers.clear_answer(acting(seller), survey.id, "signals")
    answers.clear_answer(acting(seller), survey.id, "wish")
    app = at(open_page, seller, survey, "review")
    said = everything_said(app)
    for words in (
        "They fit",
        "11 of 11 (decisive)",
        "Yes",
        "They never buy.",
        "**Can't say**",
        "1. Need",
        "A lead qualifies if employees is at least 50.",
        "3 of 3 leads judged: 1 qualified · 1 not qualified · 1 can't tell",
        "1 question still needs an answer",
        "Not answered; it is optional",
    ):
        assert words in said, words
    assert said.count("Still needs an answer") == 1
    press(app, "answer_first_missing")
    assert in_link(app, "at") == "signals"


def test_the_review_follows_the_conditions(open_page, seller, survey):
    answer_all(seller, survey, private=False)
    said = everything_said(at(open_page, seller, survey, "review"))
    assert "Why do you turn them down?" not in said and "Ready to submit" in said


def test_after_submitting_one_is_thanked_and_can_still_change_until_it_closes(open_page, seller, survey):
    answer_all(seller, survey)
    app = open_page(ANSWER, seller)
    assert "Ready to submit" in everything_said(app)
    press(app, "answer_submit_end")
    assert "Thank you" in everything_said(app) and "12 of 12" in everything_said(app)
    assert app.button(key="answer_to_today").proto.type == "primary"
    press(app, "answer_change")
    press(app, "answer_jump_budget")
    choose(app, survey, "budget", 1)
    found = answers.my_progress(acting(seller), survey.id)
    assert found.submitted and found.answers["budget"] == 1
    press(app, "answer_next")
    press(app, "answer_review")
    press(app, "answer_done_top")
    assert "Thank you" in everything_said(app)
    again = open_page(ANSWER, seller)
    assert "Thank you" in everything_said(again)
    press(again, "answer_to_today")
    assert "Thank you" not in everything_said(again)


def test_a_change_after_submitting_that_leads_to_more_questions_says_so(open_page, seller, survey):
    answer_all(seller, survey, private=False)
    answers.clear_answer(acting(seller), survey.id, "why")
    answers.submit_answers(acting(seller), survey.id)
    answers.save_answer(acting(seller), survey.id, "private", True)
    app = open_page(ANSWER, seller)
    press(app, "answer_change")
    app = at(open_page, seller, survey, "review")
    said = everything_said(app)
    assert "1 question still needs an answer" in said and "leads to more questions" in said
    press(app, "answer_first_missing")
    assert in_link(app, "at") == "why"


def test_several_questionnaires_are_listed_with_their_progress(open_page, seller, survey):
    second = opened("pulse")
    answers.save_answer(acting(seller), survey.id, "kind", "They fit")
    app = open_page(ANSWER, seller)
    assert "2 of 2 questionnaires wait" in everything_said(app)
    assert "1 of 11 answered · about 4 minutes left" in everything_said(app)
    assert app.button(key=f"answer_open_{survey.id}").label == "Go on"
    press(app, f"answer_open_{second.id}")
    assert in_link(app, "survey") == second.id
    press(app, "answer_list")
    assert "2 of 2 questionnaires wait" in everything_said(app)


def test_in_several_languages_one_reads_ones_own_and_the_answer_stays_the_same(open_page, seller):
    survey = open_all_kinds(
        (
            'wording = { sales = "When do you call?", marketing = "When do you pass it on?" }',
            'wording = { sales = "When do you call?", marketing = "When do you pass it on?" }\n'
            '[questions.translations.de]\ntext = "Wann rufen Sie an?"\noptions = ["Sie passen", "Sie fragten", "Budget"]',
        )
    )
    app = open_page(ANSWER, seller)
    app.get_by_key("answer_language").set_value("de").run()
    said = everything_said(app)
    assert "Wann rufen Sie an?" in said and "How much does a budget matter?" not in said
    choose(app, survey, "kind", "They fit")
    assert kept(seller, survey) == {"kind": "They fit"}
    press(app, "answer_review")
    assert "**Sie passen**" in everything_said(app)


def test_what_was_put_right_since_it_opened_is_told(open_page, seller, survey):
    assert "The typo" not in everything_said(open_page(ANSWER, seller))
    better = questionnaire_edits.change_question(
        survey.questionnaire, "kind", help="Think of the last five leads."
    )
    questionnaires.correct_survey(
        MACHINE, survey.id, better, "The *typo* in the first help", revision=survey.revision
    )
    said = everything_said(open_page(ANSWER, seller))
    assert "The *typo* in the first help" in said and "Think of the last five leads." in said


def test_hostile_texts_are_shown_as_text_on_every_step_and_in_the_review(open_page, seller):
    bad = "<b>![i](https://evil.example/m.png)[l](https://evil.example) :red[x] **y** $z^2$"
    option = (
        "![i](https://evil.example/m.png) :red[x] **y** "  # an answer has no > for the sake of answer files
    )
    short = "<b>![i](https://e.example/m)"
    survey = open_all_kinds(
        *((f'"{text}', f'"{option}{text}') for text in ("They fit", "Asked for a demo", "Need")),
        *(
            (f'text = "{text}', f'text = "{bad}{text}')
            for text in ("How", "Do", "Why", "Which", "What", "Would")
        ),
        ('ends = ["can wait', f'ends = ["{short}'),
        ('unit = "months', f'unit = "{short}'),
        ('help = "', f'help = "{bad}'),
        ('sales = "', f'sales = "{bad}'),
        ('first = "What', f'first = "{bad}What'),
    )
    facts = [("L1", {f"{bad} label": bad}), ("L2", {"Note": bad}), ("L3", {"Note": bad})]
    store().write(lambda connection: stored_cards.replace_all(connection, survey.id, "cards", facts))
    person = acting(seller)
    given = {
        **GIVEN,
        "why": bad,
        "wish": bad,
        "signals": [survey.questionnaire.question("signals").options[0]],
    }
    given["kind"] = given["guess:kind"] = survey.questionnaire.question("kind").options[0]
    given["order"] = list(survey.questionnaire.question("order").options[:3])
    given["cards"] = {"1": {"verdict": "qualified", "reason": bad}}
    for question in (question.key for question in survey.questionnaire.asked(given)):
        answers.save_answer(person, survey.id, question, given[question])
    for place in [*(question.key for question in survey.questionnaire.asked(given)), "review"]:
        app = at(open_page, seller, survey, place)
        assert not app.exception, place
        live = [text for text in rendered(app) if LIVE.search(text)]
        assert live == [], place
