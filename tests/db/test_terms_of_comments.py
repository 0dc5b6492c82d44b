"""The terms of a closed questionnaire's comments: whatever comments may be shown, and nothing else."""

import pytest
from people import make_actor

from actions import answers, comparison, responses, surveys
from alignment.errors import NotFound, WrongState
from alignment.people import MACHINE, Team

SALES, MARKETING = Team.SALES, Team.MARKETING
TOML = """
title = "In your own words"
mode = "{mode}"
min_group = 3
language = "de"
[[questions]]
key = "mood"
topic = "t"
type = "scale"
text = "Wie geht es?"
required = false
[[questions]]
key = "words"
topic = "t"
type = "text"
text = "Was fehlt?"
required = false
"""


def opened(mode="confidential"):
    return surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode)).id)


def submit(survey, team, texts):
    for text in texts:
        who = make_actor(team=team.value)
        answers.save_answer(who, survey.id, "mood", 4)
        if text:
            answers.save_answer(who, survey.id, "words", text)
        answers.submit_answers(who, survey.id)


def closed(sales, marketing, mode="confidential"):
    survey = opened(mode)
    submit(survey, SALES, sales)
    submit(survey, MARKETING, marketing)
    return surveys.close_survey(MACHINE, survey.id)


def words_of(survey):
    return comparison.read_terms(MACHINE, survey.id)["words"]


@pytest.mark.parametrize("mode", ["named", "confidential", "anonymous"])
def test_everybody_reads_what_each_team_says_more_and_by_how_many(mode):
    survey = closed(["Wir brauchen das Budget"] * 6, ["Es fehlt der Zeitplan"] * 5, mode)
    for role, team in (
        ("member", "sales"),
        ("team_lead", "marketing"),
        ("facilitator", None),
        ("admin", None),
    ):
        assert comparison.read_terms(make_actor(role, team), survey.id) == {"words": words_of(survey)}
    found = words_of(survey)
    assert dict(found.wrote) == {SALES: 6, MARKETING: 5} and found.least == 5 and found.reason == ""
    said = {term.text: dict(term.people) for term in found.terms}
    # what says nothing in German is no term
    assert {"budget", "zeitplan"} <= {word for text in said for word in text.split()}
    assert not {"wir", "das", "es", "der"} & set(said)
    assert all(
        people in ({SALES: 6, MARKETING: None}, {SALES: None, MARKETING: 5}) for people in said.values()
    )


@pytest.mark.parametrize(
    ("sales", "marketing"),
    [
        (["Budget"] * 4, ["Budget"] * 9),
        (["Budget"] * 9, [None] * 9),
        (["Budget"] * 9, ["Budget"] * 4 + [None] * 5),
        ([None] * 9, [None] * 9),
        ([], []),
    ],
)
def test_no_term_is_told_where_a_teams_comments_are_not_shown(sales, marketing):
    survey = closed(sales, marketing)
    found = words_of(survey)
    shown = comparison.read_comments(MACHINE, survey.id)["words"]
    assert len(shown.by_team) < 2
    assert found.terms == () and dict(found.wrote) == {} and found.reason.endswith(".")
    assert "udget" not in repr(found)


def test_terms_are_of_closed_questionnaires_only():
    survey = opened()
    submit(survey, SALES, ["Budget"] * 6)
    with pytest.raises(WrongState, match="still open"):
        comparison.read_terms(make_actor(), survey.id)
    with pytest.raises(NotFound):
        comparison.read_terms(MACHINE, "01UNKNOWN")


def test_one_person_who_writes_otherwise_cannot_be_told_from_the_terms_of_the_others():
    texts = ["Budget und Zeitplan"] * 6
    seen = {
        repr(words_of(closed(texts, [*texts, "Alles gut", other])))
        for other in ("Mehr Mut", "Weniger Mut", "Budget?")
    }
    # the last one says a word that is counted: of seven people, not of one
    assert len(seen) == 2


def test_what_came_from_a_file_counts_only_where_comments_count_it():
    def brought(in_portal):
        survey = opened()
        submit(survey, SALES, ["Budget"] * in_portal)
        submit(survey, MARKETING, ["Budget"] * 12)
        rows = "".join(f"s{number},sales,Zeitplan\n" for number in range(6))
        content = ("person,team,words\n" + rows).encode()
        responses.import_responses(MACHINE, survey.id, "answers.csv", content, external=True)
        return surveys.close_survey(MACHINE, survey.id)

    few, enough = brought(2), brought(5)
    for survey in (few, enough):
        shown = comparison.read_comments(MACHINE, survey.id)["words"].by_team
        assert ("Zeitplan" in repr(shown)) is ("zeitplan" in repr(words_of(survey)))
    assert "zeitplan" not in repr(words_of(few)) and words_of(enough).wrote[SALES] == 11
