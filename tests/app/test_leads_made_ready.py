"""The first look at leads after an update that has them made anew."""

import streamlit as st
from histories import add_history, make_facts_old, morning

from components import background
from leads.pointer import FORMAT
from leads.store import warehouse


def texts(app):
    return " ".join(str(element.value) for element in (*app.subheader, *app.markdown))


def test_a_screen_about_leads_says_that_they_are_being_made_ready_and_then_shows_them(
    open_page, make_person, monkeypatch
):
    add_history(50, start=morning(80))
    make_facts_old()
    lead = make_person("team_lead", "sales")
    with monkeypatch.context() as patch:
        patch.setattr(background, "wait_for", lambda work: st.stop())  # it is not done yet
        app = open_page("pages/leads/metrics.py", lead)
        assert "is getting the leads ready" in texts(app) and not app.metric
        assert "getting the leads ready" not in texts(open_page("pages/people/account.py", lead))
    assert warehouse().pointer().format == FORMAT - 1
    app = open_page("pages/leads/metrics.py", lead)
    assert not app.exception
    assert warehouse().pointer().format == FORMAT
    assert "Marketing delivered 50 qualified leads" in texts(app)
    assert "getting the leads ready" not in texts(app)
