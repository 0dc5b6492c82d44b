"""The traits of a survey's questions come from one look at the leads, and are the same as looked at one by one."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from actions import clock, comparison, settings, traits
from actions.lead_cards import facts_with_profile
from actions.traits import LEAST_OF_EACH
from alignment.people import MACHINE
from db.store import store
from leads.store import Facts
from tests.closed_leads import closed_survey
from tests.lead_histories import History

NOW = datetime(2026, 7, 2, tzinfo=UTC)
COUNT = 80
HEAD = 'title = "Many"\nmode = "confidential"\nmin_group = 3\n'
QUESTION = (
    '[[questions]]\nkey = "q{n}"\ntopic = "t"\ntype = "number"\nfield = "f{n}"\ntext = "From how many on?"\n'
)


@pytest.fixture
def survey():
    """So many questions about one field each, of which sales asks for 50 and marketing for 10, and 300 closed leads."""
    draw = random.Random(5)
    history = History()
    for number in range(300):
        came = NOW - timedelta(days=100 + number % 200)
        known = {f"f{n}": float(draw.randrange(100)) for n in range(COUNT)}
        history.lead(f"L{number}", created_at=came, **known)
        history.enter(
            f"L{number}", "won" if known["f0"] > draw.randrange(100) else "lost", came + timedelta(days=9)
        )
    history.load()
    toml = HEAD + "".join(QUESTION.format(n=n) for n in range(COUNT))
    sales, marketing = ({f"q{n}": bound for n in range(COUNT)} for bound in (50.0, 10.0))
    with clock.at(NOW):
        yield closed_survey(sales, marketing, people=3, toml=toml)


def test_all_questions_are_told_by_one_look_and_stay_told(survey, monkeypatch):
    looks = []
    rows = Facts.rows

    def counting(self, *arguments, **more):
        looks.append(1)
        return rows(self, *arguments, **more)

    comparison.compare_survey(MACHINE, survey.id)
    with facts_with_profile(store().read()):
        pass  # what both need is there
    monkeypatch.setattr(Facts, "rows", counting)
    first = {n: traits.traits_of_question(MACHINE, survey.id, f"q{n}") for n in range(COUNT)}
    assert len(looks) <= 6, "not one look for each question"
    told = len(looks)
    again = {n: traits.traits_of_question(MACHINE, survey.id, f"q{n}") for n in range(COUNT)}
    assert len(looks) == told, "nothing of it is looked at again, however many there are"
    assert again == first and {len(one.traits) for one in first.values()} == {2}
    words = [trait.words for trait in first[7].traits]
    assert sorted(words) == ["f7 is at least 10", "f7 is at least 50"]


def test_each_question_is_corrected_for_its_own_traits_alone(survey):
    alone = traits._looked_at(
        traits.metrics.known_until(),
        settings.company_of(traits.store().read()).hours.timezone,
        {"q0": traits._Asked(rules=tuple(one.rule for one in asked_of(survey, "q0")))},
    )["q0"]
    together = traits.traits_of_question(MACHINE, survey.id, "q0")
    assert together == alone and min(alone.won, alone.lost) >= LEAST_OF_EACH


def asked_of(survey, key):
    return sorted(
        traits.traits_of_question(MACHINE, survey.id, key).traits, key=lambda trait: -len(trait.words)
    )
