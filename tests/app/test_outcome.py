"""What became of a click is told once; on a part that draws itself anew by itself, an error stays until it has been dealt with."""

from streamlit.testing.v1 import AppTest


def screen():
    import streamlit as st

    from components.outcome import show_outcome

    show_outcome(until=st.session_state.get("shown"))


def told(app, outcome=None):
    """The errors of the next drawing, after a click with this outcome."""
    if outcome:
        app.session_state["outcome"] = outcome
    app.run()
    assert not app.exception
    return [error.value for error in app.error]


def test_an_error_is_shown_once():
    app = AppTest.from_function(screen)
    assert told(app, ("refused", "Too late.")) == ["Too late."]
    assert told(app) == []


def test_where_a_part_draws_itself_anew_an_error_stays_for_what_it_belongs_to():
    app = AppTest.from_function(screen)
    app.session_state["shown"] = "lead 1"
    for outcome in (("refused", "Too late."), None, None):
        assert told(app, outcome) == ["Too late."]
    app.session_state["shown"] = "lead 2"
    assert told(app) == []
    app.session_state["shown"] = "lead 1"
    assert told(app) == []


def test_what_works_takes_the_error_away():
    app = AppTest.from_function(screen)
    app.session_state["shown"] = "lead 1"
    assert told(app, ("refused", "Too late.")) == ["Too late."]
    assert told(app, ("done", "Accepted.")) == []
    assert [toast.value for toast in app.toast] == ["Accepted."]
    assert told(app) == []
