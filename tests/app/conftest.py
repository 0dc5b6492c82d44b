"""People of each role and team in the store, and pages opened as one of them."""

from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from actions import clock, people
from alignment.people import MACHINE, Person, Role, Team
from components.session import SignedIn

ROOT = Path(__file__).resolve().parents[2]

# Streamlit reads what is known of every installed package for each AppTest, which takes longer than most pages. Nothing is
# installed meanwhile.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(autouse=True)
def no_caches():
    """Nothing cached for one test is seen by the next."""
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def no_faults(caplog):
    """The portal shows an unexpected error with a reference number and goes on; a test must not."""
    yield
    faults = [record for record in caplog.records if "unexpected error" in str(record.msg)]
    assert not faults, "\n".join(str(record.msg) for record in faults)


@pytest.fixture
def make_person():
    """make_person(role="member", team="sales", name=None, email=None) -> Person, in the store, without a password."""
    made: list[Person] = []

    def make(
        role: str = "member", team: str | None = "sales", name: str | None = None, email: str | None = None
    ) -> Person:
        number = len(made) + 1
        person = people.add_person(
            MACHINE,
            name or f"{role.replace('_', ' ').title()} {number}",
            email or f"{role}.{team}.{number}@example.com",
            Team(team) if team else None,
            Role(role),
        ).person
        made.append(person)
        return person

    return make


def sign_in(app: AppTest, person: Person) -> AppTest:
    """Seed the session as the sign-in form leaves it."""
    app.session_state["signed_in"] = SignedIn(person.id, clock.now_text(), "")
    return app


@pytest.fixture
def open_page():
    """open_page("pages/people/people.py", person) -> AppTest after its first run; person None: not signed in.

    It is opened as by a link to it: no other page runs before.
    """

    def opened(path: str, person: Person | None, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        if person is not None:
            sign_in(app, person)
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page(path).run()

    return opened
