"""Who may send leads and events by program, for administrators: tokens, an example, HubSpot's notifications."""

import json

import streamlit as st

from actions import api_tokens, hubspot_webhooks, lead_feed
from actions.api_tokens import Scope
from actions.settings import local_time
from components.links import portal_address
from components.outcome import perform, was_refused
from components.page import stop_on_refusal
from components.session import actor
from components.text import ink, plain

LEADS_PATH, EVENTS_PATH, HUBSPOT_PATH = (
    "/api/v1/leads",
    "/api/v1/lead-events",
    "/api/v1/hubspot/notifications",
)
_SECRET, _NAME, _SCOPES = "api_access_secret", "api_access_name", "api_access_scopes"
_APP_SECRET, _PREFIX = "api_access_app_secret", "api_access_prefix"
_EXAMPLE = [
    {
        "id": "crm-4711",
        "lead_id": "00Q5g00000",
        "type": "entered_stage",
        "stage": "mql",
        "at": "2026-01-31T09:30:00Z",
    }
]

_BY_PROGRAM = ("api:", "hubspot-webhook")
"""How the origins begin of what programs and HubSpot send; decisions on the screens come in the same way."""
_EXAMPLE_LEADS = [
    {
        "lead_id": "00Q5g00000",
        "source": "webinar",
        "company": "Acme",
        "employees": 250,
        "attributes": {"plan": "pro"},
    }
]


@st.fragment(run_every="5s")
def show_state() -> None:
    """One sentence on what has come in and whether it is in the figures, kept up to date."""
    with stop_on_refusal():
        state = lead_feed.read_feed(actor())
        ever = api_tokens.list_tokens(actor())
        hubspot = hubspot_webhooks.read_webhooks(actor())
    tokens = [token for token in ever if token.revoked_at is None]
    programs = "No program has a token" if not tokens else _counted(len(tokens), "token is", "tokens are")
    programs += "" if not tokens else " in use"
    if hubspot.configured:
        programs += ", and HubSpot notifies of changes"
    sent = [one for one in state.origins if one.origin.startswith(_BY_PROGRAM)]
    last = max((one.last_at for one in sent), default="")
    waiting = sum(one.waiting for one in sent)
    if waiting:
        since = _when(min(one.waiting_since for one in sent if one.waiting_since))
        arrived = f"{_counted(waiting, 'item waits', 'items wait')} to come into the figures, the first since {since}."
    elif last:
        arrived = f"All that was sent is in the figures; the last of it came at {_when(last)}."
    elif hubspot.configured or any(token.last_used_at for token in ever):
        # what is in the figures is forgotten here after a day
        arrived = "Nothing has been sent in the last day."
    else:
        arrived = "Nothing has been sent yet."
    if state.set_aside:
        arrived += f" {_counted(state.set_aside, 'item', 'items')} could not be brought into the figures and "
        arrived += "is" if state.set_aside == 1 else "are"
        arrived += " kept aside; the log says why."
    st.markdown(f"**{programs}.** {arrived}")


def show_tokens() -> None:
    """The tokens there are, each with a way to revoke it, and the form for another."""
    st.subheader("Tokens", anchor=False)
    _show_secret()
    with stop_on_refusal():
        tokens = api_tokens.list_tokens(actor())
    alive = [token for token in tokens if token.revoked_at is None]
    if not alive:
        st.caption(
            "A program shows its token with everything it sends. Make one for each, so that each can be revoked alone."
        )
    for token in alive:
        with st.container(
            border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            may = " and ".join(Scope(scope).label.lower() for scope in token.scopes)
            used = f"last used {_when(token.last_used_at)}" if token.last_used_at else "not used yet"
            st.markdown(
                f"**{plain(token.name)}** may send {may}; {used}.  \n"
                f":small[Made by {plain(token.created_by)} at {_when(token.created_at)}]"
            )
            if st.button(
                "Revoke",
                icon=":material/key_off:",
                type="tertiary",
                key=f"api_access_revoke_{token.id}",
            ):
                _confirm_revoke(token.id, token.name)
    with (
        st.expander("Make a token", icon=":material/key:", expanded=not alive),
        st.form("api_access_form", border=False),
    ):
        st.text_input(
            "Which program is it for?", max_chars=80, key=_NAME, placeholder="CRM, form on the website, …"
        )
        st.pills(
            "What may it send?",
            [scope.value for scope in Scope],
            selection_mode="multi",
            default=[scope.value for scope in Scope],
            format_func=lambda scope: ink(Scope(scope).label),
            key=_SCOPES,
        )
        st.form_submit_button("Make the token", type="primary", icon=":material/add:", on_click=_create)
    revoked = [token for token in tokens if token.revoked_at is not None]
    if revoked:
        with st.expander(f"Revoked ({len(revoked)})", icon=":material/history:"):
            st.dataframe(
                [
                    {
                        "Name": token.name,
                        "Revoked": _when(token.revoked_at or ""),
                        "Last used": _when(token.last_used_at) if token.last_used_at else "never",
                    }
                    for token in revoked
                ],
                hide_index=True,
            )


def show_example() -> None:
    """How to send, to copy."""
    st.subheader("How to send", anchor=False)
    st.markdown(
        "Send a JSON array, or one object a line. The answer comes once everything is on disk and says of each item what "
        "became of it. The same event sent again under its `id` does nothing; so when an answer is lost, send again."
    )
    kinds = st.segmented_control(
        "Example",
        ["Events", "Leads"],
        format_func=ink,
        default="Events",
        key="api_access_example",
        label_visibility="collapsed",
    )
    path, body = (LEADS_PATH, _EXAMPLE_LEADS) if kinds == "Leads" else (EVENTS_PATH, _EXAMPLE)
    st.code(
        f"curl {portal_address()}{path} \\\n"
        '  -H "Authorization: Bearer $CONCORD_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{json.dumps(body)}'",
        language=None,
        wrap_lines=True,
    )
    st.caption(
        "The whole description is an OpenAPI document for those who hold a token:"
        f" {plain(portal_address() + '/api/v1/openapi.json')}"
    )


def show_hubspot() -> None:
    """Whether HubSpot may notify, and the form for the app's secret."""
    st.subheader("HubSpot notifications", anchor=False)
    with stop_on_refusal():
        found = hubspot_webhooks.read_webhooks(actor())
    st.markdown(
        "HubSpot can tell of changed contacts as they happen. Enter this target URL in your app in HubSpot, under Webhooks, "
        "and the app's client secret here."
    )
    st.code(portal_address() + HUBSPOT_PATH, language=None, wrap_lines=True)
    if found.fault:
        st.error(plain(found.fault), icon=":material/key_off:")
    elif found.configured:
        before = f", with “{plain(found.prefix)}” before each contact's id" if found.prefix else ""
        st.markdown(f"Notifications that HubSpot has signed are taken{before}.")
    if found.configured:
        st.button(
            "Take no more",
            icon=":material/block:",
            type="tertiary",
            key="api_access_forbid",
            on_click=perform,
            args=("HubSpot's notifications are refused from now on.", hubspot_webhooks.forbid_webhooks),
        )
    with (
        st.expander("Change the secret" if found.configured else "Set it up", icon=":material/webhook:"),
        st.form("api_access_hubspot", border=False),
    ):
        st.text_input(
            "Client secret",
            type="password",
            autocomplete="off",
            max_chars=200,
            key=_APP_SECRET,
            help="It is entered once, kept encrypted, and never shown again.",
        )
        st.text_input(
            "Before each contact's id",
            found.prefix,
            max_chars=40,
            key=_PREFIX,
            placeholder="Nothing",
            help="Leave it empty where files and connections give the record id as it is.",
        )
        st.form_submit_button("Save", type="primary", icon=":material/save:", on_click=_allow)


def _show_secret() -> None:
    """A token that was just made, until it is put away: it cannot be shown again."""
    made = st.session_state.get(_SECRET)
    if made is None:
        return
    with st.container(border=True):
        st.markdown(f"**Copy the token for {plain(made[0])} now.** It is shown this once and kept nowhere.")
        st.code(made[1], language=None, wrap_lines=True)
        if st.button("I have copied it", icon=":material/check:", key="api_access_copied"):
            del st.session_state[_SECRET]
            st.rerun()


def _create() -> None:
    name = st.session_state[_NAME]
    made = perform("", api_tokens.create_token, name, st.session_state[_SCOPES] or [])
    if made is not None:
        st.session_state[_SECRET] = (name.strip(), made.secret)
        st.session_state[_NAME] = ""


def _allow() -> None:
    perform(
        "Notifications that HubSpot has signed are taken from now on.",
        hubspot_webhooks.allow_webhooks,
        st.session_state[_APP_SECRET],
        st.session_state[_PREFIX],
    )
    if not was_refused():
        st.session_state[_APP_SECRET] = ""


@st.dialog("Revoke this token?", icon=":material/key_off:")
def _confirm_revoke(token_id: str, name: str) -> None:
    st.markdown(
        f"The program that holds **{plain(name)}** can send nothing any more, from the next request on. What it has sent stays."
    )
    if st.button(
        "Revoke",
        type="primary",
        key="api_access_confirm_revoke",
        on_click=perform,
        args=("Revoked.", api_tokens.revoke_token, token_id),
    ):
        st.rerun()


def _counted(number: int, one: str, more: str) -> str:
    return f"One {one}" if number == 1 else f"{number:,} {more}"


def _when(instant: str) -> str:
    return f"{local_time(actor(), instant):%-d %b %Y, %H:%M}"
