"""Whatever tells of a comparison tells of teams: two worlds that differ in one person's answer look the same to others.

As in `test_privacy`, for all that is computed from a comparison: what it costs in leads, what leads say to it, what became of
it since, the words people use, one's own answers, the files to take away and the command line.
"""

import csv
import inspect
import io
import json
import re
import shutil
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from made_up_cards import put_cards
from people import make_actor, make_members, submit

import manage as commands
from actions import (
    answers,
    card_judgements,
    clock,
    comparison,
    comparison_documents,
    comparison_history,
    imports,
    lead_costs,
    people,
    responses,
    surveys,
    traits,
)
from alignment.errors import NotFound, NotPermitted, Refusal, WrongState
from alignment.people import MACHINE, Team
from alignment.questionnaires import QuestionType
from db import store as stores
from db.store import store
from reports import comparison as reports

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
TOML = """
title = "{title}"
mode = "{mode}"
min_group = 3
importance = ["t"]
[[questions]]
key = "heard"
topic = "t"
type = "choice"
options = ["often", "seldom", "unheardof"]
text = "Are you heard?"
required = false
guess = true
[[questions]]
key = "source"
topic = "t"
type = "choices"
field = "source"
options = ["ads", "referral", "fair"]
text = "From where?"
required = false
[[questions]]
key = "demo"
topic = "t"
type = "yes_no"
text = "A demo?"
required = false
[[questions]]
key = "places"
topic = "t"
type = "ranking"
options = ["first", "second", "third"]
text = "In which order?"
required = false
[[questions]]
key = "rule"
topic = "t"
type = "rule"
text = "Which leads?"
required = false
[[questions]]
key = "mood"
topic = "t"
type = "scale"
text = "How is it?"
required = false
[[questions]]
key = "size"
topic = "t"
type = "number"
field = "employees"
text = "From how many employees on?"
required = false
[[questions]]
key = "cards"
topic = "t"
type = "lead_cards"
count = 4
text = "Qualified?"
required = false
[[questions]]
key = "words"
topic = "t"
type = "text"
text = "Anything else?"
required = false
"""
QUESTIONS = ("heard", "source", "demo", "places", "rule", "mood", "size", "cards", "words")
ONE = {
    "heard": "often",
    "guess:heard": "often",
    "source": ["ads"],
    "demo": True,
    "places": ["first", "second", "third"],
    "rule": {"version": 1, "field": "employees", "op": ">=", "value": 50},
    "mood": 5,
    "size": 40,
    "cards": {str(n): {"verdict": "qualified", "reason": "They asked us"} for n in range(1, 5)},
    "words": "I like the leads here",
    "importance:t": 5,
}
OTHER = {
    "heard": "unheardof",
    "guess:heard": "unheardof",
    "source": ["referral", "fair"],
    "demo": False,
    "places": ["third"],
    "rule": {"version": 1, "field": "employees", "op": "<", "value": 97731},
    "mood": 1,
    "size": 97731,
    "cards": {str(n): {"verdict": "not_qualified", "reason": "Zanzibar"} for n in range(1, 5)},
    "words": "Zanzibar never listens",
    "importance:t": 1,
}
MARKS = ("97731", "97,731", "Zanzibar", "zanzibar")
PRIVATE = ("confidential", "anonymous")
MAPPING = "lead_id = 'id'\nsource = 'source'\nemployees = 'employees'\n[stages]\nmql = 'mql'\nwon = 'won'\nlost = 'lost'\n"


# ── two worlds ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def imported(tmp_path_factory):
    """A folder of lead facts, to be copied into a data folder."""
    folder = tmp_path_factory.mktemp("leads")
    lines = ["id,source,employees,mql,won,lost"]
    for number in range(120):
        came = date(2026, 1, 1) + timedelta(days=number % 60)
        ended = (came + timedelta(days=20)).isoformat()
        won = number % 3 == 0
        lines.append(
            f"L{number},{('ads', 'referral', 'fair')[number % 3 if number % 5 else 0]},{10 + number},{came},"
            f"{ended if won else ''},{'' if won else ended}"
        )
    path = folder / "leads.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, clock.at(NOW):
        patch.setenv("CONCORD_DATA", str(folder / "data"))
        imports.import_leads(MACHINE, [("leads.csv", path)], MAPPING)
        stores.close_all()
    return folder / "data" / "leads"


def opened(mode="confidential", title="How do we feel?"):
    survey = surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode, title=title))
    put_cards(survey)
    return surveys.open_survey(MACHINE, survey.id)


def close(survey):
    return surveys.close_survey(MACHINE, survey.id)


def attempt(action, *arguments, **more):
    """What an action gives or refuses, as text."""
    try:
        found = action(*arguments, **more)
    except Refusal as refusal:
        return f"refused {type(refusal).__name__}: {refusal}"
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], bytes):
        return f"{found[0]}\n{found[1].decode('utf-8-sig')}"
    return repr(found)


def looks(who, survey):
    """Everything that this person can ask of a survey's comparison: name of the look → what comes back."""
    found = {
        action.__name__: attempt(action, who, survey.id)
        for action in (
            comparison.compare_survey,
            comparison.read_comments,
            comparison.read_terms,
            comparison.read_card_reasons,
            comparison_history.changes_since_last,
            comparison_documents.comparison_document,
            reports.file_names,
        )
    } | files(who, survey)
    for key in QUESTIONS:
        for action in (
            lead_costs.leads_told_apart,
            lead_costs.read_field_spread,
            traits.traits_of_question,
            card_judgements.stated_and_judged,
        ):
            found[f"{action.__name__} {key}"] = attempt(action, who, survey.id, key)
    for key in ("rule", "size"):
        for team in Team:
            found[f"list_leads_told_apart {key} {team}"] = attempt(
                lead_costs.list_leads_told_apart, who, survey.id, key, team
            )
    return found


def files(who, survey):
    """What this person can take away."""
    return {make.__name__: attempt(make, who, survey.id) for make in reports.MAKE.values()}


def looks_elsewhere(who):
    """What is told of no one survey."""
    return {
        "alignment_over_time": attempt(comparison_history.alignment_over_time, who),
        "read_traits": attempt(traits.read_traits, who),
    }


def commands_say(survey):
    """What the administrator of the machine reads on the command line."""
    runner = CliRunner()
    return {
        " ".join(("compare", *more)): runner.invoke(commands.manage, ["compare", survey.id, *more]).output
        for more in ((), ("--json",))
    }


def without_ids(text):
    return re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "ID", text)


def everything_seen(survey, member, facilitator):
    seen = {**looks(member, survey), **looks_elsewhere(member), **commands_say(survey)}
    for name, who in (("member", member), ("facilitator", facilitator), ("machine", MACHINE)):
        told = files(who, survey)
        told["read_own_answers"] = attempt(comparison.read_own_answers, who, survey.id)
        seen |= {f"{name}: {look}": text for look, text in told.items()}
    return {look: without_ids(text) for look, text in seen.items()}


@pytest.fixture
def same(monkeypatch, tmp_path, imported):
    """same(scene): what others see where the person answered ONE, which is what they see where it was OTHER."""

    def check(scene):
        worlds = []
        for number, given in enumerate((ONE, OTHER)):
            stores.close_all()
            folder = tmp_path / f"world{number}"
            folder.mkdir()
            shutil.copytree(imported, folder / "leads")
            monkeypatch.setenv("CONCORD_DATA", str(folder))
            with clock.at(NOW):
                watchers = make_actor(), make_actor("facilitator", None)
                survey = scene(given)
                worlds.append(everything_seen(survey, *watchers))
        first, second = worlds
        assert first.keys() == second.keys()
        differing = [look for look in first if first[look] != second[look]]
        assert differing == []
        return first

    return check


@pytest.mark.parametrize("mode", ["named", *PRIVATE])
def test_nothing_is_computed_from_an_open_survey(same, mode):
    def scene(given):
        survey = opened(mode)
        for who in (*make_members("sales", 4), *make_members("marketing", 4)):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, given)
        return survey

    seen = same(scene)
    shown = {look for look, text in seen.items() if "still open" not in text}
    assert shown == {"file_names", "alignment_over_time", "read_traits"}
    assert all(
        text.startswith("refused WrongState") for look, text in seen.items() if look.endswith("answers")
    )


def test_a_small_team_hides_both_in_every_view_and_file(same):
    def scene(given):
        survey = opened()
        for who in (*make_members("sales", 1), *make_members("marketing", 7)):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, given)
        return close(survey)

    seen = same(scene)
    document = json.loads(seen["make_json"].partition("\n")[2])
    assert all(question["hidden"] and question["answers"] == [] for question in document["questions"])
    assert all(question["n"] == {"sales": None, "marketing": None} for question in document["questions"])
    assert document["alignment"]["topics"] == 0
    # neither the small team's answers nor the large one's
    for look in ("make_html", "make_csv", "make_json", "read_terms", "changes_since_last"):
        text = seen[look]
        assert not any(mark in text for mark in (*MARKS, "I like the leads", "They asked us"))
    assert "typically" not in seen["make_html"] and "%" not in _articles(seen["make_html"])


def _articles(page):
    """What the report tells of the questions, without what everybody may know."""
    text = "".join(re.findall(r"<article.*?</article>", page, re.DOTALL))
    return re.sub(r"<table class=\"keep traits\">.*?</table>", "", text, flags=re.DOTALL)


def test_what_few_answered_is_in_no_view_and_no_file(same):
    keys = ("rule", "source", "size", "cards", "guess:heard", "importance:t")

    def scene(given):
        survey = opened()
        rest = {key: value for key, value in ONE.items() if key not in keys}
        for who in (*make_members("sales", 5), *make_members("marketing", 2)):
            submit(who, survey, rest)
        for who in make_members("marketing", 4):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, rest | {key: given[key] for key in keys})
        return close(survey)

    assert "hidden=False" in same(scene)["compare_survey"], "there is something to see"


def test_rows_that_somebody_made_up_lift_no_small_team_into_any_view(same):
    def scene(given):
        survey = opened()
        for who in (*make_members("sales", 1), *make_members("marketing", 6)):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, given)
        rows = "\n".join(f"stranger {number},sales,seldom,20,made up" for number in range(6))
        data = f"person,team,heard,size,words\n{rows}".encode()
        assert responses.import_responses(MACHINE, survey.id, "x.csv", data, external=True).accepted == 6
        return close(survey)

    same(scene)


def test_words_of_few_and_answers_that_were_not_submitted_are_in_no_view_and_in_no_file(same):
    def scene(given):
        survey = opened()
        rest = {"heard": "often", "mood": 4}
        for who in (*make_members("sales", 3), *make_members("marketing", 6)):
            submit(who, survey, rest | {"words": ONE["words"]})
        submit(make_actor(name="the one"), survey, rest | {"words": given["words"]})
        for who in make_members("sales", 3):
            submit(who, survey, rest)
        begun = make_actor(name="another one")
        for key, value in given.items():
            answers.save_answer(begun, survey.id, key, value)
        return close(survey)

    seen = same(scene)
    assert "I like the leads" not in seen["make_html"] + seen["make_json"]


def test_what_was_hidden_before_is_told_by_no_change_and_no_course_of_time(same):
    """Nor by subtracting: the later survey shows the question, the earlier one does not."""

    def scene(given):
        asked = make_members("sales", 6), make_members("marketing", 6)
        with clock.at(NOW - timedelta(days=90)):
            earlier = opened(title="How do we feel?")
            for who in (*asked[0][:5], *asked[1]):
                submit(who, earlier, {"mood": 4, "heard": "often"})
            submit(asked[0][5], earlier, {"mood": 4, "heard": "often"} | {"size": given["size"]})
            for who in asked[1][:3]:
                answers.save_answer(who, earlier.id, "size", 10)
            close(earlier)
        later = opened(title="How do we feel?")
        for who in (*asked[0], *asked[1]):
            submit(who, later, ONE)
        return close(later)

    seen = same(scene)
    document = json.loads(seen["make_json"].partition("\n")[2])
    changes = {question["key"]: question.get("change") for question in document["questions"]}
    assert changes["size"]["direction"] == "not_comparable" and changes["size"]["then"] is None
    assert changes["mood"]["then"] is not None, "there is an earlier one to compare with"


# ── a team of exactly the minimum, and what stands in a result ───────────────────────────────────────────────────────


@pytest.fixture
def with_leads(data_folder, imported):
    data_folder.mkdir()
    shutil.copytree(imported, data_folder / "leads")


def test_a_team_of_exactly_the_minimum_shows_the_team_and_nothing_that_one_person_alone_said(with_leads):
    with clock.at(NOW):
        survey = opened("anonymous")
        for who in (*make_members("sales", 2), *make_members("marketing", 3)):
            submit(who, survey, ONE)
        submit(make_actor(name="the one"), survey, OTHER)
        close(survey)
        seen = {**looks(MACHINE, survey), **commands_say(survey)}
    assert "hidden=False" in seen["compare_survey"]
    said_alone = {look for look, text in seen.items() if any(mark in text for mark in MARKS[2:])}
    assert said_alone == set(), "own words stand under the larger minimum"
    rule = json.loads(seen["make_json"].partition("\n")[2])
    conditions = next(q for q in rule["questions"] if q["key"] == "rule")
    assert "97731" not in json.dumps(conditions), "a condition that one person asks for"


def test_no_file_and_no_document_names_anybody_or_has_a_time(with_leads):
    for mode in ("named", *PRIVATE):
        with clock.at(NOW):
            survey = opened(mode)
            for who in (*make_members("sales", 4), *make_members("marketing", 4)):
                submit(who, survey, ONE)
            close(survey)
            emails = [entry.person.email for entry in people.list_people(MACHINE)]
            for make in reports.MAKE.values():
                text = make(MACHINE, survey.id)[1].decode("utf-8-sig")
                assert not any(email in text for email in emails)
                assert not any(f"{team} {n}" in text for team in Team for n in range(4))
                assert not re.search(r"\d\d:\d\d:\d\d|T\d\d:\d\d", text)


def test_the_files_tell_no_more_than_the_comparison(with_leads):
    """Every question that the comparison hides has neither counts, shares, rules, costs, traits nor a change in a file."""
    with clock.at(NOW):
        survey = opened()
        for who in (*make_members("sales", 4), *make_members("marketing", 4)):
            submit(who, survey, {"mood": 4})
        for who in make_members("sales", 2):
            submit(who, survey, ONE)
        close(survey)
        found = comparison.compare_survey(MACHINE, survey.id)
        hidden = {one.question.key for one in found.questions if one.hidden}
        document = comparison_documents.comparison_document(MACHINE, survey.id)
        listed = reports.make_csv(MACHINE, survey.id)[1].decode("utf-8-sig")
    assert hidden == set(QUESTIONS) - {"mood", "words"}
    empty = {
        **dict.fromkeys(("effect", "p", "q", "between_share", "importance", "importance_by_team"), None),
        **dict.fromkeys(("cost", "of_teams", "consensus"), None),
        **{key: [] for key in ("other_effects", "divided_teams", "perspectives", "answers", "differences")},
        "typical_rules_in_words": {},
        "strength": 0.0,
    }
    for question in document["questions"]:
        if question["key"] in hidden:
            assert {key: question[key] for key in empty} == empty
            assert "typical_rules" not in question and "stated_and_judged" not in question
            assert "change" not in question
    listed = {row["question"]: row for row in csv.DictReader(io.StringIO(listed))}
    for key in hidden:
        told = {name for name, cell in listed[key].items() if cell}
        assert told == {"place", "question", "name", "topic", "type", "verdict", "evidence", "sentence"}


# ── draft and open, by every way in ──────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_not_there_for_those_who_do_not_prepare_it(with_leads):
    draft = surveys.prepare_survey(MACHINE, toml=TOML.format(mode="named", title="Not yet"))
    put_cards(draft)
    for role, error in (("member", NotFound), ("team_lead", NotFound), ("facilitator", WrongState)):
        who = make_actor(role, "sales" if role != "facilitator" else None)
        told = looks(who, draft)
        told["read_own_answers"] = attempt(comparison.read_own_answers, who, draft.id)
        assert {text.split(":")[0] for text in told.values()} == {f"refused {error.__name__}"}


def test_who_has_lost_access_takes_nothing_away(with_leads):
    survey, who = opened(), make_actor("facilitator", None)
    for one in (*make_members("sales", 3), *make_members("marketing", 3)):
        submit(one, survey, ONE)
    close(survey)
    people.end_access(MACHINE, who.person_id)
    for make in reports.MAKE.values():
        with pytest.raises(NotPermitted):
            make(who, survey.id)
    exported = [row["action"] for row in store().read().execute("SELECT action FROM audit")]
    assert "comparison:export" not in exported


def test_each_file_that_is_taken_away_is_in_the_log_and_nothing_of_the_answers(with_leads):
    survey, who = opened("anonymous"), make_actor()
    for one in (*make_members("sales", 3), *make_members("marketing", 3)):
        submit(one, survey, OTHER)
    close(survey)
    for make in reports.MAKE.values():
        make(who, survey.id)
    comparison_documents.comparison_document(who, survey.id)
    rows = (
        store()
        .read()
        .execute("SELECT * FROM audit WHERE action = 'comparison:export' ORDER BY id")
        .fetchall()
    )
    assert [(row["actor"], row["noun_id"], json.loads(row["after"])) for row in rows] == [
        (who.person_id, survey.id, {"form": form}) for form in ("html", "csv", "json")
    ]


# ── one's own answers, and what is kept for one and asked by another ─────────────────────────────────────────────────


def test_own_answers_are_the_acting_persons_whoever_asked_before(with_leads):
    assert list(inspect.signature(comparison.read_own_answers).parameters) == ["actor", "survey_id"]
    survey, one, other = opened(), make_actor(), make_actor()
    submit(one, survey, OTHER)
    submit(other, survey, ONE)
    for who in (*make_members("sales", 2), *make_members("marketing", 4)):
        submit(who, survey, ONE)
    close(survey)
    watchers = [make_actor(role, None) for role in ("facilitator", "admin")] + [make_actor(), MACHINE]
    for _ in range(2):
        assert comparison.read_own_answers(one, survey.id).answers["size"] == 97731
        assert comparison.read_own_answers(other, survey.id).answers["size"] == 40
        assert all(not comparison.read_own_answers(who, survey.id).answers for who in watchers)


def test_nobody_has_own_answers_in_an_anonymous_survey_that_has_closed(with_leads):
    survey, came = opened("anonymous"), [*make_members("sales", 4), *make_members("marketing", 4)]
    for who in came:
        submit(who, survey, ONE)
    close(survey)
    told = [comparison.read_own_answers(who, survey.id) for who in (*came, make_actor(), MACHINE)]
    assert all(not one.answers for one in told)
    assert len({one.reason for one in told}) == 1, "nor does it say who has answered"


def test_who_asks_first_changes_nothing_for_who_asks_next(with_leads):
    survey = opened()
    came = [*make_members("sales", 4), *make_members("marketing", 4)]
    for who in came:
        submit(who, survey, ONE)
    close(survey)
    told = [
        {**looks(who, survey), **looks_elsewhere(who)} for who in (came[0], make_actor("facilitator", None))
    ]
    assert told[0] == told[1]


def test_a_comparison_is_not_kept_for_another_store_or_another_survey(monkeypatch, tmp_path, imported):
    """Nor when both have the same names and numbers of everything else."""
    seen = []
    for number, given in enumerate((ONE, OTHER)):
        stores.close_all()
        folder = tmp_path / f"store{number}"
        folder.mkdir()
        shutil.copytree(imported, folder / "leads")
        monkeypatch.setenv("CONCORD_DATA", str(folder))
        survey = opened()
        for who in (*make_members("sales", 3), *make_members("marketing", 3)):
            submit(who, survey, given)
        close(survey)
        seen.append(comparison_documents.comparison_document(MACHINE, survey.id))
    sizes = [
        next(q for q in document["questions"] if q["key"] == "size")["of_teams"]["sales"]["median"]
        for document in seen
    ]
    assert sizes == [40, 97731]


def test_leads_that_cannot_be_read_withhold_no_answer_and_are_said_so(with_leads, data_folder):
    survey = opened()
    for who in (*make_members("sales", 4), *make_members("marketing", 4)):
        submit(who, survey, ONE)
    close(survey)
    for file in (data_folder / "leads").rglob("*.duckdb"):
        file.write_bytes(b"not what it was" * 1000)
    document = comparison_documents.comparison_document(MACHINE, survey.id)
    assert document["traits"]["reason"] and all(one["cost"] is None for one in document["questions"])
    assert next(one for one in document["questions"] if one["key"] == "size")["answers"]
    assert document["traits"]["reason"] in reports.make_html(MACHINE, survey.id)[1].decode()


def test_every_kind_of_question_is_looked_at():
    kinds = {question.type for question in opened().questionnaire.questions}
    assert kinds == set(QuestionType)
