"""People: who may come in, as what, and their own account."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from actions import clock, sign_in
from actions.journal import journal
from actions.permissions import authorise
from alignment import instants
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.people import Actor, Person, Role, Team
from alignment.texts import required_text
from db.keys import new_id
from db.queries import invitations, people, sign_ins, survey_links
from db.queries.people import Access
from db.store import Connection, store

INVITED_FOR = timedelta(days=14)
_EMAIL = re.compile(r"[^\s@<>\"',;:\\()\[\]]+@[^\s@<>\"',;:\\()\[\].]+(\.[^\s@<>\"',;:\\()\[\].]+)+")
_VOID = "This link does not work any more. It may have been used, replaced or run out. Ask your administrator for a new one."


@dataclass(frozen=True)
class Newcomer:
    """Somebody who is to be added: not yet checked."""

    name: str
    email: str
    team: Team | None
    role: Role


@dataclass(frozen=True)
class Invited:
    """A person and the token of their invitation, which is shown once and kept nowhere."""

    person: Person
    token: str


def list_people(actor: Actor) -> list[Access]:
    """Everyone by name, those without access included."""
    authorise(actor, "person:list")
    return people.access(store().read(), clock.now_text())


def add_person(actor: Actor, name: str, email: str, team: Team | None, role: Role) -> Invited:
    """Add a person and invite them. Raises InvalidInput when a field is at fault or the e-mail is taken."""
    acting = authorise(actor, "person:add")
    now = clock.now_text()
    person = Person(
        id=new_id(),
        name=required_text(name, "The name", 100),
        email=checked_email(email),
        team=_checked_team(team, role),
        role=Role(role),
        sessions_valid_from=now,
    )

    def transaction(connection: Connection) -> str:
        _add(connection, acting, person, now)
        return _invite(connection, person)

    return Invited(person, store().write(transaction))


def add_with_password(
    actor: Actor, newcomers: Sequence[Newcomer], password: str, *, real: bool = True
) -> list[Person]:
    """Add people who come in with a password that is known already, and the same for all of them; all or none.

    For the command line and the sample company: the password is hashed once. Of `real` people it is noted that somebody
    else has set it, so that what they answer in confidence shows to nobody who comes in with it. Raises InvalidInput when a field is at
    fault or an e-mail is taken, and WrongPassword when the password does not do.
    """
    acting = authorise(actor, "person:add")
    password_hash = sign_in.hash_password(password, password)
    now = clock.now_text()
    added = [
        Person(
            id=new_id(),
            name=required_text(newcomer.name, "The name", 100),
            email=checked_email(newcomer.email),
            team=_checked_team(newcomer.team, newcomer.role),
            role=Role(newcomer.role),
            sessions_valid_from=now,
        )
        for newcomer in newcomers
    ]

    def transaction(connection: Connection) -> None:
        for person in added:
            _add(connection, acting, person, now)
            sign_ins.set_password(connection, person.id, password_hash)
            if real:
                journal(connection, acting, "set password", "person", person.id)

    store().write(transaction)
    return added


def invite(actor: Actor, person_id: str) -> Invited:
    """A new link for the person to choose a password with; earlier links stop working. The old password still does."""
    acting = authorise(actor, "person:invite")

    def transaction(connection: Connection) -> Invited:
        person = _found(connection, person_id)
        if not person.active:
            raise WrongState(f"{person.name} has no access. Give it back first.")
        token = _invite(connection, person)
        journal(connection, acting, "invite", "person", person.id)
        return Invited(person, token)

    return store().write(transaction)


def set_password(actor: Actor, person_id: str, password: str) -> None:
    """Give a person a password from the administrator's side: for the command line and the sample company."""
    acting = authorise(actor, "person:invite")
    password_hash = sign_in.hash_password(password, password)

    def transaction(connection: Connection) -> None:
        person = _found(connection, person_id)
        _change_password(connection, person, password_hash)
        journal(connection, acting, "set password", "person", person.id)

    store().write(transaction)


def change_person(
    actor: Actor, person_id: str, *, name: str, team: Team | None, role: Role, revision: int
) -> Person:
    """Change name, team and role as seen at `revision`. A new role ends the person's sessions.

    Raises StaleVersion, InvalidInput, and WrongState when nobody would be left to administer the portal.
    """
    acting = authorise(actor, "person:change")
    name, team, role = required_text(name, "The name", 100), _checked_team(team, role), Role(role)

    def transaction(connection: Connection) -> Person:
        before = _found(connection, person_id)
        if people.revision(connection, person_id) != revision:
            raise StaleVersion(
                f"Someone else has changed {before.name} since you opened the list. Reload and look again."
            )
        after = replace(before, name=name, team=team, role=role)
        if role is not Role.ADMIN:
            _keep_an_administrator(connection, before)
        people.change(connection, after)
        if after.role is not before.role:
            sign_ins.end_sessions(connection, person_id, clock.now_text())
        journal(
            connection, acting, "change", "person", person_id, before=_record(before), after=_record(after)
        )
        return after

    return store().write(transaction)


def end_access(actor: Actor, person_id: str) -> Person:
    """Take a person's access away at once, everywhere. What they contributed stays.

    Raises WrongState when nobody would be left to administer the portal.
    """
    return _set_active(actor, person_id, False)


def give_access(actor: Actor, person_id: str) -> Person:
    """Give a person's access back. They sign in again with the password they had."""
    return _set_active(actor, person_id, True)


def change_own_name(actor: Actor, name: str) -> Person:
    """Change one's own name."""
    person = authorise(actor, "account:change")
    name = required_text(name, "Your name", 100)

    def transaction(connection: Connection) -> Person:
        after = replace(_found(connection, person.id), name=name)
        people.change(connection, after)
        journal(
            connection, person, "change", "person", person.id, before=_record(person), after=_record(after)
        )
        return after

    return store().write(transaction)


def change_own_password(actor: Actor, old: str, new: str, repeated: str) -> sign_in.Session:
    """Change one's own password; sessions and personal links end, and the sign-in returned stands for this session.

    Raises WrongPassword when the old one is wrong (counted like a failed sign-in) or the new one does not do.
    """
    person = authorise(actor, "account:change")
    password_hash = sign_in.hash_password(new, repeated)
    sign_in.check_own(person.email, old)

    def transaction(connection: Connection) -> sign_in.Session:
        now = _change_password(connection, person, password_hash)
        journal(connection, person, "change password", "person", person.id)
        return sign_in.Session(person.id, now)

    return store().write(transaction)


def has_password(actor: Actor) -> bool:
    """Whether the person has chosen a password; whoever came by a personal link may have none."""
    person = authorise(actor, "account:read")
    found = sign_ins.credential(store().read(), person.email)
    return found is not None and bool(found.password_hash)


def invited_person(token: str) -> Person:
    """Whom an invitation is for. Looking does not use it up. Raises NotFound when it does not work any more."""
    connection = store().read()
    return _invited(connection, token)


def accept_invitation(token: str, password: str, repeated: str) -> sign_in.Session:
    """Set the invited person's password and sign them in; the link is used up, earlier sessions and personal links end.

    Raises NotFound when the link does not work any more, and WrongPassword when the password does not do.
    """
    invited_person(token)
    password_hash = sign_in.hash_password(password, repeated)

    def transaction(connection: Connection) -> sign_in.Session:
        person = _invited(connection, token)
        now = _change_password(connection, person, password_hash)
        sign_in.unlock(connection, person.email)
        journal(connection, person, "accept invitation", "person", person.id)
        return sign_in.Session(person.id, now)

    return store().write(transaction)


def checked_email(email: object) -> str:
    """The e-mail in lower case. Raises InvalidInput when it is none."""
    text = required_text(email, "The e-mail", 254).lower()
    if not _EMAIL.fullmatch(text):
        raise InvalidInput(f"'{text}' is no e-mail address. It should look like name@company.com.")
    return text


def _add(connection: Connection, acting: Person, person: Person, now: str) -> None:
    if people.find_by_email(connection, person.email) is not None:
        raise InvalidInput(
            f"There is somebody with the e-mail {person.email} already. Look them up in the list."
        )
    people.add(connection, person, now)
    journal(connection, acting, "add", "person", person.id, after=_record(person))


def _set_active(actor: Actor, person_id: str, active: bool) -> Person:
    acting = authorise(actor, "person:change")

    def transaction(connection: Connection) -> Person:
        before = _found(connection, person_id)
        if not active:
            _keep_an_administrator(connection, before)
        after = replace(before, active=active)
        now = clock.now_text()
        people.change(connection, after)
        sign_ins.end_sessions(connection, person_id, now)
        if not active:
            invitations.use_up(connection, person_id, now)
            survey_links.delete_of_person(connection, person_id)
        action = "give access" if active else "end access"
        journal(connection, acting, action, "person", person_id, before=_record(before), after=_record(after))
        return after

    return store().write(transaction)


def _keep_an_administrator(connection: Connection, person: Person) -> None:
    is_one = person.role is Role.ADMIN and person.active
    if is_one and people.count_other_administrators(connection, person.id) == 0:
        raise WrongState(f"{person.name} is the only administrator. Make somebody else administrator first.")


def _invite(connection: Connection, person: Person) -> str:
    token, now = secrets.token_urlsafe(32), clock.now()
    text = instants.to_text(now)
    invitations.use_up(connection, person.id, text)
    invitations.add(connection, person.id, _hash(token), text, instants.to_text(now + INVITED_FOR))
    return token


def _invited(connection: Connection, token: str) -> Person:
    found = invitations.find(connection, _hash(token)) if isinstance(token, str) else None
    if found is None or found.used_at or found.expires_at <= clock.now_text():
        raise NotFound(_VOID)
    person = people.find(connection, found.person_id)
    if person is None or not person.active:
        raise NotFound(_VOID)
    return person


def _change_password(connection: Connection, person: Person, password_hash: str) -> str:
    now = clock.now_text()
    sign_ins.set_password(connection, person.id, password_hash)
    sign_ins.end_sessions(connection, person.id, now)
    invitations.use_up(connection, person.id, now)
    survey_links.delete_of_person(connection, person.id)
    return now


def _found(connection: Connection, person_id: str) -> Person:
    person = people.find(connection, person_id)
    if person is None:
        raise NotFound("There is no such person. Reload the list.")
    return person


def _checked_team(team: Team | None, role: Role) -> Team | None:
    try:
        role, team = Role(role), Team(team) if team is not None else None
    except ValueError as error:
        raise InvalidInput("Choose a role and a team from the lists.") from error
    if team is None and role in (Role.MEMBER, Role.TEAM_LEAD):
        raise InvalidInput(f"A {role.label} belongs to a team. Choose sales or marketing.")
    return team


def _record(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "email": person.email,
        "team": person.team.value if person.team else None,
        "role": person.role.value,
        "active": person.active,
    }


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
