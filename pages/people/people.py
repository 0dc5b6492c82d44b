"""People: who may come in, and as what?"""

import streamlit as st

from actions import people
from alignment.errors import Refusal
from alignment.people import Role, Team
from components.links import invitation_link
from components.page import open_page, show_refusal, stop_on_refusal
from components.session import actor
from components.text import ink, plain

LINK = "people_link"
TEAMS = {"Sales": Team.SALES, "Marketing": Team.MARKETING, "Neither": None}
ROLES = {role.label.capitalize(): role for role in Role}
ROLE_HELP = (
    "Members answer and vote. Facilitators run questionnaires, workshops and the cycle. Team leads sign definitions for "
    "their team. Administrators look after people and settings."
)


def access_of(entry: people.Access) -> str:
    """In words, how the person stands."""
    if not entry.person.active:
        return "No access"
    if entry.has_password:
        return "Has access"
    return f"Invited until {entry.invited_until[:10]}" if entry.invited_until else "Invitation has run out"


def show_link(invited: people.Invited) -> None:
    """Keep the link for the run after this one; it is stored nowhere else."""
    st.session_state[LINK] = (invited.person.name, invitation_link(invited.token))


def dismiss_link() -> None:
    st.session_state.pop(LINK, None)


def start_over(person_id: str) -> None:
    """Let the next run fill the fields from the store."""
    st.session_state["people_reload"] = person_id


def change_access(person_id: str, give: bool) -> None:
    """A button's callback: the list below it shows the result."""
    try:
        (people.give_access if give else people.end_access)(actor(), person_id)
    except Refusal as refusal:
        st.session_state["people_refused"] = str(refusal)


open_page("People", "Who may come in, and as what?")
with stop_on_refusal():
    everyone = people.list_people(actor())

active = [entry for entry in everyone if entry.person.active]
waiting = [entry for entry in active if not entry.has_password]
in_team = {team: sum(entry.person.team is team for entry in active) for team in Team}
st.markdown(
    f"**{len(active)} {'person has' if len(active) == 1 else 'people have'} access**: {in_team[Team.SALES]} in sales, "
    f"{in_team[Team.MARKETING]} in marketing. "
    + (
        f"{len(waiting)} {'has' if len(waiting) == 1 else 'have'} not chosen a password yet."
        if waiting
        else ""
    )
)

if refused := st.session_state.pop("people_refused", None):
    st.error(plain(refused), icon=":material/error:")
if LINK in st.session_state:
    name, link = st.session_state[LINK]
    with st.container(border=True):
        st.markdown(
            f"**The link for {plain(name)}**: send it to them yourself. It works once, for 14 days, and is shown only now."
        )
        st.code(link, language=None, wrap_lines=True)
        st.button(
            "I have copied it", icon=":material/check:", key="people_link_copied", on_click=dismiss_link
        )

with st.expander("Invite someone", icon=":material/person_add:", expanded=len(everyone) < 2):
    with st.form("people_add_form", border=False):
        name = st.text_input("Name", max_chars=100, key="people_add_name")
        email = st.text_input("E-mail", max_chars=254, key="people_add_email", placeholder="name@company.com")
        left, right = st.columns(2)
        team = left.segmented_control(
            "Team", list(TEAMS), format_func=ink, default="Sales", required=True, key="people_add_team"
        )
        role = right.selectbox("Role", list(ROLES), key="people_add_role", help=ROLE_HELP)
        added = st.form_submit_button("Invite", type="primary", icon=":material/send:")
    if added:
        with show_refusal():
            show_link(people.add_person(actor(), name, email, TEAMS.get(team), ROLES[role]))
            st.rerun()

st.dataframe(
    {
        "Name": [entry.person.name for entry in everyone],
        "E-mail": [entry.person.email for entry in everyone],
        "Team": [entry.person.team.label.capitalize() if entry.person.team else "" for entry in everyone],
        "Role": [entry.person.role.label.capitalize() for entry in everyone],
        "Access": [access_of(entry) for entry in everyone],
    },
    hide_index=True,
    width="stretch",
    key="people_list",
)

by_id = {entry.person.id: entry for entry in everyone}
chosen = st.selectbox(
    "Change someone",
    list(by_id),
    index=None,
    format_func=lambda key: f"{by_id[key].person.name} ({by_id[key].person.email})",
    placeholder="Choose a person",
    key="people_chosen",
)
if chosen is None:
    st.stop()

entry = by_id[chosen]
if st.session_state.pop("people_reload", None) == chosen:
    for part in ("name", "team", "role"):
        st.session_state.pop(f"people_{part}_{chosen}", None)
if f"people_name_{chosen}" not in st.session_state:
    st.session_state["people_seen"] = (
        entry.revision
    )  # what the fields are filled from; a save has to be on top of it
with st.container(border=True):
    with st.form(f"people_change_form_{chosen}", border=False):
        name = st.text_input("Name", entry.person.name, max_chars=100, key=f"people_name_{chosen}")
        left, right = st.columns(2)
        team = left.segmented_control(
            "Team",
            list(TEAMS),
            format_func=ink,
            default=next(label for label, team in TEAMS.items() if team is entry.person.team),
            required=True,
            key=f"people_team_{chosen}",
        )
        role = right.selectbox(
            "Role",
            list(ROLES),
            list(ROLES.values()).index(entry.person.role),
            key=f"people_role_{chosen}",
            help=ROLE_HELP,
        )
        saved = st.form_submit_button("Save", type="primary", icon=":material/save:")
    if saved:
        with show_refusal():
            people.change_person(
                actor(),
                chosen,
                name=name,
                team=TEAMS.get(team),
                role=ROLES[role],
                revision=st.session_state["people_seen"],
            )
            start_over(chosen)
            st.toast("Saved.", icon=":material/check:")
            st.rerun()
    with st.container(horizontal=True):
        if entry.person.active:
            if st.button("New link", icon=":material/link:", key=f"people_invite_{chosen}",
                         help="For someone who has forgotten the password. The old one works until a new one is chosen."):  # fmt: skip
                with show_refusal():
                    show_link(people.invite(actor(), chosen))
                    st.rerun()
            with st.popover("End access", icon=":material/person_off:"):
                st.markdown(
                    f"{plain(entry.person.name)} is signed out at once and cannot come back in. "
                    "What they answered and signed stays. You can give access back later."
                )
                st.button("End access now", type="primary", key=f"people_end_{chosen}", on_click=change_access,
                          args=(chosen, False))  # fmt: skip
        else:
            st.button("Give access back", icon=":material/person_check:", key=f"people_give_{chosen}",
                      on_click=change_access, args=(chosen, True))  # fmt: skip
