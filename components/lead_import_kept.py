"""What earlier imports left: the mappings kept for the next file, and the list of imports."""

import pandas as pd
import streamlit as st

from actions import imports
from actions.settings import local_time
from alignment.people import Actor
from components.outcome import perform, show_outcome, was_refused
from components.page import show_refusal
from components.session import actor
from components.text import plain

_MOST_CHARACTERS = 200_000


def offer_to_keep(toml: str, name: str, key: str) -> None:
    """A form that keeps a mapping under a name; the name of the one in use stands there already."""
    with st.form(f"{key}_keep", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Keep this matching for the next file",
            value=name,
            max_chars=80,
            key=f"{key}_keep_name",
            placeholder="Our CRM export",
            help="The same name again replaces what was kept under it.",
        )
        st.form_submit_button(
            "Keep", icon=":material/bookmark:", on_click=_keep, args=(toml, f"{key}_keep_name")
        )


def show_last_import() -> None:
    """What the last import brought, in a sentence."""
    past: list[imports.PastImport] = []
    with show_refusal():
        past = imports.list_imports(actor())
    if not past:
        st.subheader("No file has been brought in yet.", anchor=False)
        return
    new, changed = past[0].report.get("new", 0), past[0].report.get("changed", 0)
    day = f"{local_time(actor(), past[0].at):%-d %B %Y}"
    if not new and not changed:
        st.subheader(f"The last import, on {day}, changed nothing.", anchor=False)
        return
    brought = [f"brought {new:,} new {'lead' if new == 1 else 'leads'}"] if new else []
    brought += [f"changed {changed:,} {'lead' if changed == 1 else 'leads'}"] if changed else []
    st.subheader(f"The last import, on {day}, {' and '.join(brought)}.", anchor=False)


def show_mappings(key: str) -> None:
    """The kept mappings, each to be opened, changed and removed."""
    kept: dict[str, str] = {}
    with show_refusal():
        kept = imports.list_mappings(actor())
    if not kept:
        return
    with st.expander(f"Kept mappings ({len(kept)})", icon=":material/bookmarks:"):
        for number, (name, toml) in enumerate(kept.items()):
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                st.markdown(plain(name))
                if st.button("Open", icon=":material/edit:", key=f"{key}_open_{number}"):
                    _edit(name, toml, f"{key}_edit_{number}")


def show_imports(key: str) -> None:
    """The last imports: when, who, which files, and what they changed."""
    past: list[imports.PastImport] = []
    with show_refusal():
        past = imports.list_imports(actor())
    if not past:
        return
    with st.expander("Imports so far", icon=":material/history:", key=f"{key}_past"):
        st.dataframe(
            pd.DataFrame(
                {
                    "When": [local_time(actor(), entry.at).strftime("%Y-%m-%d %H:%M") for entry in past],
                    "Who": [entry.person_name for entry in past],
                    "Files": [", ".join(entry.files) for entry in past],
                    **{
                        label: [entry.report.get(name, 0) for entry in past]
                        for name, label in (
                            ("read", "Rows"),
                            ("new", "New"),
                            ("changed", "Changed"),
                            ("unchanged", "Unchanged"),
                            ("refused", "Refused"),
                        )
                    },
                }
            ),
            hide_index=True,
            alt="Imports so far, newest first",
        )


@st.dialog("Kept mapping", icon=":material/bookmark:", width="large")
def _edit(name: str, toml: str, key: str) -> None:
    """Change a kept mapping as text, save it under this or another name, or remove it."""
    st.text_input("Name", value=name, max_chars=80, key=f"{key}_name")
    st.text_area(
        "What each column means, as TOML",
        value=toml,
        height=320,
        max_chars=_MOST_CHARACTERS,
        key=f"{key}_toml",
        help="The same text is what the command line takes with --mapping.",
    )
    with st.container(horizontal=True):
        saved = st.button(
            "Save",
            type="primary",
            icon=":material/save:",
            key=f"{key}_save",
            on_click=perform,
            args=(f"“{name}” is changed.", _replace, name, key),
        )
        removed = st.button(
            "Remove",
            icon=":material/delete:",
            key=f"{key}_remove",
            on_click=perform,
            args=(f"“{name}” is removed.", imports.delete_mapping, name),
        )
    if was_refused():
        show_outcome()
    elif saved or removed:
        st.rerun()


def _replace(who: Actor, name: str, key: str) -> None:
    """Save what the dialog shows, under another name if it was given one."""
    fresh = st.session_state[f"{key}_name"]
    imports.save_mapping(who, fresh, st.session_state[f"{key}_toml"])
    if fresh.strip() != name:
        imports.delete_mapping(who, name)


def _keep(toml: str, key: str) -> None:
    perform("Kept. Choose it under “Read as” next time.", imports.save_mapping, st.session_state[key], toml)
