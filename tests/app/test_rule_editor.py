"""The rule editor: groups, points, values with counts, undo, pasted JSON; all read back as a sentence."""

import json

import pytest
from histories import add_history
from streamlit.testing.v1 import AppTest

from tests.app.conftest import sign_in

SIZE = {"field": "employees", "op": ">=", "value": 50}
SOURCE = {"field": "source", "op": "in", "value": ["referral"]}


def editor_alone():
    import streamlit as st

    from components.rule_editor import edit_rule, read_rule

    def note():
        held = read_rule("rule", st.session_state["start"])
        st.session_state["told"] = [*st.session_state.get("told", []), held.document]

    if not st.session_state.get("away"):
        draft = edit_rule(
            "rule", st.session_state["start"], on_change=note, only=st.session_state.get("only", "")
        )
        st.session_state["held"] = (draft.document, draft.fault)


@pytest.fixture
def with_leads():
    add_history(5)


@pytest.fixture
def open_editor(make_person):
    def opened(start=None, only=""):
        app = AppTest.from_function(editor_alone, default_timeout=30)
        sign_in(app, make_person("facilitator", None))
        app.session_state["start"] = start
        app.session_state["only"] = only
        app.run()
        assert not app.exception
        return app

    return opened


def held(app):
    assert not app.exception
    document, fault = app.session_state["held"]
    assert document is None or fault is None
    return document


def fault(app):
    return app.session_state["held"][1]


def press(app, key):
    return app.button(key=f"rule_{key}").click().run()


def pick(app, key, value):
    return app.selectbox(key=f"rule_{key}").set_value(value).run()


def said(app):
    return " ".join(element.value for element in app.markdown).replace("\\", "")


def test_a_condition_within_a_group_is_built_step_by_step(open_editor):
    app = open_editor()
    assert held(app) is None and fault(app) is None, "text only: there need be no rule"
    app.segmented_control(key="rule_mode").set_value("Conditions").run()
    assert "not complete yet" in fault(app)
    pick(app, "0_field", "employees")
    app.number_input(key="rule_0_employees_AT_LEAST").set_value(50.0).run()
    assert held(app) == {"version": 1, "all": [SIZE]}
    press(app, "add_group")
    assert "not complete yet" in fault(app)
    pick(app, "2_field", "source")
    app.multiselect(key="rule_2_source_IN").set_value(["referral", "typed by hand"]).run()
    assert held(app)["all"][1] == {
        "any": [{"field": "source", "op": "in", "value": ["referral", "typed by hand"]}]
    }
    assert (
        "A lead qualifies if employees is at least 50, and source is “referral” or “typed by hand”."
        in said(app)
    )
    assert app.session_state["told"][-1] == held(app), "who listens reads what stands here"
    press(app, "1_add")
    pick(app, "3_field", "country")
    app.selectbox(key="rule_3_country_op").select_index(6).run()  # is known
    assert held(app)["all"][1]["any"][1] == {"field": "country", "op": "is_known"}
    press(app, "2_remove")
    press(app, "3_remove")
    assert held(app) == {"version": 1, "all": [SIZE]}


def test_real_values_are_offered_with_how_many_leads_have_them(with_leads, open_editor):
    app = open_editor({"version": 1, "all": [SOURCE, SIZE]})
    assert app.multiselect(key="rule_0_source_IN").options[:2] == ["referral · 3", "webinar · 2"]
    assert "half up to" in app.number_input(key="rule_1_employees_AT_LEAST").placeholder


def test_steps_are_undone_and_done_again(open_editor):
    app = open_editor({"version": 1, "all": [SIZE]})
    assert app.button(key="rule_undo").disabled and app.button(key="rule_redo").disabled
    app.number_input(key="rule_0_employees_AT_LEAST").set_value(80.0).run()
    pick(app, "joined", app.selectbox(key="rule_joined").options and ("any", False))
    press(app, "0_remove")
    assert held(app) is None
    press(app, "undo")
    assert held(app) == {"version": 1, "any": [SIZE | {"value": 80}]}
    press(app, "undo")
    press(app, "undo")
    assert held(app) == {"version": 1, "all": [SIZE]}
    assert app.number_input(key="rule_0_employees_AT_LEAST").value == 50
    press(app, "redo")
    assert app.number_input(key="rule_0_employees_AT_LEAST").value == 80
    assert app.button(key="rule_undo").disabled is False


@pytest.mark.parametrize(
    "document",
    [
        {"version": 1, "field": "employees", "op": "between", "value": [10, 20.5]},
        {"version": 1, "not": {"not": SIZE}},
        {"version": 1, "not": {"any": [SIZE, {"not": {"field": "source", "op": "contains", "value": "x"}}]}},
        {"version": 1, "all": [{"field": "their_own", "op": "in", "value": [1, 2]}]},
        {"version": 1, "all": [{"field": "their_own", "op": "in", "value": [True]}]},
        {"version": 1, "all": [{"field": "their_own", "op": ">=", "value": "2026-01-31"}]},
        {"version": 1, "all": [{"field": "their_own", "op": "=", "value": 5}]},
        {"version": 1, "all": [{"field": "employees", "op": "=", "value": "50"}]},
        {"version": 1, "all": [{"not": {"field": "source", "op": "is_unknown"}}]},
        {
            "version": 1,
            "all": [{"field": "created_at", "op": "between", "value": ["2026-01-01", "2026-02-01"]}],
        },
        {
            "version": 1,
            "points": [
                {"if": SIZE, "add": 20, "decay": {"since": "created_at", "half_life_days": 30}},
                {"if": {"all": [SOURCE, {"any": [SIZE, SOURCE]}]}, "add": -2.5},
            ],
            "threshold": 12.5,
        },
    ],
)
def test_any_rule_is_shown_and_stays_as_it_is_to_the_letter(open_editor, document):
    app = open_editor(document)
    assert json.dumps(held(app)) == json.dumps(document)
    app.run()
    assert json.dumps(held(app)) == json.dumps(document)


def test_points_are_given_fade_and_reach_a_threshold(open_editor):
    app = open_editor({"version": 1, "all": [SIZE, SOURCE]})
    app.segmented_control(key="rule_mode").set_value("Points").run()
    assert "from how many points" in fault(app)
    app.number_input(key="rule_threshold").set_value(100.0).run()
    assert "no lead can reach 100 points" in fault(app)
    app.number_input(key="rule_0_points").set_value(90.0).run()
    pick(app, "0_fading", "half_life_days")
    app.number_input(key="rule_0_fading_days").set_value(14.0).run()
    assert held(app) == {
        "version": 1,
        "points": [
            {"if": SIZE, "add": 90, "decay": {"since": "created_at", "half_life_days": 14}},
            {"if": SOURCE, "add": 10},
        ],
        "threshold": 100,
    }
    assert "halving every 14 days from created at" in said(app)
    press(app, "add")
    pick(app, "2_field", "country")
    pick(app, "0_fading", "stay")
    app.segmented_control(key="rule_mode").set_value("Conditions").run()
    press(app, "2_remove")
    assert held(app) == {"version": 1, "all": [SIZE, SOURCE]}


def test_json_is_pasted_corrected_and_taken_over(open_editor):
    app = open_editor({"version": 1, "all": [SIZE]})
    app.segmented_control(key="rule_mode").set_value("As JSON").run()
    assert json.loads(app.text_area(key="rule_json").value) == {"version": 1, "all": [SIZE]}
    app.text_area(key="rule_json").set_value('{"version": 1, "all": []}').run()
    assert "the group is empty" in fault(app)
    assert app.text_area(key="rule_json").value == '{"version": 1, "all": []}', (
        "it can be corrected where it stands"
    )
    pasted = {"version": 1, "any": [SIZE, {"all": [SOURCE, SIZE]}]}
    app.text_area(key="rule_json").set_value(json.dumps(pasted)).run()
    assert held(app) == pasted
    app.segmented_control(key="rule_mode").set_value("Conditions").run()
    assert held(app) == pasted and app.multiselect(key="rule_2_source_IN").value == ["referral"]
    press(app, "undo")
    assert held(app) == {"version": 1, "all": [SIZE]}


def test_parts_are_grouped_and_moved(open_editor):
    app = open_editor({"version": 1, "all": [SIZE, SOURCE]})
    press(app, "1_more")
    press(app, "1_up")
    assert held(app)["all"] == [SOURCE, SIZE]
    assert "rule_1_up" not in [button.key for button in app.button], "it stands first now"
    press(app, "0_more")
    press(app, "0_wrap")
    assert held(app)["all"] == [SOURCE, {"any": [SIZE]}]
    pick(app, "2_joined", ("any", True))
    assert held(app)["all"][1] == {"not": {"any": [SIZE]}}
    press(app, "2_more")
    press(app, "2_inside")
    assert "not complete" in fault(app)
    press(app, "undo")
    press(app, "2_unwrap")
    assert held(app)["all"] == [SOURCE, SIZE]
    press(app, "1_more")
    press(app, "1_down")
    press(app, "1_more")
    assert held(app)["all"] == [SIZE, SOURCE]
    assert "rule_1_up" not in [button.key for button in app.button], "it was closed again"


def test_another_comparison_keeps_the_value_where_it_makes_sense(open_editor):
    app = open_editor({"version": 1, "all": [SIZE, SOURCE]})
    pick(app, "0_employees_op", ("<", False))
    assert held(app)["all"][0] == {"field": "employees", "op": "<", "value": 50}
    pick(app, "0_employees_op", ("between", True))
    assert "not complete" in fault(app)
    app.number_input(key="rule_0_employees_BETWEEN_high").set_value(90.0).run()
    assert held(app)["all"][0] == {"not": {"field": "employees", "op": "between", "value": [50, 90]}}
    pick(app, "1_source_op", ("=", False))
    assert held(app)["all"][1] == {"field": "source", "op": "=", "value": "referral"}
    pick(app, "1_source_op", ("not_in", False))
    assert held(app)["all"][1] == {"field": "source", "op": "not_in", "value": ["referral"]}
    pick(app, "1_field", "created_at")
    assert held(app)["all"][1] == {"field": "created_at", "op": "within_days", "value": 30}


def test_another_document_or_coming_back_begins_anew(open_editor):
    app = open_editor({"version": 1, "all": [SIZE]})
    app.number_input(key="rule_0_employees_AT_LEAST").set_value(80.0).run()
    app.session_state["start"] = {"version": 1, "all": [SIZE | {"value": 80}]}
    app.run()
    assert not app.button(key="rule_undo").disabled, "what was saved is what stands here: the steps stay"
    app.session_state["start"] = {"version": 1, "points": [{"if": SOURCE, "add": 5}], "threshold": 5}
    app.run()
    assert held(app)["threshold"] == 5 and app.segmented_control(key="rule_mode").value == "Points"
    app.number_input(key="rule_threshold").set_value(1.0).run()
    app.session_state["away"] = True
    app.run()
    app.session_state["away"] = False
    app.run()
    assert held(app)["threshold"] == 5, "as for all that was typed and not kept"


def test_a_field_that_leads_hardly_have_is_told(with_leads, open_editor):
    app = open_editor({"version": 1, "all": [{"field": "campaign", "op": "=", "value": "x"}]})
    assert any("No lead has Campaign filled in" in caption.value for caption in app.caption)
    app = open_editor({"version": 1, "all": [{"field": "their_own", "op": "=", "value": "x"}]})
    assert any("No lead has their own filled in" in caption.value for caption in app.caption)


def test_a_pasted_field_that_leads_do_not_have_is_told_before_it_is_saved(with_leads, open_editor):
    app = open_editor({"version": 1, "all": [SIZE]})
    app.segmented_control(key="rule_mode").set_value("As JSON").run()
    assert not any("No lead can be judged" in caption.value for caption in app.caption)
    mistyped = {"version": 1, "all": [SIZE | {"field": "emplyees"}]}
    app.text_area(key="rule_json").set_value(json.dumps(mistyped)).run()
    assert held(app) == mistyped, "leads may have it one day"
    [told] = [caption.value for caption in app.caption if "No lead can be judged" in caption.value]
    assert "Did you mean “employees”?" in told


def test_without_leads_any_field_may_be_pasted(open_editor):
    app = open_editor({"version": 1, "all": [SIZE | {"field": "their_own"}]})
    app.segmented_control(key="rule_mode").set_value("As JSON").run()
    assert not any("No lead can be judged" in caption.value for caption in app.caption)


def test_a_score_is_points_and_nothing_else_is_offered(open_editor):
    points = {"version": 1, "points": [{"if": SIZE, "add": 20}], "threshold": 20}
    app = open_editor(points, only="points")
    offered = app.segmented_control(key="rule_mode").options
    assert len(offered) == 2 and "Points" in offered[0] and "As JSON" in offered[1]
    assert held(app) == points
    app.segmented_control(key="rule_mode").set_value("As JSON").run()
    app.text_area(key="rule_json").set_value(json.dumps({"version": 1, "all": [SIZE]})).run()
    assert "A score is points and a threshold" in fault(app)
    app.text_area(key="rule_json").set_value(json.dumps(points | {"threshold": 10})).run()
    assert held(app) == points | {"threshold": 10}
    press(app, "undo")
    app.segmented_control(key="rule_mode").set_value("Points").run()
    assert held(app) == points
