"""The dashboard's figures: the same as each measure alone, computed once, and interrupted when nobody waits."""

import threading
from collections import Counter
from contextvars import copy_context
from datetime import UTC, datetime, timedelta

import pytest
from histories import START, add_history
from people import make_actor

from actions import clock, dashboard, definitions, metrics, promises, settings
from actions.shared_runs import SharedRuns
from alignment.errors import InvalidInput, NotFound
from alignment.goals import GoalMeasure
from alignment.lifecycle import Stage
from alignment.people import MACHINE
from db.store import store
from leads import figures_process
from leads.stopping import Abandoned, interruptible
from leads.store import warehouse

AFTER = START + timedelta(days=40)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing kept by another test, and no rest after it."""
    monkeypatch.setattr(dashboard, "_figures", SharedRuns(8))
    monkeypatch.setattr(dashboard, "_pulse", dashboard._Pulse())


def test_it_tells_what_each_measure_tells():
    with clock.at(AFTER):
        add_history(200)
        found = dashboard.read_dashboard(MACHINE, by="source")
        alone = metrics.read_metrics(MACHINE, by="source")
    total = {figure.key: figure for figure in alone if not figure.group}
    assert found.figures
    for key, figure in found.figures.items():
        if figure.name != "rejection_reason":
            assert (figure.value, figure.numerator, figure.denominator) == (
                total[key].value,
                total[key].numerator,
                total[key].denominator,
            )
    assert {figure.group["source"] for figure in found.parts["volume:mql"]} == {"referral", "webinar"}
    assert found.reasons[0].group == {"reason": "no_budget"}


@pytest.fixture
def aside(monkeypatch):
    """As in a running portal, figures are worked out in a process of their own; here that works on the spot."""
    monkeypatch.setattr(dashboard, "_ahead", dashboard._Ahead())
    monkeypatch.setattr(
        dashboard, "_REST", 0.0
    )  # the first look loads libraries, and would rest long after it
    monkeypatch.setattr(promises, "_kept", promises.KeptResults(8))
    monkeypatch.setattr(figures_process, "serves", lambda: True)


def usual(actor=MACHINE):
    """What the dashboard asks for where nothing is chosen."""
    today = settings.today(actor)
    first_day = today - timedelta(days=dashboard.USUAL_DAYS - 1)
    found = dashboard.read_dashboard(actor, first_day=first_day, by="source")
    dashboard.count_promises(actor, first_day, today)
    return found


def test_what_the_dashboard_shows_first_is_worked_out_before_anybody_asks(monkeypatch, aside):
    with clock.at(AFTER):
        assert not dashboard.look_ahead(MACHINE)  # there are no leads yet
        add_history(50)
        assert dashboard.look_ahead(MACHINE)
        with monkeypatch.context() as patch:
            patch.setattr(figures_process, "run", lambda *asked, **more: pytest.fail(f"asked {asked}"))
            assert usual(make_actor("member", "sales")).figures["volume:mql"].numerator == 50
            dashboard._ahead.rests_until = 0.0
            assert dashboard.look_ahead(MACHINE)  # of which nothing is worked out again
            add_history(60, prefix="more")
            with pytest.raises(
                pytest.fail.Exception, match="asked"
            ):  # another version, of which nothing is known
                dashboard.look_ahead(MACHINE)
        dashboard._ahead.rests_until = 0.0
        assert dashboard.look_ahead(MACHINE)
        assert usual().figures["volume:mql"].numerator == 110


def test_only_a_running_portal_looks_ahead_and_only_at_its_own_leads(monkeypatch):
    asked = []
    monkeypatch.setattr(dashboard, "_ahead", dashboard._Ahead())
    monkeypatch.setattr(dashboard, "read_dashboard", lambda *of, **more: asked.append(of))
    with clock.at(AFTER):
        add_history(5)
        assert not dashboard.look_ahead(MACHINE)  # a command
        monkeypatch.setattr(figures_process, "serves", lambda: True)
        monkeypatch.setattr(type(warehouse()), "takes_in", False)
        assert not dashboard.look_ahead(MACHINE)
    assert not asked


@pytest.mark.parametrize("reason", ["somebody asks", "the portal stops"])
def test_looking_ahead_gives_way(monkeypatch, aside, reason):
    from leads import dashboard as figures

    begun, interrupted = threading.Event(), threading.Event()

    def compute(*asked, held):
        with interruptible(interrupted.set):
            begun.set()
            assert interrupted.wait(10)
            raise RuntimeError("interrupted")

    def open_questions():
        return 2 if reason == "somebody asks" and begun.is_set() else 1

    monkeypatch.setattr(figures, "compute", compute)
    monkeypatch.setattr(figures_process, "open_questions", open_questions)
    with clock.at(AFTER):
        add_history(5)
        assert not dashboard.look_ahead(
            MACHINE, lambda: not (reason == "the portal stops" and begun.is_set())
        )
    assert interrupted.wait(10)


def test_who_asks_for_what_is_being_looked_at_ahead_waits_for_that(monkeypatch, aside):
    from leads import dashboard as figures

    looks, begun, go, compute = [], threading.Event(), threading.Event(), figures.compute

    def slowly(*asked, **more):
        looks.append(1)
        begun.set()
        assert go.wait(10)
        return compute(*asked, **more)

    monkeypatch.setattr(figures, "compute", slowly)
    with clock.at(AFTER):
        add_history(5)
        context, done = copy_context(), []
        ahead = threading.Thread(
            target=context.run, args=(lambda: done.append(dashboard.look_ahead(MACHINE)),)
        )
        ahead.start()
        assert begun.wait(10)
        go.set()
        assert usual().figures["volume:mql"].numerator == 5
        ahead.join(20)
    assert (done, looks) == ([True], [1])


def test_what_is_refused_ahead_is_told_to_who_asks(monkeypatch, aside):
    def refuse(*asked, held):
        raise InvalidInput("That cannot be worked out.")

    monkeypatch.setattr("leads.dashboard.compute", refuse)
    with clock.at(AFTER):
        add_history(5)
        assert not dashboard.look_ahead(MACHINE)
        with pytest.raises(InvalidInput, match="cannot be worked out"):
            usual()


def test_looking_ahead_takes_a_small_part_of_the_time(monkeypatch, aside):
    now = [100.0]

    def read(*asked, **more):
        now[0] += 3.0

    with clock.at(AFTER):
        add_history(5)
        monkeypatch.setattr(dashboard, "perf_counter", lambda: now[0])
        monkeypatch.setattr(dashboard, "read_dashboard", read)
        assert dashboard.look_ahead(MACHINE)
        now[0] += 59.0
        assert not dashboard.look_ahead(MACHINE)
        now[0] += 2.0
        assert dashboard.look_ahead(MACHINE)


def test_a_period_tells_the_same_from_recent_leads_as_from_all(monkeypatch):
    import random

    import pyarrow as pa

    from actions import imports
    from leads.metrics.measuring import measure_all

    # stages in any order, years of them, with leads that come back and leads of which only the end is known
    draw = random.Random(7)
    rows, events = [], []
    for number in range(600):
        lead = f"l{number}"
        rows.append({"lead_id": lead, "source": draw.choice(["a", "b", None]), "employees": 10.0})
        for _ in range(draw.randint(1, 7)):
            kind = draw.choice(["entered_stage"] * 5 + ["accepted", "rejected", "contact_attempted"])
            stage = draw.choice(["lead", "mql", "mql", "sal", "sql", "opportunity", "won", "lost"])
            at = START - timedelta(days=400) + timedelta(minutes=draw.randint(0, 440 * 1440))
            events.append(
                {
                    "lead_id": lead,
                    "type": kind,
                    "stage": stage if kind == "entered_stage" else None,
                    "at": at,
                    "reason": draw.choice(["no_budget", "other", None]) if kind == "rejected" else None,
                }
            )
    with clock.at(AFTER):
        imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))
        choices = {"first_day": (START - timedelta(days=60)).date(), "by": "source"}
        found = dashboard.read_dashboard(MACHINE, **choices)
        every = [figure for of_key in found.parts.values() for figure in of_key]
        every += [*found.figures.values(), *found.reasons]
        assert len(every) > 30
        question = metrics.ask(store().read(), **choices)
        measured = measure_all(question, {figure.name for figure in every})
        alone = {(figure.key, tuple(figure.group.items())): figure for figure in measured}
        for figure in every:
            assert figure == alone[figure.key, tuple(figure.group.items())]
        for figure in (*found.figures.values(), found.reasons[0], found.parts["win_rate:won"][0]):
            group = next(iter(figure.group.values()), None)
            asked = {"key": figure.key, "group": group, **choices, "size": 500}
            if figure.unit != "business minutes":
                hit = dashboard.list_leads_behind(MACHINE, part="hit", **asked)
                assert len(hit) <= figure.numerator  # a lead with two episodes stands there once
                assert bool(hit) == bool(figure.numerator)
            assert len(dashboard.list_leads_behind(MACHINE, **asked)) <= figure.denominator


def test_each_lead_stands_somewhere_and_the_weeks_add_up():
    with clock.at(AFTER):
        add_history(200, accepted=0.6, won=0.1, undecided=0.3)
        found = dashboard.read_dashboard(MACHINE)
    standing = found.standing
    assert standing.leads == 200 == sum(week.qualified for week in found.weeks)
    assert standing.reached[Stage.WON] == found.figures["volume:won"].numerator
    assert standing.open >= 0
    assert standing.open + standing.turned_down + standing.lost + standing.reached[Stage.WON] == 200
    assert Stage.SQL not in standing.reached  # is recorded of no lead
    assert Counter(week.monday.weekday() for week in found.weeks).keys() == {0}


def test_leads_that_do_not_meet_the_definition_are_apart_in_the_weeks():
    sales, marketing = make_actor("team_lead", "sales"), make_actor("team_lead", "marketing")
    rule = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
    with clock.at(START - timedelta(days=10)):
        drafted = definitions.draft(
            sales, "mql", "At least 50 people work there.", rule, (START - timedelta(days=9)).date()
        )
        definitions.propose(sales, drafted)
        version = next(one for one in definitions.read_glossary(sales) if one.term.key == "mql").open
        for side in (sales, marketing):
            definitions.sign(side, version.id, version.content_hash)
    with clock.at(AFTER):
        add_history(100, big=0.5)
        found = dashboard.read_dashboard(MACHINE)
    assert sum(week.qualified for week in found.weeks) == 50 == found.standing.leads
    assert sum(week.others for week in found.weeks) == 50
    assert {week.definition for week in found.weeks} == {"MQL v1"}


def test_the_leads_are_looked_at_once_for_all_who_ask(monkeypatch):
    from leads import dashboard as figures

    looks, compute = [], figures.compute
    monkeypatch.setattr(figures, "compute", lambda *given, **more: looks.append(1) or compute(*given, **more))
    with clock.at(AFTER):
        add_history(20)
        for actor in (MACHINE, make_actor("member", "sales"), make_actor("team_lead", "marketing")):
            dashboard.read_dashboard(actor, by="source")
        dashboard.read_dashboard(MACHINE, by="definition")
    assert len(looks) == 2


def test_a_query_whose_viewer_has_left_is_interrupted(monkeypatch):
    import ibis

    from leads import dashboard as figures

    begun, ended, errors = threading.Event(), threading.Event(), []

    def endless(*asked, held):
        begun.set()
        one = ibis.range(0, 4_000_000).unnest().name("n").as_table()
        try:
            with warehouse().read() as facts:
                facts.value(one.cross_join(one.rename(m="n")).aggregate(s=ibis._.n.max()).s.as_scalar())
        except Abandoned as error:
            errors.append(error)
            raise
        finally:
            ended.set()

    class Left(BaseException):
        pass

    def leave():
        if begun.is_set():
            raise Left

    monkeypatch.setattr(figures, "compute", endless)
    with clock.at(AFTER):
        add_history(20)
        with pytest.raises(Left):
            dashboard.read_dashboard(MACHINE, waiting=leave)
    assert ended.wait(10)
    assert errors


def test_new_leads_are_in_the_figures_as_soon_as_the_revision_moves():
    with clock.at(AFTER):
        assert dashboard.read_revision(MACHINE) == ""
        add_history(20)
        before = dashboard.read_revision(MACHINE)
        assert dashboard.read_dashboard(MACHINE).figures["volume:mql"].numerator == 20
        assert dashboard.read_revision(MACHINE) == before
    with clock.at(AFTER + timedelta(minutes=1)):
        add_history(5, prefix="more")
        dashboard._figures.seconds = 0.0  # the engine has rested
        after = dashboard.read_revision(MACHINE)
        assert after != before
        assert dashboard.read_dashboard(MACHINE).figures["volume:mql"].numerator == 25


def test_the_engine_rests_while_leads_keep_coming(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(dashboard, "perf_counter", lambda: now[0])
    pulse, figures = dashboard._Pulse(), dashboard._figures
    assert pulse.revision("here", "1") == "1"
    figures.seconds, figures.last_ended = 0.5, 100.5
    assert pulse.revision("here", "2") == "1"
    now[0] += 1.4
    assert pulse.revision("here", "3") == "1"
    now[0] += 0.2
    assert pulse.revision("here", "4") == "4"
    # but never longer than two seconds after a long look at all leads
    figures.seconds, figures.last_ended = 20.0, 121.0
    now[0] = 122.9
    assert pulse.revision("here", "5") == "4"
    now[0] = 123.1
    assert pulse.revision("here", "6") == "6"
    assert pulse.revision("elsewhere", "1") == "1"


def test_a_choice_that_is_none_is_refused():
    add_history(5, start=datetime.now(UTC) - timedelta(days=3))
    with pytest.raises(InvalidInput, match="split by"):
        dashboard.read_dashboard(MACHINE, by="sunshine")
    with pytest.raises(InvalidInput, match="no definition"):
        dashboard.read_dashboard(MACHINE, restate="MQL v9")


def test_promises_and_other_splits_look_at_the_leads_that_the_figures_hold(monkeypatch):
    from leads.facts import Facts

    made = []
    create = Facts.share

    def note(self, kind, since, make):
        return create(self, kind, since, lambda: (made.append(since), make())[1])

    monkeypatch.setattr(Facts, "share", note)
    first_day = START.date() - timedelta(days=30)
    with clock.at(AFTER):
        add_history(200)
        by_source = dashboard.read_dashboard(MACHINE, first_day=first_day, by="source")
        by_version = dashboard.read_dashboard(MACHINE, first_day=first_day, by="definition")
        dashboard.list_leads_behind(MACHINE, "volume:mql", first_day=first_day, by="source")
        promises.read_compliance(MACHINE, first_day=first_day, last_day=AFTER.date())
        assert len(made) == 1
        only = dashboard.read_dashboard(
            MACHINE, first_day=first_day, by="source", only=("source", "referral")
        )
        assert len(made) == 2
    assert by_source.figures["volume:mql"].numerator == by_version.figures["volume:mql"].numerator
    parts = {figure.group["source"]: figure for figure in by_source.parts["volume:mql"]}
    assert only.figures["volume:mql"].numerator == parts["referral"].numerator > 0


def test_what_else_is_asked_begins_once_the_leads_are_held():
    asked = []
    with clock.at(AFTER):
        add_history(200)
        began = threading.Event()

        def beside():
            asked.append(clock.now())
            began.set()

        choices = {"first_day": START.date(), "beside": beside}
        dashboard.read_dashboard(MACHINE, **choices)
        assert began.wait(10)
        dashboard.read_dashboard(MACHINE, **choices)
    assert asked == [AFTER], "by the same clock, and not again for figures that are kept"


def test_the_leads_of_each_place_and_week_are_as_many_as_are_counted_there():
    with clock.at(AFTER):
        add_history(200, undecided=0.3)
        choices = {"first_day": START.date() - timedelta(days=30)}
        found = dashboard.read_dashboard(MACHINE, **choices)

        def ids(key, group, part="counted"):
            return dashboard.list_leads_behind(MACHINE, key, group=group, part=part, size=500, **choices)

        standing = found.standing
        counts = {"delivered": standing.leads, **{stage.value: n for stage, n in standing.reached.items()}}
        counts |= {"turned_down": standing.turned_down, "lost": standing.lost, "open": standing.open}
        assert {place: len(ids("standing", place)) for place in counts} == counts
        assert sum(counts[place] for place in ("won", "turned_down", "lost", "open")) == standing.leads > 0
        for week in found.weeks:
            monday = week.monday.isoformat()
            assert len(ids("week", monday, "hit")) == week.qualified
            assert len(ids("week", monday, "excluded")) == week.others
        for key, group in [("standing", "nowhere"), ("week", "soon"), ("goal", "won"), ("goal", "luck")]:
            with pytest.raises(NotFound):
                ids(key, group)


def test_the_leads_of_a_goal_are_those_it_counts():
    first, last = START.date() - timedelta(days=1), AFTER.date()
    with clock.at(AFTER):
        add_history(120)
        from leads.goals import count_amounts

        amounts = count_amounts(metrics.ask(store().read()), {"goal": (first, last)})["goal"]
        lists = {
            measure: dashboard.list_leads_behind(
                MACHINE, "goal", group=measure.value, size=500, first_day=first, last_day=last
            )
            for measure in GoalMeasure
        }
    assert {measure: len(found) for measure, found in lists.items()} == dict(amounts.counts)
    assert len(lists[GoalMeasure.QUALIFIED]) == 120
    assert set(lists[GoalMeasure.REVENUE]) <= set(lists[GoalMeasure.WON])
