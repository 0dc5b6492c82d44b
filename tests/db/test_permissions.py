"""Who may do what is one table, and every action asks it: every action × every role."""

import inspect
import re

import pytest
from inventory import public_actions
from people import make_actor

from actions.permissions import PERMISSIONS, authorise
from alignment.errors import NotPermitted
from alignment.people import Actor, Role

ROLES = list(Role)


def guarded():
    found = []
    for module, name, function in public_actions():
        asked = re.findall(r'authorise\(actor, "([a-z_]+:[a-z_]+)"\)', inspect.getsource(function))
        if asked and list(inspect.signature(function).parameters)[:1] == ["actor"]:
            found.append(pytest.param(function, asked[0], id=f"{module}.{name}"))
    return found


def call_with_nothing(function, actor):
    """Call an action with None for everything else: who may not is refused before anything is looked at."""
    arguments, keywords = [], {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.default is not inspect.Parameter.empty or parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            keywords[parameter.name] = None
        else:
            arguments.append(None)
    return function(actor, *arguments, **keywords)


@pytest.mark.parametrize(("function", "permission"), guarded())
def test_who_may_not_is_refused_first(function, permission):
    for role in set(ROLES) - PERMISSIONS[permission]:
        with pytest.raises(NotPermitted):
            call_with_nothing(function, make_actor(role.value, "sales"))


@pytest.mark.parametrize(("function", "permission"), guarded())
def test_nobody_and_strangers_are_refused(function, permission):
    for stranger in (None, Actor("01NOBODY", "9999-01-01T00:00:00.000000Z")):
        with pytest.raises(NotPermitted):
            call_with_nothing(function, stranger)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_the_table_is_what_counts(permission, role):
    actor = make_actor(role.value, "marketing")
    if role in PERMISSIONS[permission]:
        assert authorise(actor, permission).id == actor.person_id
    else:
        with pytest.raises(NotPermitted):
            authorise(actor, permission)


def test_a_session_older_than_the_persons_last_sign_out_is_void():
    actor = make_actor("admin", None)
    with pytest.raises(NotPermitted, match="sign in again"):
        authorise(Actor(actor.person_id, "2020-01-01T00:00:00.000000Z"), "cycle:read")


def test_a_permission_nobody_declared_is_refused_to_everyone():
    with pytest.raises(NotPermitted):
        authorise(make_actor("admin", None), "store:burn")
