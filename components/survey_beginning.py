"""A new questionnaire: from one that comes with the portal, blank, from a file, or as a copy of an earlier one."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from actions import questionnaires, surveys
from alignment import templates
from alignment.surveys import Survey
from components.outcome import perform
from components.questionnaire_preview import preview
from components.survey_steps import choose_privacy, count_questions
from components.text import plain

_BLANK, _FILE, _COPY = "blank", "file", "copy"
_TITLE = "questionnaires_title"
_REFUSED = "questionnaires_refused"


def show_new(known: Sequence[Survey], named: Callable[[Survey], str], *, expanded: bool) -> None:
    """Draw the choice of what to begin with. `named` tells two questionnaires of the same title apart."""
    names = {name: templates.template(name).title for name in templates.NAMES}
    names |= {_BLANK: "A blank questionnaire"}
    if known:
        names |= {_COPY: "A copy of an earlier one"}
    names |= {_FILE: "A file of my own"}
    captions = [_count(name) for name in templates.NAMES]
    captions += ["One question to begin with", *(["Its questions, without the answers"] if known else [])]
    captions += ["TOML, for example a questionnaire that you have downloaded and edited"]
    # after a refusal the field that is to be put right is in here
    expanded = expanded or st.session_state.get(_REFUSED, False)
    with st.expander("New questionnaire", icon=":material/add:", expanded=expanded):
        name = st.radio(
            "Begin with",
            list(names),
            format_func=lambda name: plain(names[name]),
            captions=captions,
            key="questionnaires_template",
        )
        if name == _FILE:
            st.file_uploader(
                "Questionnaire as TOML", type="toml", max_upload_size=1, key="questionnaires_file"
            )
        elif name == _COPY:
            # Streamlit knows an option by its label, so the number tells two of the same day apart
            titles = {survey.id: f"{number}. {named(survey)}" for number, survey in enumerate(known, 1)}
            st.selectbox(
                "Copy of",
                list(titles),
                format_func=lambda survey_id: titles.get(survey_id, ""),
                key="questionnaires_copy",
            )
        if name != _FILE:
            title = templates.template(name).title if name in templates.NAMES else ""
            placeholder = title or ("As it was" if name == _COPY else "What is it about?")
            st.text_input("Title", placeholder=placeholder, max_chars=200, key=_TITLE)
        if name in templates.NAMES:
            choose_privacy(templates.template(name), name)
        with st.container(horizontal=True):
            st.button(
                "Prepare",
                type="primary",
                icon=":material/add:",
                key="questionnaires_prepare",
                on_click=_prepare,
                disabled=name == _FILE and st.session_state.get("questionnaires_file") is None,
            )
            if name in templates.NAMES:
                _offer_a_look(name)


def _count(name: str) -> str:
    return count_questions(templates.template(name))


def _offer_a_look(name: str) -> None:
    if st.button("Preview", icon=":material/visibility:", key="questionnaires_preview_template"):
        preview(templates.template(name), name)
    st.download_button(
        "Download to edit",
        templates.template_text(name),
        file_name=f"{name}.toml",
        mime="application/toml",
        icon=":material/download:",
        key="questionnaires_download",
    )


def _prepare() -> None:
    """Callback of 'Prepare': a draft from what was chosen, which is then shown."""
    state = st.session_state
    name, title = state["questionnaires_template"], state.get(_TITLE, "")
    action: Callable[..., Survey] = surveys.prepare_survey
    what: dict[str, Any] = {}
    if name == _BLANK:
        action, what = questionnaires.prepare_blank, {"title": title}
    elif name == _COPY:
        action, what = questionnaires.copy_survey, {"survey_id": state["questionnaires_copy"], "title": title}
    elif name == _FILE:
        upload = state.get("questionnaires_file")
        what = {"toml": upload.getvalue().decode("utf-8", errors="replace") if upload else ""}
    else:
        what = {
            "template": name,
            "title": title,
            "mode": state.get(f"questionnaires_mode_{name}"),
            "min_group": state.get(f"questionnaires_group_{name}"),
        }
    made = perform("Prepared. Nobody sees it before you open it.", action, **what)
    state[_REFUSED] = made is None
    if made is not None:
        st.query_params["survey"] = made.id
