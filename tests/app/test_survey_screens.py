"""The questionnaire screens as each role finds them: answering, running, comparing."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from actions import answers, clock, questionnaires, schedules, surveys
from alignment import questionnaire_edits as edits
from alignment.people import MACHINE, Actor, Person, Role, Team
from alignment.questionnaires import QuestionType
from alignment.surveys import SurveyStatus
from components.charts.comparison import distribution_figure, distribution_in_words, distribution_rows

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


@pytest.mark.parametrize("role", Role)
def test_every_role_opens_the_comparison_of_an_empty_portal(open_page, make_person, role):
    app = open_page(COMPARE, make_person(role.value, "sales"))
    assert not app.exception and app.title and app.info


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def labels_of(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def test_the_first_questionnaire_is_prepared_opened_and_closed_on_the_screen(open_page, make_person):
    make_person("member", "sales")
    app = open_page(RUN, make_person("facilitator", None))
    assert "There is no questionnaire yet" in everything_said(app)
    app.text_input(key="questionnaires_title").set_value("Our *leads*").run()
    app.button(key="questionnaires_prepare").click().run()
    (survey,) = surveys.list_surveys(MACHINE)
    assert survey.title == "Our *leads*" and survey.status is SurveyStatus.DRAFT
    assert app.title[0].value == r"Our \*leads\*", "what was prepared is shown"
    app.button(key=f"questionnaires_open_{survey.id}").click().run()
    assert "1 people in sales" not in everything_said(app) and "1 person in sales" in everything_said(app)
    app.button(key=f"questionnaires_confirm_open_{survey.id}").click().run()
    assert surveys.read_survey(MACHINE, survey.id).status is SurveyStatus.OPEN
    app.button(key=f"questionnaires_close_{survey.id}").click().run()
    assert "Closing is final" in everything_said(app) and "will stay hidden" in everything_said(app)
    app.button(key=f"questionnaires_confirm_close_{survey.id}").click().run()
    assert surveys.read_survey(MACHINE, survey.id).status is SurveyStatus.CLOSED
    assert not app.exception


def test_opening_says_when_it_closes_what_is_drawn_unseen_and_what_is_not_translated(open_page, make_person):
    draft = surveys.prepare_survey(MACHINE, template="pulse")
    app = open_page(RUN, make_person("facilitator", None), survey=draft.id)
    app.button(key=f"questionnaires_open_{draft.id}").click().run()
    said = everything_said(app)
    assert "It stays open until you close it." in said
    assert "no translation" not in said and "lead cards" not in said
    app.button(key=f"questionnaires_confirm_open_{draft.id}_cancel").click().run()
    assert surveys.read_survey(MACHINE, draft.id).status is SurveyStatus.DRAFT and not app.exception
    made, _ = edits.add_question(
        draft.questionnaire, QuestionType.LEAD_CARDS, draft.questionnaire.sections[0].key
    )
    made = edits.translate_head(edits.add_language(made, "de"), "de", title="Puls")
    draft = questionnaires.change_questionnaire(MACHINE, draft.id, made, revision=draft.revision)
    closes = (clock.now() + timedelta(days=7)).replace(tzinfo=None)
    schedules.set_dates(MACHINE, draft.id, closes=closes, revision=draft.revision)
    app = open_page(RUN, make_person("facilitator", None), survey=draft.id)
    app.button(key=f"questionnaires_open_{draft.id}").click().run()
    said = everything_said(app)
    assert "It closes by itself on " in said and "Nobody has drawn the lead cards yet" in said
    left = edits.untranslated(made)["de"]
    assert f"{left} texts have no translation into Deutsch and show in English." in said


def test_a_new_one_begins_blank_with_a_copy_or_with_a_file(open_page, make_person):
    first = surveys.prepare_survey(MACHINE, template="pulse", title="Spring")
    who = make_person("facilitator", None)
    app = open_page(RUN, who)
    app.radio(key="questionnaires_template").set_value("blank").run()
    app.button(key="questionnaires_prepare").click().run()
    assert "The title is empty" in app.error[0].value
    assert app.expander[0].proto.expanded, "the field stays in sight"
    app.text_input(key="questionnaires_title").set_value("From nothing").run()
    app.button(key="questionnaires_prepare").click().run()
    assert "1 question still to be written." in app.warning[0].value
    (blank,) = [survey for survey in surveys.list_surveys(MACHINE) if survey.title == "From nothing"]
    app.button(key=f"questionnaires_open_{blank.id}").click().run()
    assert "Write question 1 (‘New question’) first" in everything_said(app)
    assert app.button(key=f"questionnaires_confirm_open_{blank.id}").disabled
    app = open_page(RUN, who)
    app.radio(key="questionnaires_template").set_value("copy").run()
    app.selectbox(key="questionnaires_copy").set_value(first.id).run()
    app.button(key="questionnaires_prepare").click().run()
    app = open_page(RUN, who)
    app.radio(key="questionnaires_template").set_value("file").run()
    upload = app.get("file_uploader")[0]
    upload.set_value(("ours.toml", b'title = "Ours"\nmode = "secret"\n', "application/toml")).run()
    app.button(key="questionnaires_prepare").click().run()
    assert "Line 2" in app.error[0].value
    assert sorted(survey.title for survey in surveys.list_surveys(MACHINE)) == [
        "From nothing",
        "Spring",
        "Spring",
    ]


def test_the_list_tells_two_of_the_same_title_apart_and_leads_to_each(open_page, make_person):
    closed_by(make_person, 1, title="Ours")
    draft = surveys.prepare_survey(MACHINE, template="pulse", title="Ours")
    app = open_page(RUN, make_person("facilitator", None))
    said = everything_said(app)
    assert "Closed " in said and "Prepared " in said and "under way" not in said
    app.button(key=f"questionnaires_show_{draft.id}").click().run()
    assert app.title[0].value == "Ours" and "Open" in labels_of(app)
    app.button(key="questionnaires_all").click().run()
    assert app.title[0].value == "Questionnaires"


def test_a_questionnaire_begins_with_what_is_next_in_its_state(open_page, make_person):
    facilitator = make_person("facilitator", None)
    draft = surveys.prepare_survey(MACHINE, template="pulse")
    app = open_page(RUN, facilitator, survey=draft.id)

    def part():
        assert not app.exception and not app.warning
        return app.segmented_control(key=f"questionnaires_part_{draft.id}_{state()}").value

    def state():
        return surveys.read_survey(MACHINE, draft.id).status.value

    assert part() == "questions"
    surveys.open_survey(MACHINE, draft.id)
    app.run()
    assert part() == "people"
    app.query_params["part"] = "answers"
    app.run()
    assert part() == "answers", "the link says which"
    app.segmented_control(key=f"questionnaires_part_{draft.id}_open").set_value("questions").run()
    assert part() == "questions" and "part" not in app.query_params
    app.run()
    assert part() == "questions"
    surveys.close_survey(MACHINE, draft.id)
    app.run()
    assert part() == "answers"
    lead = open_page(RUN, make_person("team_lead", "sales"), survey=draft.id)
    assert lead.segmented_control(key=f"questionnaires_part_{draft.id}_closed").value == "people"


def test_follow_ups_are_counted_wherever_questions_are(open_page, make_person):
    draft = surveys.prepare_survey(MACHINE, template="qualified_lead")
    asked = len(draft.questionnaire.everything)
    own = len(draft.questionnaire.questions)
    assert asked > own + 1
    counted = f"{own} questions, {asked - own} short follow-ups"
    facilitator = make_person("facilitator", None)
    listed = open_page(RUN, facilitator)
    assert counted in everything_said(listed)
    assert counted in listed.radio(key="questionnaires_template").proto.captions
    app = open_page(RUN, facilitator, survey=draft.id)
    assert counted in everything_said(app)
    sections = [text.value for text in app.markdown if "short follow-up" in text.value]
    assert sections, "each section says its own"


def test_many_questionnaires_can_be_searched(open_page, make_person):
    for number in range(7):
        surveys.prepare_survey(MACHINE, template="pulse", title=f"Round {number}")
    app = open_page(RUN, make_person("facilitator", None))
    app.text_input(key="questionnaires_find").set_value("round 3").run()
    said = everything_said(app)
    assert "Round 3" in said and "Round 4" not in said
    app.get_by_key("questionnaires_state").set_value(SurveyStatus.OPEN).run()
    assert "None is like that" in everything_said(app)


def test_a_closed_questionnaire_says_nothing_of_people_under_way(open_page, make_person):
    survey = opened()
    fill(make_person("member", "sales"), survey)
    fill(make_person("member", "marketing"), survey, submit=False)
    facilitator = make_person("facilitator", None)
    surveys.close_survey(MACHINE, survey.id)
    app = open_page(RUN, facilitator, survey=survey.id, part="people")
    assert [bar.text for bar in app.progress] == ["Sales: 1 of 1 submitted", "Marketing: 0 of 1 submitted"]


def test_the_preview_shows_either_team_and_keeps_nothing(open_page, make_person):
    survey = opened()
    app = open_page(RUN, make_person("facilitator", "sales"), survey=survey.id)
    app.button(key=f"questionnaires_preview_{survey.id}").click().run()
    assert "From how many employees is a company worth your call?" in everything_said(app)
    start = f"preview_{survey.id}_en_sales_budget"
    point = next(
        widget
        for kind in ("button", "segmented_control", "checkbox")
        for widget in app.get(kind)
        if str(widget.key).startswith(start)
    )
    (point.click() if hasattr(point, "click") else point.set_value(4)).run()
    assert not app.exception
    assert surveys.response_rates(MACHINE, survey.id)[Team.SALES].started == 0


def test_the_response_rate_of_each_team_is_on_the_screen(open_page, make_person):
    survey = opened()
    fill(make_person("member", "sales"), survey)
    make_person("member", "sales")
    fill(make_person("member", "marketing"), survey, submit=False)
    facilitator = make_person("facilitator", None)
    assert "1 of 3 people have submitted" in everything_said(open_page(RUN, facilitator))
    app = open_page(RUN, facilitator, survey=survey.id)
    texts = [bar.text for bar in app.progress]
    assert texts == ["Sales: 1 of 2 submitted", "Marketing: 0 of 1 submitted, 1 under way"]


def test_a_team_lead_sees_the_rates_and_runs_nothing(open_page, make_person):
    survey = opened()
    draft = surveys.prepare_survey(MACHINE, template="pulse", title="Not yet")
    lead = make_person("team_lead", "sales")
    for chosen in ({}, {"survey": survey.id}, {"survey": draft.id}):
        app = open_page(RUN, lead, **chosen)
        assert "Not yet" not in everything_said(app)
        assert not labels_of(app) & {"Open", "Close", "Prepare", "Discard", "Correct texts", "Privacy"}
    assert "Preview" in labels_of(open_page(RUN, lead, survey=survey.id))


def test_privacy_is_made_stricter_on_the_screen_until_somebody_answers(open_page, make_person):
    survey = opened()
    app = open_page(RUN, make_person("facilitator", None), survey=survey.id)
    app.number_input(key=f"questionnaires_group_{survey.id}").set_value(5)
    app.button(key=f"questionnaires_tighten_{survey.id}").click().run()
    assert surveys.read_survey(MACHINE, survey.id).min_group == 5
    fill(make_person("member", "sales"), survey, submit=False)
    app.run()
    assert not app.number_input


def test_a_discarded_draft_leaves_the_list(open_page, make_person):
    draft = surveys.prepare_survey(MACHINE, template="pulse")
    app = open_page(RUN, make_person("facilitator", None), survey=draft.id)
    app.button(key=f"questionnaires_discard_{draft.id}").click().run()
    app.button(key=f"questionnaires_confirm_discard_{draft.id}").click().run()
    assert surveys.list_surveys(MACHINE) == [] and app.title[0].value == "Questionnaires"


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def compared(make_person):
    from actions import comparison

    return comparison.compare_survey(MACHINE, closed_by(make_person, 6).id)


@pytest.mark.parametrize("mode", ["light", "dark", None])
def test_every_figure_names_both_teams(compared, mode):
    for question in compared.questions:
        figure = distribution_figure(question, mode)
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
        written = " ".join(note.text for note in figure.layout.annotations)
        assert "Sales" in written and "Marketing" in written


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
