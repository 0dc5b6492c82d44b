"""The questionnaire screens as each role finds them: answering, running, comparing."""

import pytest
from streamlit.testing.v1 import AppTest

from actions import answers, clock, people, surveys, workshops
from alignment.disagreement import Verdict
from alignment.people import MACHINE, Actor, Person, Role, Team
from alignment.questionnaires import QuestionType
from alignment.surveys import SurveyStatus
from components.charts.comparison import distribution_figure, distribution_in_words, distribution_rows
from components.question import Cannot

ANSWER = "pages/surveys/answer.py"
RUN = "pages/surveys/questionnaires.py"
COMPARE = "pages/surveys/comparison.py"


def acting(person: Person) -> Actor:
    return Actor(person.id, clock.now_text())


def opened(template="qualified_lead", **choices):
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, template=template, **choices).id)


def some_answer(question, team):
    sales = team is Team.SALES
    match question.type:
        case QuestionType.CHOICE:
            return question.options[0 if sales else 1]
        case QuestionType.CHOICES:
            return list(question.options if question.key == "stages_used" else question.options[:2])
        case QuestionType.YES_NO:
            return sales
        case QuestionType.SCALE:
            return 5 if sales else 2
        case QuestionType.NUMBER:
            return 24.0 if sales else 2.0
        case QuestionType.RANKING:
            return list(question.options if sales else reversed(question.options))[: question.top]
        case QuestionType.RULE:
            field = "employees" if sales else "visits"
            return {"version": 1, "all": [{"field": field, "op": ">=", "value": 5}]}
        case _:
            return "**bold** <b>wish</b> [link](http://example.com)"


def fill(person, survey, submit=True):
    for question in survey.questionnaire.questions:
        answers.save_answer(acting(person), survey.id, question.key, some_answer(question, person.team))
    if submit:
        answers.submit_answers(acting(person), survey.id)


def closed_by(make_person, each, title="", template="qualified_lead"):
    survey = opened(template, title=title)
    for _ in range(each):
        fill(make_person("member", "sales"), survey)
        fill(make_person("member", "marketing"), survey)
    return surveys.close_survey(MACHINE, survey.id)


def everything_said(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind)).replace("\\", "")


def key_of(survey, question):
    return f"answer_{survey.id}_{question}"


def give(app: AppTest, key: str, value) -> None:
    """Answer, which reruns the question's fragment; then look at the whole page again."""
    app.get_by_key(key).set_value(value).run()
    assert not app.exception
    app.run()


# ── answering ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", [ANSWER, COMPARE])
def test_every_role_opens_the_screens_of_an_empty_portal(open_page, make_person, path, role):
    app = open_page(path, make_person(role.value, "sales"))
    assert not app.exception and app.title and app.info


def test_whoever_has_no_team_is_told_why_there_is_nothing_to_answer(open_page, make_person):
    opened()
    app = open_page(ANSWER, make_person("facilitator", None))
    assert "neither sales nor marketing" in everything_said(app)


@pytest.mark.parametrize(
    ("team", "wording"),
    [
        ("sales", "From how many employees is a company worth your call?"),
        ("marketing", "From how many employees do you pass a company on to sales?"),
    ],
)
def test_a_member_is_asked_in_the_words_of_the_own_team_and_told_the_privacy_first(
    open_page, make_person, team, wording
):
    opened()
    said = everything_said(open_page(ANSWER, make_person("member", team)))
    assert wording in said and "confidential" in said and "0 of 36 answered" in said


def test_each_kind_of_answer_is_kept_as_it_is_given_and_then_said_to_be_saved(open_page, make_person):
    survey, person = opened(), make_person("member", "sales")
    app = open_page(ANSWER, person)
    assert "Saved" not in everything_said(app)
    for key, value in {
        "qualified_when": "They fit and have shown interest",
        "budget": 4,
        "private_email": False,
        "signals": ["Started a trial", "Asked for a demo or a call"],
        "response_hours": 1.5,
        "wish": "More context",
    }.items():
        give(app, key_of(survey, key), value)
    assert not app.exception
    assert answers.my_progress(acting(person), survey.id).answers == {
        "qualified_when": "They fit and have shown interest",
        "budget": 4,
        "private_email": False,
        "signals": ["Asked for a demo or a call", "Started a trial"],
        "response_hours": 1.5,
        "wish": "More context",
    }
    said = everything_said(app)
    assert said.count("Saved") == 6 and "6 of 36 answered" in said


def test_cannot_say_takes_the_place_of_an_answer_and_an_answer_that_of_cannot_say(open_page, make_person):
    survey, person = opened(), make_person("member", "sales")
    app = open_page(ANSWER, person)

    def kept():
        return answers.my_progress(acting(person), survey.id).answers

    hours, cannot = key_of(survey, "response_hours"), key_of(survey, "response_hours_cannot_say")
    give(app, hours, 8.0)
    give(app, cannot, True)
    assert kept() == {"response_hours": None} and app.number_input(key=hours).value is None
    give(app, hours, 4.0)
    assert kept() == {"response_hours": 4.0} and app.checkbox(key=cannot).value is False
    give(app, cannot, True)
    give(app, cannot, False)
    assert kept() == {}
    give(app, key_of(survey, "qualified_when"), Cannot.SAY)
    assert kept() == {"qualified_when": None}


def test_whoever_comes_back_finds_the_answers_and_the_way_to_the_next_question(open_page, make_person):
    survey, person = opened(), make_person("member", "marketing")
    for key, value in {
        "qualified_when": None,
        "fit_or_interest": 2,
        "rule_outs": ["No budget this year"],
    }.items():
        answers.save_answer(acting(person), survey.id, key, value)
    app = open_page(ANSWER, person)
    assert app.get_by_key(key_of(survey, "fit_or_interest")).value == 2
    assert app.pills(key=key_of(survey, "rule_outs")).value == ["No budget this year"]
    assert "[Go on where you stopped](#3-of-26)" in everything_said(app)


def test_submitting_too_early_links_to_what_is_missing(open_page, make_person):
    survey, person = opened("pulse"), make_person("member", "sales")
    answers.save_answer(acting(person), survey.id, "heard", 3)
    app = open_page(ANSWER, person)
    app.button(key="answer_submit_button").click().run()
    said = everything_said(app)
    assert (
        "4 questions still need an answer: [1](#1-of-9)" in said and "Being heard" not in app.error[0].value
    )
    assert "Working with the other team" in app.error[0].value
    assert not answers.my_progress(acting(person), survey.id).submitted


def test_after_submitting_one_is_thanked_and_can_still_change_until_it_closes(open_page, make_person):
    survey, person = opened("pulse"), make_person("member", "sales")
    fill(person, survey, submit=False)
    app = open_page(ANSWER, person)
    app.button(key="answer_submit_button").click().run()
    assert "Thank you" in app.success[0].value
    app.button(key="answer_change").click().run()
    app.get_by_key(key_of(survey, "heard")).set_value(1).run()
    found = answers.my_progress(acting(person), survey.id)
    assert found.submitted and found.answers["heard"] == 1
    surveys.close_survey(MACHINE, survey.id)
    app.get_by_key(key_of(survey, "heard")).set_value(2).run()
    assert "Not saved" in app.error[0].value.replace("\\", "")


def test_several_questionnaires_are_listed_with_their_progress(open_page, make_person):
    first, second = opened(), opened("pulse")
    person = make_person("member", "sales")
    answers.save_answer(acting(person), first.id, "budget", 3)
    app = open_page(ANSWER, person)
    assert "2 of 2 questionnaires wait" in everything_said(app)
    app.button(key=f"answer_open_{second.id}").click().run()
    assert not app.exception and key_of(second, "heard") in [
        widget.key for widget in app.get("segmented_control")
    ]
    fill(person, second)
    app.run()
    app.button(key="answer_next").click().run()
    assert key_of(first, "budget") in [widget.key for widget in app.get("segmented_control")]
    app.button(key="answer_list").click().run()
    assert app.button(key=f"answer_open_{first.id}").label == "Go on"


def test_a_link_to_a_questionnaire_that_is_not_open_leads_to_those_that_are(open_page, make_person):
    opened(), opened("pulse")
    draft = surveys.prepare_survey(MACHINE, template="pulse", title="Secret plan")
    app = open_page(ANSWER, make_person("member", "sales"), survey=draft.id)
    assert "Secret plan" not in everything_said(app) and "not open for you" in everything_said(app)


def test_whoever_loses_access_saves_nothing_by_a_click_on_the_open_page(open_page, make_person):
    survey, person = opened(), make_person("member", "sales")
    app = open_page(ANSWER, person)
    people.end_access(MACHINE, person.id)
    app.get_by_key(key_of(survey, "budget")).set_value(4).run()
    assert surveys.response_rates(MACHINE, survey.id)[Team.SALES].started == 0


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_questionnaire_is_prepared_opened_and_closed_on_the_screen(open_page, make_person):
    make_person("member", "sales")
    app = open_page(RUN, make_person("facilitator", None))
    assert "There is no questionnaire yet" in everything_said(app)
    app.text_input(key="questionnaires_title").set_value("Our *leads*").run()
    app.button(key="questionnaires_prepare").click().run()
    (survey,) = surveys.list_surveys(MACHINE)
    assert survey.title == "Our *leads*" and survey.status is SurveyStatus.DRAFT
    assert "**Our *leads***" in everything_said(app)
    app.button(key=f"questionnaires_open_{survey.id}").click().run()
    assert "1 people in sales" not in everything_said(app) and "1 person in sales" in everything_said(app)
    app.button(key=f"questionnaires_confirm_open_{survey.id}").click().run()
    assert surveys.read_survey(MACHINE, survey.id).status is SurveyStatus.OPEN
    app.button(key=f"questionnaires_close_{survey.id}").click().run()
    assert "Closing is final" in everything_said(app) and "will stay hidden" in everything_said(app)
    app.button(key=f"questionnaires_confirm_close_{survey.id}").click().run()
    assert surveys.read_survey(MACHINE, survey.id).status is SurveyStatus.CLOSED
    assert not app.exception


def test_the_preview_shows_either_team_and_keeps_nothing(open_page, make_person):
    survey = opened()
    app = open_page(RUN, make_person("facilitator", "sales"))
    app.button(key=f"questionnaires_preview_{survey.id}").click().run()
    assert "From how many employees is a company worth your call?" in everything_said(app)
    app.get_by_key(f"questionnaires_preview_{survey.id}_sales_budget").set_value(4).run()
    assert surveys.response_rates(MACHINE, survey.id)[Team.SALES].started == 0


def test_the_response_rate_of_each_team_is_on_the_screen(open_page, make_person):
    survey = opened()
    fill(make_person("member", "sales"), survey)
    make_person("member", "sales")
    fill(make_person("member", "marketing"), survey, submit=False)
    app = open_page(RUN, make_person("facilitator", None))
    texts = [bar.text for bar in app.progress]
    assert texts == ["Sales: 1 of 2 submitted", "Marketing: 0 of 1 submitted, 1 under way"]
    assert "1 of 3 people have submitted" in everything_said(app)


def test_a_team_lead_sees_the_rates_and_runs_nothing(open_page, make_person):
    opened()
    surveys.prepare_survey(MACHINE, template="pulse", title="Not yet")
    app = open_page(RUN, make_person("team_lead", "sales"))
    assert "Not yet" not in everything_said(app)
    labels = {button.label for button in app.button}
    assert "Preview" in labels and not labels & {"Open", "Close", "Prepare", "Discard"}


def test_privacy_is_made_stricter_on_the_screen(open_page, make_person):
    draft = surveys.prepare_survey(MACHINE, template="qualified_lead")
    app = open_page(RUN, make_person("facilitator", None))
    app.number_input(key=f"questionnaires_group_{draft.id}").set_value(5)
    app.button(key=f"questionnaires_tighten_{draft.id}").click().run()
    assert surveys.read_survey(MACHINE, draft.id).min_group == 5


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_the_comparison_and_only_facilitators_take_it_to_the_workshop(
    open_page, make_person, role
):
    survey = closed_by(make_person, 6)
    app = open_page(COMPARE, make_person(role.value, "sales"))
    assert not app.exception
    assert "differ clearly" in app.subheader[0].value
    assert len(app.get("plotly_chart")) == 1, "only the first question is open"
    labels = [button.label for button in app.button]
    assert ("Take to the workshop" in labels) is (role in (Role.FACILITATOR, Role.ADMIN))
    assert len(app.expander) == len(survey.questionnaire.questions)


def test_a_question_shows_both_wordings_the_verdict_and_how_many_answered(open_page, make_person):
    closed_by(make_person, 6)
    said = everything_said(open_page(COMPARE, make_person("member", "sales")))
    assert "Sales was asked:" in said and "Marketing was asked:" in said
    assert "6 people in sales and 6 people in marketing answered" in said and "Clear difference" in said


def test_a_facilitator_takes_a_question_to_the_workshop(open_page, make_person):
    survey = closed_by(make_person, 6)
    facilitator = make_person("facilitator", None)
    app = open_page(COMPARE, facilitator)
    take = next(button for button in app.button if button.label == "Take to the workshop")
    take.click().run()
    (workshop,) = workshops.list_workshops(acting(facilitator))
    (topic,) = workshops.read_workshop(acting(facilitator), workshop.id).topics
    assert topic.survey_id == survey.id and take.key.endswith(topic.question_key)
    assert topic.title == survey.questionnaire.question(topic.question_key).name


def test_filters_leave_what_they_say(open_page, make_person):
    closed_by(make_person, 6)
    app = open_page(COMPARE, make_person("member", "sales"))
    app.pills(key="verdict").set_value([Verdict.ALIGNED.value]).run()
    assert app.expander and all("Aligned" in expander.label for expander in app.expander)
    app.pills(key="topic").set_value(["handoff"]).run()
    assert [expander.label.split(" :")[0].split(" ", 1)[1] for expander in app.expander] == [
        "**What has to be known at the hand-over**"
    ]


def test_a_small_group_hides_everything_and_says_why(open_page, make_person):
    closed_by(make_person, 2)
    app = open_page(COMPARE, make_person("admin", None))
    assert "at least 3 people of each team" in app.info[0].value
    assert not app.expander and not app.get("plotly_chart") and not app.dataframe


def test_an_open_questionnaire_is_not_among_the_results(open_page, make_person):
    closed_by(make_person, 3, title="Spring")
    summer = opened(title="Summer")
    app = open_page(COMPARE, make_person("facilitator", None), survey=summer.id)
    said = everything_said(app)
    assert "Spring" in said and "Summer" not in said


def test_comments_are_shown_as_they_were_typed(open_page, make_person):
    closed_by(make_person, 5)
    app = open_page(COMPARE, make_person("member", "sales"))
    quotes = [element.value for element in app.markdown if element.value.startswith("> ")]
    assert len(quotes) == 20
    assert all(r"\*\*bold\*\*" in quote and r"\<b\>" in quote and r"\[link\]" in quote for quote in quotes)


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def compared(make_person):
    from actions import comparison

    return comparison.compare_survey(MACHINE, closed_by(make_person, 6).id)


@pytest.mark.parametrize("mode", ["light", "dark", None])
def test_every_bar_says_whose_it_is_or_stands_beneath_its_teams_name(compared, mode):
    for question in compared.questions:
        figure = distribution_figure(question, mode)
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
        titles = " ".join(note.text for note in figure.layout.annotations)
        for team, trace in zip(("Sales", "Marketing"), figure.data, strict=True):
            assert f"<b>{team}</b>" in titles or all(text.startswith(team) for text in trace.text)


def test_words_and_table_say_what_the_figure_shows(compared):
    hours = compared.question("response_hours")
    words = distribution_in_words(hours)
    assert "Sales, 6 people: median 24 hours" in words and "Marketing, 6 people: median 2 hours" in words
    budget = {row["Answer"]: row for row in distribution_rows(compared.question("budget"))}
    assert budget["5 decisive"] == {"Answer": "5 decisive", "Sales": "100% (6)", "Marketing": "0% (0)"}


def test_of_a_hidden_question_there_is_no_figure_no_word_and_no_row(make_person):
    from actions import comparison

    survey = closed_by(make_person, 2)
    for question in comparison.compare_survey(MACHINE, survey.id).questions:
        assert distribution_figure(question) is None
        assert distribution_in_words(question) == "" and distribution_rows(question) == []
