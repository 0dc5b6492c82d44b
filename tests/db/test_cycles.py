"""A cycle goes on only through its gates, and its recap compares with what was frozen before anything changed."""

import atexit
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from histories import START, add_history
from people import make_actor

from actions import answers, clock, cycles, definitions, recap, responses, settings, surveys
from alignment.cycles import Phase
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import MACHINE, Actor
from alignment.recap import Outcome
from db import store as stores
from db.queries import definitions as stored
from db.store import data_folder, store
from leads import store as warehouses

SURVEY = """
title = "Short"
mode = "confidential"
min_group = 3
[[questions]]
key = "size"
topic = "traits"
type = "yes_no"
text = "Does size matter?"
"""
RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
BASELINE_ENDS = datetime(2026, 5, 4, 12, tzinfo=UTC)
EXECUTES = BASELINE_ENDS + timedelta(days=1)
LOOKS_BACK = BASELINE_ENDS + timedelta(days=100)


@pytest.fixture
def facilitator():
    with clock.at(START):
        return make_actor("facilitator", None)


def put_to_the_teams(facilitator, cycle_id, people=3, close=True):
    survey = surveys.prepare_survey(facilitator, toml=SURVEY, cycle_id=cycle_id)
    surveys.open_survey(facilitator, survey.id)
    for team in ("sales", "marketing"):
        for _ in range(people):
            actor = make_actor("member", team)
            answers.save_answer(actor, survey.id, "size", True)
            answers.submit_answers(actor, survey.id)
    if close:
        surveys.close_survey(facilitator, survey.id)


def agree(facilitator, rule=RULE, text="Fifty people.", term="mql"):
    definition_id = definitions.draft(facilitator, term, text, rule)
    definitions.propose(facilitator, definition_id)
    for team in ("sales", "marketing"):
        content = stored.find(store().read(), definition_id).content_hash
        definitions.sign(make_actor("team_lead", team), definition_id, content)


def advance(facilitator):
    view = cycles.read_current(facilitator)
    return cycles.advance(facilitator, view.cycle.id, view.cycle.revision)


def revision(facilitator, cycle_id):
    return cycles.read_cycle(facilitator, cycle_id).cycle.revision


def name_points(facilitator, cycle_id):
    sales, marketing = make_actor("member", "sales"), make_actor("member", "marketing")
    cycles.name_point_people(
        facilitator, cycle_id, revision(facilitator, cycle_id), sales.person_id, marketing.person_id
    )


_executing: dict[str, tuple[Path, Actor, str]] = {}
"""The data folder of `run_until_recap` as it stands when the plan is put into practice, made once for all tests."""


def run_until_recap(*, after=None):
    """A cycle from a baseline of four months to a look back; `after` are the shares of the months that follow.

    Returns the facilitator and the id of the cycle.
    """
    if "folder" not in _executing:
        facilitator, cycle_id = run_until_execute()
        close()
        kept = Path(tempfile.mkdtemp(prefix="cycle-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
        shutil.copytree(data_folder(), kept, dirs_exist_ok=True)
        _executing["folder"] = kept, facilitator, cycle_id
    else:
        close()
        shutil.rmtree(data_folder(), ignore_errors=True)
        shutil.copytree(_executing["folder"][0], data_folder())
    _, facilitator, cycle_id = _executing["folder"]
    if after is not None:
        add_history(900, start=EXECUTES.replace(hour=9) + timedelta(days=1), prefix="later", **after)
    return facilitator, cycle_id


def close():
    """Nothing holds the files of the data folder open."""
    stores.close_all()
    warehouses.close_all()


def run_until_execute():
    with clock.at(START):
        facilitator = make_actor("facilitator", None)
    add_history(1190, start=START, accepted=0.5, minutes=120)
    with clock.at(BASELINE_ENDS):
        cycle_id = cycles.start_cycle(facilitator, "Spring")
        put_to_the_teams(facilitator, cycle_id)
        assert advance(facilitator) is Phase.PLAN
        agree(facilitator)
        name_points(facilitator, cycle_id)
    with clock.at(EXECUTES):
        assert advance(facilitator) is Phase.EXECUTE
    return facilitator, cycle_id


def test_a_cycle_does_not_leave_identify_before_everything_is_there(facilitator):
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    with pytest.raises(WrongState, match="questionnaire has been put to both teams"):
        advance(facilitator)
    put_to_the_teams(facilitator, cycle_id, people=2)
    with pytest.raises(WrongState, match=r"sales 2, marketing 2.*Leads are imported"):
        advance(facilitator)
    put_to_the_teams(facilitator, cycle_id)
    with pytest.raises(WrongState, match="Leads are imported"):
        advance(facilitator)
    add_history(50)
    assert advance(facilitator) is Phase.PLAN


def test_while_a_survey_is_open_the_gate_says_how_many_have_submitted_and_stays_shut(facilitator):
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    put_to_the_teams(facilitator, cycle_id, people=4, close=False)
    closed, submitted, _ = cycles.read_current(facilitator).gate
    assert not closed.met
    assert submitted.met and "(sales 4, marketing 4)" in submitted.text


def test_a_closed_survey_whose_comparison_shows_nothing_does_not_open_the_gate(facilitator):
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    survey = surveys.prepare_survey(facilitator, toml=SURVEY, cycle_id=cycle_id)
    surveys.open_survey(facilitator, survey.id)
    actor = make_actor("member", "sales")
    answers.save_answer(actor, survey.id, "size", True)
    answers.submit_answers(actor, survey.id)
    rows = [f"{team} {number},{team},yes" for team in ("sales", "marketing") for number in range(3)]
    file = "\n".join(["person,team,size", *rows]).encode()
    assert responses.import_responses(facilitator, survey.id, "a.csv", file, external=True).accepted == 6
    surveys.close_survey(facilitator, survey.id)
    closed, submitted, _ = cycles.read_current(facilitator).gate
    assert closed.met and not submitted.met
    assert "(sales 4, marketing 3)" in submitted.text and "too few of their answers count" in submitted.text
    put_to_the_teams(facilitator, cycle_id)
    assert cycles.read_current(facilitator).gate[1].met


def test_a_survey_of_an_earlier_cycle_does_not_count(facilitator):
    put_to_the_teams(facilitator, None)
    cycles.start_cycle(facilitator, "Spring")
    assert not cycles.read_current(facilitator).gate[0].met


def test_plan_needs_signatures_of_this_cycle_and_point_people(facilitator):
    agree(facilitator, text="From before.")
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    put_to_the_teams(facilitator, cycle_id)
    add_history(50)
    advance(facilitator)
    with pytest.raises(WrongState, match=r"signed a definition in this cycle.*point person"):
        advance(facilitator)
    agree(facilitator)
    name_points(facilitator, cycle_id)
    assert advance(facilitator) is Phase.EXECUTE


def test_any_term_that_was_signed_in_the_cycle_leads_on_to_the_recap(facilitator):
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    put_to_the_teams(facilitator, cycle_id)
    add_history(50)
    advance(facilitator)
    agree(facilitator, term="sql", text="Ready to buy.")
    name_points(facilitator, cycle_id)
    assert advance(facilitator) is Phase.EXECUTE
    assert advance(facilitator) is Phase.RECAP


def test_a_cycle_that_is_closed_while_a_recap_is_being_computed_keeps_the_recap_it_was_closed_with(
    monkeypatch,
):
    facilitator, cycle_id = run_until_recap()
    with clock.at(LOOKS_BACK):
        advance(facilitator)
        cycles.write_recap(facilitator, cycle_id, revision(facilitator, cycle_id), "First.")
        compute = recap.compute

        def closed_meanwhile(*arguments):
            monkeypatch.setattr(recap, "compute", compute)
            advance(facilitator)
            return compute(*arguments)

        monkeypatch.setattr(recap, "compute", closed_meanwhile)
        with pytest.raises(StaleVersion):
            cycles.write_recap(facilitator, cycle_id, revision(facilitator, cycle_id), "Second.")
    assert cycles.read_cycle(facilitator, cycle_id).cycle.growth == "First."


def test_a_point_person_belongs_to_the_side(facilitator):
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    marketing = make_actor("member", "marketing")
    for wrong in (marketing.person_id, facilitator.person_id, "nobody"):
        with pytest.raises(InvalidInput, match="active person of sales"):
            cycles.name_point_people(facilitator, cycle_id, revision(facilitator, cycle_id), wrong, None)


def test_the_second_of_two_who_write_is_told():
    facilitator, cycle_id = run_until_recap()
    with clock.at(LOOKS_BACK):
        advance(facilitator)
        seen = revision(facilitator, cycle_id)
        cycles.write_recap(facilitator, cycle_id, seen, "From the first.")
        with pytest.raises(StaleVersion):
            cycles.write_recap(make_actor("facilitator", None), cycle_id, seen, "From the second.")
        with pytest.raises(StaleVersion):
            cycles.name_point_people(facilitator, cycle_id, seen, None, None)
    assert cycles.read_cycle(facilitator, cycle_id).cycle.growth == "From the first."


def test_silence_is_not_taken_for_acceptance():
    """Afterwards sales decides only on the leads it likes: acceptance rises, and no improvement is claimed."""
    facilitator, cycle_id = run_until_recap(after={"accepted": 0.8, "undecided": 0.4})
    with clock.at(LOOKS_BACK):
        _, found = recap.read_recap(facilitator, cycle_id)
    acceptance = next(verdict for verdict in found.verdicts if verdict.measure == "acceptance")
    assert acceptance.after.value > acceptance.before.value
    assert acceptance.outcome is Outcome.NO_DETECTABLE_CHANGE
    assert "no improvement is claimed" in acceptance.sentence


def test_what_happened_after_the_last_import_is_not_read_as_silence(facilitator):
    """Nobody decided by the day of the import; three weeks later without an import that is still all that is known."""
    from actions import metrics

    with clock.at(START + timedelta(days=21)):
        add_history(200, undecided=0.9, per_day=10)
    silent = {}
    for days in (21, 60):
        with clock.at(START + timedelta(days=days)):
            [figure] = [m for m in metrics.read_metrics(facilitator) if m.key == "silent_rejections:mql"]
            silent[days] = (figure.numerator, figure.denominator)
    assert silent[60] == silent[21]


def test_one_cycle_at_a_time(facilitator):
    cycles.start_cycle(facilitator, "Spring")
    with pytest.raises(WrongState, match="still running"):
        cycles.start_cycle(facilitator, "Summer")


def test_two_facilitators_who_go_on_at_once_go_on_once(facilitator):
    cycle_id = cycles.start_cycle(facilitator, "Spring")
    put_to_the_teams(facilitator, cycle_id)
    add_history(50)
    seen = cycles.read_current(facilitator).cycle.revision
    cycles.advance(facilitator, cycle_id, seen)
    agree(facilitator)
    name_points(facilitator, cycle_id)
    with pytest.raises(StaleVersion):
        cycles.advance(make_actor("facilitator", None), cycle_id, seen)


def test_members_and_team_leads_do_not_run_the_cycle():
    for role in ("member", "team_lead"):
        with pytest.raises(NotPermitted):
            cycles.start_cycle(make_actor(role, "sales"), "Mine")


def test_what_does_not_exist_is_said_so(facilitator):
    for attempt in (
        lambda: cycles.read_cycle(facilitator, "nowhere"),
        lambda: cycles.advance(facilitator, "nowhere", 1),
        lambda: recap.read_recap(facilitator, "nowhere"),
        lambda: recap.read_recap(facilitator),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_the_recap_finds_what_improved_under_the_same_definition():
    facilitator, cycle_id = run_until_recap(after={"accepted": 0.8, "minutes": 30, "won": 0.1})
    with clock.at(LOOKS_BACK):
        _, found = recap.read_recap(facilitator, cycle_id)
    outcomes = {verdict.measure: verdict.outcome for verdict in found.verdicts}
    assert outcomes["acceptance"] is Outcome.IMPROVED
    assert outcomes["speed"] is Outcome.IMPROVED
    assert found.restated_under == "MQL v1"
    assert found.medians == (120.0, 30.0)


def add_large_and_small():
    """200 days of leads: large companies are mostly accepted and small ones mostly not, before and after alike."""
    import pyarrow as pa

    from actions import imports

    rows, events = [], []
    for number in range(2000):
        at = START + timedelta(days=number // 10)
        large = number % 2 == 0
        accepted = number % 10 < 8 if large else number % 10 == 9
        rows.append({"lead_id": f"l{number}", "employees": 100.0 if large else 10.0})
        for kind, stage, when in (
            ("entered_stage", "mql", at),
            ("accepted" if accepted else "rejected", None, at + timedelta(days=1)),
        ):
            events.append({"lead_id": f"l{number}", "type": kind, "stage": stage, "at": when})
    imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))


def verdict_on(measure, found):
    return next(verdict for verdict in found.verdicts if verdict.measure == measure)


def test_a_stricter_definition_alone_is_no_improvement(facilitator):
    add_large_and_small()
    with clock.at(BASELINE_ENDS):
        cycle_id = cycles.start_cycle(facilitator, "Spring")
        put_to_the_teams(facilitator, cycle_id)
        advance(facilitator)
        agree(facilitator)
        name_points(facilitator, cycle_id)
    with clock.at(EXECUTES):
        advance(facilitator)
    with clock.at(EXECUTES + timedelta(days=60)):
        _, found = recap.read_recap(facilitator, cycle_id)
    acceptance = verdict_on("acceptance", found)
    assert found.as_frozen["acceptance"].value == pytest.approx(0.5, abs=0.02)
    assert acceptance.before.value == pytest.approx(0.8, abs=0.03)
    assert acceptance.after.value == pytest.approx(0.8, abs=0.03)
    assert acceptance.outcome is Outcome.NO_DETECTABLE_CHANGE


def test_a_definition_that_came_into_force_within_the_baseline_is_no_improvement(facilitator):
    add_large_and_small()
    with clock.at(BASELINE_ENDS - timedelta(days=20)):
        agree(facilitator)
    with clock.at(BASELINE_ENDS):
        cycle_id = cycles.start_cycle(facilitator, "Spring")
        put_to_the_teams(facilitator, cycle_id)
        advance(facilitator)
        agree(facilitator, term="sql", text="Ready to buy.")
        name_points(facilitator, cycle_id)
    with clock.at(EXECUTES):
        advance(facilitator)
    with clock.at(EXECUTES + timedelta(days=60)):
        _, found = recap.read_recap(facilitator, cycle_id)
    assert found.restated_under == "MQL v1"
    assert found.as_frozen["acceptance"].value < 0.7
    assert verdict_on("acceptance", found).before.value == pytest.approx(0.8, abs=0.03)
    assert verdict_on("acceptance", found).outcome is Outcome.NO_DETECTABLE_CHANGE


def test_an_easier_promise_alone_is_no_improvement():
    facilitator, cycle_id = run_until_recap(after={"minutes": 120})
    company, revision = settings.company_with_revision(MACHINE)
    settings.change_company(MACHINE, replace(company, follow_up_minutes=180), revision)
    with clock.at(LOOKS_BACK):
        _, found = recap.read_recap(facilitator, cycle_id)
    assert found.promises_changed
    assert found.as_frozen["speed"].value < 0.3
    assert verdict_on("speed", found).before.value == 1
    assert verdict_on("speed", found).outcome is Outcome.NO_DETECTABLE_CHANGE


def test_leads_that_are_accepted_at_once_and_turned_down_later_do_not_look_better_while_they_are_young(
    facilitator,
):
    import pyarrow as pa

    from actions import imports

    rows, events = [], []
    for number in range(4000):
        at, accepted = START + timedelta(days=number // 30), number % 2 == 0
        rows.append({"lead_id": f"l{number}"})
        events.append({"lead_id": f"l{number}", "type": "entered_stage", "stage": "mql", "at": at})
        decided = at + timedelta(hours=1 if accepted else 96)
        kind = "accepted" if accepted else "rejected"
        events.append({"lead_id": f"l{number}", "type": kind, "stage": None, "at": decided})
    imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))
    with clock.at(BASELINE_ENDS):
        cycle_id = cycles.start_cycle(facilitator, "Spring")
        put_to_the_teams(facilitator, cycle_id)
        advance(facilitator)
        agree(facilitator, rule=None)
        name_points(facilitator, cycle_id)
    with clock.at(EXECUTES):
        advance(facilitator)
    outcomes = []
    for days in (3, 5, 12):
        with clock.at(EXECUTES + timedelta(days=days)):
            _, found = recap.read_recap(facilitator, cycle_id)
        outcomes.append(verdict_on("acceptance", found).outcome)
    assert outcomes == [Outcome.TOO_EARLY, Outcome.TOO_EARLY, Outcome.NO_DETECTABLE_CHANGE]


def test_a_period_that_ended_with_too_few_leads_is_not_said_to_become_readable():
    facilitator, cycle_id = run_until_recap()
    with clock.at(EXECUTES + timedelta(days=1)):
        advance(facilitator)
    with clock.at(EXECUTES + timedelta(days=2)):
        _, found = recap.read_recap(facilitator, cycle_id)
    for verdict in found.verdicts:
        assert verdict.readable_on is None
        assert "the period is over" in verdict.sentence


def test_right_after_the_start_it_is_too_early_and_says_when_it_will_be_readable():
    facilitator, cycle_id = run_until_recap()
    with clock.at(EXECUTES + timedelta(days=1)):
        _, found = recap.read_recap(facilitator, cycle_id)
    assert {verdict.outcome for verdict in found.verdicts} == {Outcome.TOO_EARLY}
    conversion = found.verdicts[0]
    assert conversion.readable_on > (EXECUTES + timedelta(days=found.window_days)).date()
    assert "Readable on about" in conversion.sentence


def test_the_baseline_is_frozen_whatever_is_imported_later():
    facilitator, cycle_id = run_until_recap(after={"accepted": 0.8})
    before = cycles.read_cycle(facilitator, cycle_id).cycle.baseline
    add_history(500, start=START, accepted=0.0, prefix="late-import")
    assert cycles.read_cycle(facilitator, cycle_id).cycle.baseline == before


def test_a_written_recap_stays_as_it_was_read_and_closes_the_cycle():
    facilitator, cycle_id = run_until_recap(after={"accepted": 0.8, "minutes": 30})
    with clock.at(LOOKS_BACK):
        with pytest.raises(WrongState, match="in the Recap phase"):
            cycles.write_recap(facilitator, cycle_id, revision(facilitator, cycle_id), "Too soon")
        advance(facilitator)
        with pytest.raises(WrongState, match=r"recap is written down.*Growth areas"):
            advance(facilitator)
        cycles.write_recap(
            facilitator, cycle_id, revision(facilitator, cycle_id), "Answer faster on Mondays."
        )
        assert advance(facilitator) is Phase.CLOSED
        _, kept = recap.read_recap(facilitator, cycle_id)
        with pytest.raises(WrongState, match="in the Recap phase"):
            cycles.write_recap(facilitator, cycle_id, revision(facilitator, cycle_id), "Too late")
    add_history(500, start=EXECUTES, accepted=0.0, prefix="afterwards")
    with clock.at(LOOKS_BACK + timedelta(days=30)):
        cycle, again = recap.read_recap(facilitator, cycle_id)
        assert again == kept
        assert cycle.growth == "Answer faster on Mondays."
        assert cycles.start_cycle(facilitator, "Summer")
