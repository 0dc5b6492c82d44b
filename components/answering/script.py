"""The small script beside the screen for answering: it keeps what is typed and says when the connection is gone.

It is a file of our own that the server hands out, because the portal's content policy forbids every other script. All it
does is done to what the screen shows anyway: it commits a text field after a pause as Ctrl+Enter would, keeps what was
typed in the tab's own memory until the store has confirmed it or the person signs out, puts the focus on the question
after Next and on the lead after Next lead, brings a refusal into view, hides hints that nobody needs, and names buttons that
show only an icon.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import streamlit as st

SCRIPTS = Path(__file__).resolve().parent / "scripts"
ADDRESS = "/scripts"
"""Where the server hands the files out."""


@lru_cache(maxsize=1)
def _address() -> str:
    """The script's address with a mark of its content, so that no browser runs an older one."""
    mark = hashlib.sha256((SCRIPTS / "keeping.js").read_bytes()).hexdigest()[:12]
    return f"{ADDRESS}/keeping.js?{mark}"


def run_script(person_id: str) -> None:
    """Let the browser run the script, once per page however often this is drawn, for this person's words only."""
    mark = hashlib.sha256(f"typed by {person_id}".encode()).hexdigest()[:10]
    with st.container(key=f"answer_by-{mark}"):
        st.components.v2.component(
            "concord_keeping",
            html=f'<script type="module" src="{_address()}"></script>',
            isolate_styles=False,
        )(key="answering_script", height=1)
