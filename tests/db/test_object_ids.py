"""An id that is not there, or not for this person, gets a sentence and changes nothing: never a fault, never a look."""

import inspect
import typing
from datetime import date

import pytest
from inventory import public_actions
from people import make_actor

from actions.connector_entries import Entry
from actions.permissions import PERMISSIONS
from actions.workshops import NewTopic
from alignment.agreements import AgreementKind
from alignment.errors import Refusal
from alignment.people import Role, Team
from alignment.promises import ResponseTerms
from alignment.questionnaire_edits import blank_questionnaire
from alignment.workshops import TopicState
from db.store import store

ODD_IDS = ("", "01NOWHERE", "' OR 1=1 --", "../../concord.db", "x" * 5000, "\x00", "😀")
PLAUSIBLE = {
    "revision": 1,
    "title": "A title",
    "name": "A name",
    "text": "Some text",
    "reason": "A reason",
    "growth": "More",
    "meaning": "A meaning",
    "rule": None,
    "effective_from": date(2026, 1, 1),
    "choice": "yes",
    "state": TopicState.PARKED,
    "role": Role.MEMBER,
    "team": Team.SALES,
    "term_key": "mql",
    "question_key": "size",
    "content_hash": "0" * 64,
    "password": "long enough words",
    "value": "x",
    "because": "A reason",
    "email": "someone@example.com",
    "person_ids": ("01SOMEBODY",),
    "form": "csv",
    "field": "employees",
    "looked_at": (),
    "number": 1,
    "only": Team.SALES,
    "data": b"person,team,q\n",
    "questionnaire": blank_questionnaire("A questionnaire"),
    "note": "A typing error.",
    "kind": AgreementKind.DEFINITION,
    "content": {"text": "Some text", "rule": None},
    "feedback": {"note": "They knew what they want."},
    "topics": [NewTopic("A title")],
    "entry": Entry("A name"),
    "fields": {"company": "company"},
    "attributes": {},
    "dates": {},
    "meanings": {},
    "terms": ResponseTerms(60),
    "active": True,
    "owners": {},
    "words": {},
    "related": [],
    "qualifies": True,
    "minutes_before": 15,
    "measure": "mql_won",
    "comparison": "below",
    "first_day": date(2026, 1, 1),
    "last_day": date(2026, 3, 31),
}


def with_ids():
    found = []
    for module, name, function in public_actions():
        parameters = list(inspect.signature(function).parameters.values())
        ids = [p.name for p in parameters if p.name.endswith("_id") or p.name in ("key", "term_key")]
        if parameters and parameters[0].name == "actor" and ids:
            found.append(pytest.param(function, ids, id=f"{module}.{name}"))
    return found


def allowed(function):
    """Someone whose role may call the action at all, with a team."""
    source = inspect.getsource(function)
    for permission, roles in PERMISSIONS.items():
        if f'"{permission}"' in source:
            return make_actor(next(role for role in Role if role in roles).value, "sales")
    return make_actor("admin", "sales")


def contents():
    """Everything in the store but the audit log's own ids."""
    tables = [row[0] for row in store().read().execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: store().read().execute(f'SELECT * FROM "{table}"').fetchall() for table in sorted(tables)}


@pytest.mark.parametrize(("function", "ids"), with_ids())
def test_an_odd_id_is_refused_and_changes_nothing(function, ids):
    actor = allowed(function)
    before = contents()
    for odd in ODD_IDS:
        arguments: dict[str, typing.Any] = {}
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            if parameter.name in ids:
                arguments[parameter.name] = odd
            elif parameter.default is inspect.Parameter.empty:
                assert parameter.name in PLAUSIBLE, f"say what {parameter.name} looks like"
                arguments[parameter.name] = PLAUSIBLE[parameter.name]
        try:
            function(actor, **arguments)
        except Refusal as refusal:
            assert str(refusal)
        assert contents() == before, f"{odd!r} changed the store"
