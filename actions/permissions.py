"""Who may do what, as data; and the check that every action makes itself.

Widget callbacks and fragment reruns do not pass the guard of `app.py`, and the browser's limits are no limits. So
every action starts with `authorise`, which reads the person from the store afresh.
"""

from alignment.errors import NotPermitted
from alignment.people import Actor, Person, Role
from db.queries import people
from db.store import store

EVERYONE = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})
FACILITATORS = frozenset({Role.FACILITATOR, Role.ADMIN})
TEAM_LEADS = frozenset({Role.TEAM_LEAD})
LEADING = frozenset({Role.FACILITATOR, Role.TEAM_LEAD, Role.ADMIN})
TEAMS = frozenset({Role.MEMBER, Role.TEAM_LEAD})

# action → roles. A name that is not here is refused to everyone.
PERMISSIONS: dict[str, frozenset[Role]] = {
    # people and the house
    "person:add": ADMIN,
    "person:change": ADMIN,
    "person:list": LEADING,
    "person:invite": ADMIN,
    "account:read": EVERYONE,
    "account:change": EVERYONE,
    "setting:change": ADMIN,
    "setting:read": EVERYONE,
    "sample:load": ADMIN,
    "backup:make": ADMIN,
    "backup:restore": ADMIN,
    # questionnaires
    "survey:prepare": FACILITATORS,
    "survey:run": FACILITATORS,
    "survey:invite": FACILITATORS,
    "survey:import": FACILITATORS,
    "survey:export": FACILITATORS,
    "survey:list": EVERYONE,
    "survey:answer": EVERYONE,
    "comparison:read": EVERYONE,
    # messages and mail
    "message:read": EVERYONE,
    "mail:change": ADMIN,
    "mail:read": FACILITATORS,
    "timer:run": ADMIN,
    # workshop
    "workshop:run": FACILITATORS,
    "workshop:attend": EVERYONE,
    "workshop:vote": EVERYONE,
    # agreements of every kind: definitions, promises, the lead score
    "agreement:read": EVERYONE,
    "agreement:draft": LEADING,
    "agreement:sign": TEAM_LEADS,
    "agreement:acknowledge": EVERYONE,
    "agreement:follow": LEADING,
    "score:propose": TEAM_LEADS,
    # definitions
    "definition:read": EVERYONE,
    "definition:draft": LEADING,
    "term:describe": LEADING,
    "agreement:export": EVERYONE,
    "agreement:publish": ADMIN,
    # objections and drift
    "objection:read": EVERYONE,
    "objection:raise": EVERYONE,
    "drift:read": EVERYONE,
    "drift:limit": LEADING,
    # promises
    "promise:read": EVERYONE,
    "promise:draft": LEADING,
    "promise:waive": TEAM_LEADS,
    "promise:alert": LEADING,
    # cycle
    "cycle:read": EVERYONE,
    "cycle:run": FACILITATORS,
    # shared goals
    "goal:read": EVERYONE,
    "goal:propose": LEADING,
    "goal:agree": TEAM_LEADS,
    # leads
    "leads:read": EVERYONE,
    "leads:import": LEADING,
    "lead:decide": TEAMS,
    "leads:require": LEADING,
    "feed:manage": ADMIN,
    "metrics:read": EVERYONE,
    "rule:test": LEADING,
    "capacity:change": LEADING,
    "rule:export": EVERYONE,
    "source:change": ADMIN,
}

MACHINE_PERSON = Person(
    id="machine", name="Administrator of the machine", email="", team=None, role=Role.ADMIN
)


def authorise(actor: Actor | None, action: str) -> Person:
    """The acting person, read from the store now.

    Raises NotPermitted when nobody acts, the person is gone or inactive, the session is older than the person's
    `sessions_valid_from`, or the role may not do `action`.
    """
    allowed = PERMISSIONS.get(action)
    if actor is None:
        raise NotPermitted("Please sign in first.")
    if actor.machine:
        return MACHINE_PERSON
    person = people.find(store().read(), actor.person_id)
    if person is None or not person.active or actor.signed_in_at < person.sessions_valid_from:
        raise NotPermitted("Your session has ended. Please sign in again.")
    if allowed is None or person.role not in allowed:
        raise NotPermitted(f"As {person.role.label} you may not do this.")
    return person


def may(person: Person, action: str) -> bool:
    """Whether the person's role may do `action`: for screens that hide what would be refused anyway."""
    return person.role in PERMISSIONS.get(action, frozenset())
