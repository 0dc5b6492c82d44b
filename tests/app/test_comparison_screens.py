"""The comparison as each role finds it: the overview, each question's own screen, and one's own answers in it."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from actions import answers, clock, comparison, people, surveys, workshops
from alignment.disagreement import Verdict
from alignment.disagreement.change import Change, ChangesSince, Direction
from alignment.errors import WrongState
from alignment.people import MACHINE, Actor, Role, Team
from components.comparison_changes import changes_in_words

OVERVIEW = "pages/surveys/comparison.py"
QUESTION = "pages/surveys/compared.py"
TOML = """
title = "TITLE"
mode = "MODE"
min_group = 3
importance = ["handing"]
[topics]
handing = "Handing over"
[[questions]]
key = "hours"
topic = "handing"
type = "number"
title = "Time to call"
unit = "hours"
wording = { sales = "Within how many hours do you call?", marketing = "Within how many hours shall sales call?" }
[[questions]]
key = "kind"
topic = "leads"
type = "choice"
title = "When it counts"
options = ["They asked", "They fit"]
text = "When does a lead count?"
[[questions]]
key = "reason"
topic = "leads"
type = "yes_no"
title = "A reason for each"
text = "Is a reason needed?"
[[questions]]
key = "wish"
topic = "leads"
type = "text"
title = "One wish"
required = false
text = "What do you wish for?"
"""


def acting(person):
    return Actor(person.id, clock.now_text())


def answer(person, survey, hours, words=""):
    sales = person.team is Team.SALES
    given = {
        "hours": hours,
        "kind": "They asked" if sales else "They fit",
        "reason": True,
        "importance:handing": 5,
    }
    for key, value in (given | ({"wish": words} if words else {})).items():
        answers.save_answer(acting(person), survey.id, key, value)
    answers.submit_answers(acting(person), survey.id)


def closed(make_person, each=6, title="Spring", mode="confidential", extra=()):
    """A closed questionnaire: sales calls within about 20 hours, marketing wants 2; they differ on what counts."""
    toml = TOML.replace("TITLE", title).replace("MODE", mode)
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=toml).id)
    for number in range(each):
        answer(make_person("member", "sales"), survey, 20.0 + number % 2, "**bold** <b>wish</b>")
        answer(make_person("member", "marketing"), survey, 2.0, "[link](http://example.com)")
    for person, hours in extra:
        answer(person, survey, hours)
    return surveys.close_survey(MACHINE, survey.id)


def said(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind)).replace("\\", "")


def links(app: AppTest) -> dict[str, str]:
    """What the links of the page say → the parameters that they carry."""
    return {link.proto.label.replace("\\", ""): link.proto.query_string for link in app.get("page_link")}


def inside(app: AppTest, name: str) -> str:
    """What stands in the popover of this name."""

    def found(block, within):
        within = within or (
            getattr(getattr(block, "proto", None), "popover", None) is not None
            and (block.proto.popover.label == name)
        )
        for child in getattr(block, "children", {}).values():
            yield from found(child, within)
        if within and getattr(block, "type", "") in ("markdown", "caption"):
            yield block.value

    return "\n".join(found(app.main, False)).replace("\\", "")


def question(open_page, person, survey, key, **more):
    app = open_page(QUESTION, person, survey=survey.id, question=key, **more)
    assert not app.exception
    return app


# ── the overview ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
def test_while_nothing_is_closed_the_overview_says_what_to_do(open_page, make_person, role):
    app = open_page(OVERVIEW, make_person(role.value, "sales"))
    assert not app.exception and "No questionnaire has been closed yet" in app.info[0].value
    runs = role in (Role.FACILITATOR, Role.ADMIN)
    assert ("See how the questionnaires run" if runs else "Answer your questionnaires") in links(app)


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_one_sentence_and_a_row_for_each_question_with_a_link_to_it(
    open_page, make_person, role
):
    survey = closed(make_person)
    app = open_page(OVERVIEW, make_person(role.value, "sales"))
    assert not app.exception
    found = comparison.compare_survey(MACHINE, survey.id)
    assert app.subheader[0].value.replace("\\", "") == found.sentence
    leading = links(app)
    for place, one in enumerate(found.questions, 1):
        link = leading[f"{place}. **{one.question.name}**"]
        assert f"question={one.question.key}" in link and f"survey={survey.id}" in link
        assert one.sentence in said(app)
    assert "question=wish" in leading["**One wish**"], "text has its own screen, too"
    assert "6 of" in said(app) and "in sales" in said(app)


def test_filters_stand_in_the_link_and_leave_what_they_say(open_page, make_person):
    survey = closed(make_person)
    app = open_page(OVERVIEW, make_person("member", "sales"))
    app.multiselect(key="comparison_filter_verdict").set_value([Verdict.ALIGNED.value]).run()
    assert app.query_params["verdict"] in ("aligned", ["aligned"])
    assert [label for label in links(app) if ". **" in label] == ["3. **A reason for each**"]
    assert "verdict=aligned" in links(app)["3. **A reason for each**"], "the way back keeps the filter"
    again = open_page(OVERVIEW, make_person("member", "sales"), survey=survey.id, topic="handing")
    assert [label.split(" ", 1)[1] for label in links(again) if ". **" in label] == ["**Time to call**"]
    again.multiselect(key="comparison_filter_type").set_value(["yes_no"]).run()
    assert "No question matches these filters." in said(again)
    again.button(key="comparison_clear_all").click().run()
    assert len([label for label in links(again) if ". **" in label]) == 3
    assert "topic" not in again.query_params and "type" not in again.query_params


def test_what_a_link_makes_up_filters_nothing(open_page, make_person):
    survey = closed(make_person)
    app = open_page(
        OVERVIEW, make_person("member", "sales"), survey=survey.id, verdict="<b>", topic="none", page="x"
    )
    assert not app.exception and len([label for label in links(app) if ". **" in label]) == 3


@pytest.mark.parametrize("role", Role)
def test_without_leads_the_overview_says_what_is_missing_and_leads_there_who_may_import(
    open_page, make_person, role
):
    closed(make_person, 3)
    app = open_page(OVERVIEW, make_person(role.value, "sales"))
    assert "past leads" in said(app) and "Treats" not in said(app)
    assert ("Bring in leads" in links(app)) is (role is not Role.MEMBER)


def test_a_small_group_hides_everything_and_says_why(open_page, make_person):
    survey = closed(make_person, 2)
    person = make_person("admin", None)
    app = open_page(OVERVIEW, person)
    assert "at least 3 people of each team" in app.info[0].value
    assert not app.get("plotly_chart") and not app.dataframe and not app.multiselect
    one = question(open_page, person, survey, "hours")
    assert not one.get("plotly_chart") and not one.dataframe
    assert "hours" not in said(one).replace("how many hours", "") and "worked out" in said(one)


def test_an_open_questionnaire_is_not_among_the_results(open_page, make_person):
    closed(make_person, 3)
    toml = TOML.replace("TITLE", "Summer").replace("MODE", "named")
    summer = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=toml).id)
    person = make_person("facilitator", None)
    app = open_page(OVERVIEW, person, survey=summer.id)
    assert "Spring" in said(app) and "Summer" not in said(app)
    one = question(open_page, person, summer, "hours")
    assert "still open" in said(one) and not one.get("plotly_chart")


# ── one question ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", Role)
def test_a_question_shows_both_wordings_the_verdict_and_both_teams(open_page, make_person, role):
    survey = closed(make_person)
    app = question(open_page, make_person(role.value, "sales"), survey, "hours")
    words = said(app)
    assert app.title[0].value == "Time to call"
    assert "**Sales was asked:** Within how many hours do you call?" in words
    assert "**Marketing was asked:** Within how many hours shall sales call?" in words
    assert "6 people in sales and 6 people in marketing answered" in words
    assert "Split between the teams, " in words and len(app.get("plotly_chart")) >= 1
    takes = "Take to the workshop" in [button.label for button in app.button]
    assert takes is (role in (Role.FACILITATOR, Role.ADMIN))


def test_what_has_a_name_in_statistics_stands_with_the_numbers_only(open_page, make_person):
    survey = closed(make_person)
    app = question(open_page, make_person("member", "sales"), survey, "hours")
    numbers = inside(app, "Numbers")
    assert "Cliff's δ" in numbers and "q = " in numbers
    outside = said(app).replace(numbers, "")
    for name in ("Cliff", "q =", "q under", "95% interval", "Bergsma"):
        assert name not in outside


def test_links_lead_to_the_questions_before_and_after_under_the_same_filters(open_page, make_person):
    survey = closed(make_person)
    order = [one.question.key for one in comparison.compare_survey(MACHINE, survey.id).questions]
    person = make_person("member", "sales")
    app = question(open_page, person, survey, order[1])
    assert f"question={order[0]}" in links(app)["Previous"] and f"question={order[2]}" in links(app)["Next"]
    app = question(open_page, person, survey, order[0], verdict="split_between")
    assert "verdict=split_between" in links(app)["All questions"]
    assert "verdict=split_between" in links(app)["Next"]


@pytest.mark.parametrize(
    "asked", [{}, {"survey": "nothing"}, {"survey": "nothing", "question": "hours"}, {"question": "hours"}]
)
def test_a_link_that_leads_nowhere_says_where_to_go(open_page, make_person, asked):
    closed(make_person, 3)
    app = open_page(QUESTION, make_person("member", "sales"), **asked)
    assert not app.exception and app.info and "Go to the comparison" in links(app)


def test_a_question_that_there_is_not_says_where_to_go(open_page, make_person):
    survey = closed(make_person, 3)
    app = question(open_page, make_person("member", "sales"), survey, "<script>")
    assert "no such question" in app.info[0].value


def test_comments_are_shown_as_they_were_typed_on_the_questions_own_screen(open_page, make_person):
    survey = closed(make_person)
    app = question(open_page, make_person("member", "sales"), survey, "wish")
    quotes = [element.value for element in app.markdown if element.value.startswith("> ")]
    assert len(quotes) == 12
    assert sum(r"\*\*bold\*\*" in quote and r"\<b\>" in quote for quote in quotes) == 6
    assert sum(r"\[link\]" in quote for quote in quotes) == 6
    few = question(open_page, make_person("member", "sales"), closed(make_person, 4), "wish")
    assert not [element for element in few.markdown if element.value.startswith("> ")]
    assert "at least 5 people of each team" in few.info[0].value


def test_a_facilitator_takes_a_question_to_the_workshop_and_then_finds_the_way_there(open_page, make_person):
    survey = closed(make_person)
    facilitator = make_person("facilitator", None)
    app = question(open_page, facilitator, survey, "hours")
    app.button(key="compared_take_hours").click().run()
    (workshop,) = workshops.list_workshops(acting(facilitator))
    (topic,) = workshops.read_workshop(acting(facilitator), workshop.id).topics
    assert (topic.survey_id, topic.question_key, topic.title) == (survey.id, "hours", "Time to call")
    assert "On the table; go to the workshop" in links(app)
    assert "Take to the workshop" not in [button.label for button in app.button]
    overview = open_page(OVERVIEW, facilitator)
    assert said(overview).count("On the table") == 1


def to_settle(survey):
    verdicts = (Verdict.SPLIT_BETWEEN, Verdict.SPLIT_WITHIN, Verdict.UNSURE)
    found = comparison.compare_survey(MACHINE, survey.id)
    return [one.question.key for one in found.questions if one.verdict in verdicts]


def test_a_facilitator_puts_all_that_is_to_be_settled_on_the_agenda_at_once(open_page, make_person):
    survey = closed(make_person)
    settle = to_settle(survey)
    assert settle == ["hours", "kind"]
    facilitator = make_person("facilitator", None)
    app = open_page(OVERVIEW, facilitator)
    assert not [label for label in links(app) if "workshop" in label], "none is open yet"
    button = app.button(key="comparison_take_all")
    assert button.label == "Put the 2 topics to settle on the agenda"
    button.click().run()
    (room,) = workshops.list_workshops(acting(facilitator))
    topics = workshops.read_workshop(acting(facilitator), room.id).topics
    assert [topic.question_key for topic in topics] == settle, "in the order of the list"
    assert "On the table; go to the workshop" in links(app) and said(app).count("On the table") == 2
    assert "comparison_take_all" not in [button.key for button in app.button]
    workshops.close_workshop(acting(facilitator), room.id)
    again = open_page(OVERVIEW, facilitator)
    assert "comparison_take_all" in [button.key for button in again.button]


def test_what_is_on_the_agenda_already_is_not_counted_again(open_page, make_person):
    survey = closed(make_person)
    workshops.add_topic(MACHINE, None, title="Time", survey_id=survey.id, question_key="hours")
    app = open_page(OVERVIEW, make_person("facilitator", None))
    assert app.button(key="comparison_take_all").label == "Put the other topic to settle on the agenda"
    assert "Go to the workshop" in links(app)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.TEAM_LEAD])
def test_who_may_not_lead_a_workshop_finds_the_way_to_an_open_one_only(open_page, make_person, role):
    closed(make_person)
    person = make_person(role.value, "sales")
    app = open_page(OVERVIEW, person)
    assert not [label for label in links(app) if "workshop" in label]
    assert "comparison_take_all" not in [button.key for button in app.button]
    workshops.open_workshop(MACHINE, "Alignment")
    assert "Go to the workshop" in links(open_page(OVERVIEW, person))


# ── the address ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_counter_of_a_question_counts_what_the_filters_show(open_page, make_person):
    survey = closed(make_person)
    person = make_person("member", "sales")
    split = question(open_page, person, survey, "hours", verdict="split_between")
    assert "1 of 2" in said(split), "what has no verdict is not among them"
    every = question(open_page, person, survey, "hours")
    assert "1 of 4" in said(every), "free text comes last where all show"
    topic = question(open_page, person, survey, "wish", topic="leads")
    assert "3 of 3" in said(topic) and "topic=leads" in links(topic)["All questions"]
    text = question(open_page, person, survey, "wish", verdict="split_between")
    assert "4 of 4" in said(text) and "verdict" not in text.query_params, "the address says what shows"


def test_an_address_that_means_nothing_is_put_right_and_said(open_page, make_person):
    survey = closed(make_person)
    person = make_person("member", "sales")
    app = open_page(OVERVIEW, person, survey="nonsense")
    assert "named a questionnaire that there is not" in app.info[0].value and "survey" not in app.query_params
    app = open_page(OVERVIEW, person, survey=survey.id, verdict=["zzz", "aligned"], topic="zzz")
    assert "named filters" in said(app) and "topic" not in app.query_params
    assert app.query_params["verdict"] in ("aligned", ["aligned"])
    right = open_page(OVERVIEW, person, survey=survey.id, verdict="aligned")
    assert "The address" not in said(right)


def test_a_long_list_stands_on_pages_and_the_way_back_leads_to_the_one_with_the_question(
    open_page, make_person
):
    many = "".join(
        f'[[questions]]\nkey = "more{n}"\ntopic = "leads"\ntype = "yes_no"\ntext = "Question {n}?"\n'
        for n in range(60)
    )
    toml = TOML.replace("TITLE", "Long").replace("MODE", "named") + many
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=toml).id)
    for number in range(6):
        person = make_person("member", ("sales", "marketing")[number % 2])
        given = {f"more{n}": True for n in range(60)} | {"kind": "They fit", "reason": True, "hours": 5.0}
        for key, value in given.items():
            answers.save_answer(acting(person), survey.id, key, value)
        answers.save_answer(acting(person), survey.id, "importance:handing", 3)
        answers.submit_answers(acting(person), survey.id)
    surveys.close_survey(MACHINE, survey.id)
    person = make_person("member", "sales")
    rows = [label for label in links(open_page(OVERVIEW, person)) if ". **" in label]
    assert len(rows) == 60
    second = open_page(OVERVIEW, person, survey=survey.id, page="2")
    assert "61 to 63 of 63 questions" in said(second)
    last = comparison.compare_survey(MACHINE, survey.id).questions[-1].question.key
    assert "page=2" in links(question(open_page, person, survey, last))["All questions"]
    first = comparison.compare_survey(MACHINE, survey.id).questions[0].question.key
    assert "page" not in links(question(open_page, person, survey, first))["All questions"]


def test_too_few_answers_say_how_many_are_missing_and_how_to_ask_again(open_page, make_person):
    closed(make_person, 2)
    app = open_page(OVERVIEW, make_person("facilitator", None))
    assert "the answers of 1 more person of sales and 1 more person of marketing" in app.info[0].value
    assert "Copy the questionnaire and ask again" in links(app)
    app = open_page(OVERVIEW, make_person("member", "sales"))
    assert "Copy the questionnaire and ask again" not in links(app)


# ── one's own answer ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_sees_their_own_answer_marked_and_nobody_elses(open_page, make_person):
    sam, lea = make_person("member", "sales"), make_person("team_lead", "marketing")
    survey = closed(make_person, extra=[(sam, 37.0), (lea, 3.0)])
    assert "Your answer] 37 hours" in said(question(open_page, sam, survey, "hours"))
    assert "Your answer] They asked" in said(question(open_page, sam, survey, "kind"))
    assert "Your answer] 3 hours" in said(question(open_page, lea, survey, "hours"))
    fay = make_person("facilitator", "sales")
    words = said(question(open_page, fay, survey, "hours"))
    assert "Your answer" not in words and "You have not handed in any answers" in words
    assert "37 hours" not in words and "37 hours" not in said(question(open_page, lea, survey, "hours"))


def test_a_question_that_one_skipped_says_so(open_page, make_person):
    sam = make_person("member", "sales")
    survey = closed(make_person, extra=[(sam, 37.0)])
    assert "You have skipped this question." in said(question(open_page, sam, survey, "wish"))


def test_own_answers_are_only_those_of_who_asks_and_only_once_it_is_closed(make_person):
    sam, max_ = make_person("member", "sales"), make_person("member", "marketing")
    survey = closed(make_person, extra=[(sam, 37.0), (max_, 4.0)])
    assert comparison.read_own_answers(acting(sam), survey.id).answers["hours"] == 37.0
    assert comparison.read_own_answers(acting(max_), survey.id).answers["hours"] == 4.0
    assert not comparison.read_own_answers(MACHINE, survey.id).answers
    toml = TOML.replace("TITLE", "Summer").replace("MODE", "named")
    summer = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=toml).id)
    answer(sam, summer, 5.0)
    with pytest.raises(WrongState):
        comparison.read_own_answers(acting(sam), summer.id)


def test_of_an_anonymous_one_nobody_can_tell_which_answers_are_whose(open_page, make_person):
    sam = make_person("member", "sales")
    survey = closed(make_person, mode="anonymous", extra=[(sam, 37.0)])
    own = comparison.read_own_answers(acting(sam), survey.id)
    assert not own.answers and "key was destroyed" in own.reason
    words = said(question(open_page, sam, survey, "hours"))
    assert "Your answer" not in words and "key was destroyed" in words


def test_answers_that_were_not_handed_in_are_not_marked(make_person):
    sam = make_person("member", "sales")
    toml = TOML.replace("TITLE", "Spring").replace("MODE", "confidential")
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=toml).id)
    answers.save_answer(acting(sam), survey.id, "hours", 37.0)
    surveys.close_survey(MACHINE, survey.id)
    assert not comparison.read_own_answers(acting(sam), survey.id).answers


@pytest.mark.parametrize("mode", ["confidential", "named"])
def test_whoever_was_given_a_way_in_since_sees_no_confidential_answers_of_the_person(make_person, mode):
    sam = make_person("member", "sales")
    survey = closed(make_person, 3, mode=mode, extra=[(sam, 37.0)])
    invited = people.invite(MACHINE, sam.id)
    assert comparison.read_own_answers(acting(sam), survey.id).answers, "nobody has used the link"
    session = people.accept_invitation(invited.token, "correct horse battery", "correct horse battery")
    own = comparison.read_own_answers(Actor(session.person_id, session.signed_in_at), survey.id)
    assert bool(own.answers) is (mode == "named")
    assert bool(own.reason) is (mode != "named")


def test_what_has_changed_is_counted_and_chance_is_named_where_a_change_is_claimed():
    def change(direction):
        return Change("key", direction, None, None, None, None, "…")

    def told(*directions):
        changes = {str(number): change(one) for number, one in enumerate(directions)}
        return changes_in_words(ChangesSince("id", "Spring", date(2026, 5, 3), changes))

    assert (
        told(Direction.NONE, Direction.NONE)
        == "Since ‘Spring’, closed 3 May 2026: no detectable change on 2."
    )
    some = told(Direction.CLOSER, Direction.NONE, Direction.FURTHER)
    assert "closer on 1, further apart on 1, no detectable change on 1." in some
    assert some.endswith("Of twenty on which nothing has changed, about one is called changed by chance.")
    assert told() == "Since ‘Spring’, closed 3 May 2026, no question was asked again."
