"""A rule put together without code: conditions in groups, or points, read back as a sentence that follows every step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import streamlit as st

from actions.fields import find_misfit
from alignment.errors import InvalidInput
from alignment.rules import InvalidRule, Points, parse, parse_json, sentence, to_document, to_json
from alignment.rules.drafting import (
    ROOT,
    Draft,
    History,
    add,
    as_conditions,
    as_points,
    begin,
    finish,
    is_blank,
)
from alignment.scores import check_points
from components.rule_editor_parts import Drawing, choices, draw_group, draw_points
from components.session import actor
from components.text import ink, plain

_NONE, _CONDITIONS, _POINTS, _JSON = "Text only", "Conditions", "Points", "As JSON"

Only = Literal["", "conditions", "points"]
"""What a rule may be made of, '' for either; and then there may be none."""


@dataclass(frozen=True)
class RuleDraft:
    """What the editor holds: the document, or None for no rule; `fault` says why it cannot be used yet."""

    document: Mapping[str, Any] | None
    fault: str | None = None

    def finished(self) -> Mapping[str, Any] | None:
        """The document. Raises InvalidInput while it cannot be used yet."""
        if self.fault is not None:
            raise InvalidInput(self.fault)
        return self.document


@dataclass
class _Editing:
    """The document that the editor began from, the steps since, and what was pasted that is no rule, with the reason."""

    base: Mapping[str, Any] | None
    began: Draft
    history: History = field(init=False)
    pasted: str | None = None
    fault: str | None = None

    def __post_init__(self) -> None:
        self.history = History(self.began)

    @property
    def draft(self) -> Draft:
        return self.history.now

    def held(self) -> RuleDraft:
        """What stands here: the document that it began from, to the letter, as long as nothing was changed."""
        if self.fault is not None:
            return RuleDraft(None, self.fault)
        if self.draft == self.began and self.base is not None:
            return RuleDraft(self.base)
        written = finish(self.draft)
        if isinstance(written, str):
            return RuleDraft(None, written)
        try:
            parse(written)
        except InvalidRule as error:
            return RuleDraft(None, str(error))
        return RuleDraft(written)


def describe_rule(document: Mapping[str, Any]) -> str:
    """The rule as one sentence, ready for markdown."""
    rule = parse(document)
    joint = "with" if isinstance(rule.root, Points) else "if"
    return plain(f"A lead qualifies {joint} {sentence(rule)}.")


def edit_rule(
    key: str,
    document: Mapping[str, Any] | None,
    *,
    on_change: Callable[[], None] | None = None,
    only: Only = "",
) -> RuleDraft:
    """Draw the editor, starting from `document`, and return what it holds now. `key` keeps two editors apart.

    `on_change` runs after each change, with `read_rule(key, document)` giving what the editor holds then. With `only`
    "conditions" nothing else is offered; with "points" neither conditions alone nor no rule.
    """
    conditions_only = only == "conditions"
    editing = _editing(key, document, only)
    mode: str | None = _POINTS if editing.draft.scored else _CONDITIONS
    if not conditions_only:
        start = _NONE if document is None and not only else mode
        mode = st.segmented_control(
            "Points" if only == "points" else "Rule that runs on the lead data",
            [_POINTS, _JSON] if only == "points" else [_NONE, _CONDITIONS, _POINTS, _JSON],
            format_func=ink,
            default=None if _mode(key) in st.session_state else start,
            required=True,
            key=_mode(key),
            on_change=_switch,
            args=(key, document, on_change),
            help=None
            if only == "points"
            else "With a rule, the portal can check every lead against the definition.",
        )
    if mode not in (_CONDITIONS, _POINTS, _JSON):
        return RuleDraft(None)
    if mode == _JSON:
        _draw_json(key, document, editing, on_change, only)
    else:
        drawing = Drawing(key, choices(editing.draft), partial(_take, key, document, on_change))
        if editing.draft.scored:
            draw_points(drawing, editing.draft)
        else:
            draw_group(drawing, editing.draft.root)
    _draw_steps(key, document, editing, mode, on_change)
    draft = editing.held()
    if draft.fault:
        st.caption(
            f":material/info: {plain(draft.fault)}"
            if conditions_only
            else f":orange[:material/info:] {plain(draft.fault)}"
        )
    elif draft.document is not None:
        st.markdown(f":material/rule: {describe_rule(draft.document)}")
        misfit = find_misfit(actor(), draft.document) if mode == _JSON else ""
        if misfit:
            st.caption(f":orange[:material/warning:] No lead can be judged by it as it is. {plain(misfit)}")
    return draft


def read_rule(key: str, document: Mapping[str, Any] | None) -> RuleDraft:
    """What the editor holds now, without drawing it: for callbacks, which run before it is drawn.

    No document and no fault: no condition has a field yet, or no rule is wanted.
    """
    if st.session_state.get(_mode(key)) == _NONE:
        return RuleDraft(None)
    editing = _editing(key, document)
    if editing.fault is None and is_blank(editing.draft):
        return RuleDraft(None)
    return editing.held()


def _mode(key: str) -> str:
    return f"{key}_mode"


def _state(key: str) -> str:
    return f"{key}_editing"


def _editing(key: str, document: Mapping[str, Any] | None, only: Only = "") -> _Editing:
    """What is being edited; anew when the editor was away from the screen, or gets another document from outside."""
    editing: _Editing | None = st.session_state.get(_state(key))
    drawn = any(name in st.session_state for name in (_mode(key), f"{key}_undo"))
    if editing is not None and drawn:
        if editing.base == document or editing.held().document == document:
            return editing
        st.session_state.pop(_mode(key), None)
    began = begin(document)
    editing = _Editing(document, as_points(began) if only == "points" else began)
    st.session_state[_state(key)] = editing
    return editing


# ── steps, taken in callbacks ────────────────────────────────────────────────────────────────────────────────────────


def _take(
    key: str,
    document: Mapping[str, Any] | None,
    on_change: Callable[[], None] | None,
    step: Callable[[Draft], Draft],
    tell: bool = True,
) -> None:
    """Take a step; `tell` False for one that says nothing new of the rule yet, such as an empty condition."""
    editing = _editing(key, document)
    editing.history = editing.history.step(step(editing.draft))
    if on_change is not None and tell:
        on_change()


def _go(
    key: str,
    document: Mapping[str, Any] | None,
    on_change: Callable[[], None] | None,
    way: Callable[[History], History],
) -> None:
    editing = _editing(key, document)
    editing.history = way(editing.history)
    editing.pasted = editing.fault = None
    if st.session_state.get(_mode(key)) in (_CONDITIONS, _POINTS):
        st.session_state[_mode(key)] = _POINTS if editing.draft.scored else _CONDITIONS
    if on_change is not None:
        on_change()


def _switch(key: str, document: Mapping[str, Any] | None, on_change: Callable[[], None] | None) -> None:
    mode = st.session_state.get(_mode(key))
    editing = _editing(key, document)
    editing.pasted = editing.fault = None
    if mode in (_CONDITIONS, _POINTS):
        step = as_points if mode == _POINTS else as_conditions
        editing.history = editing.history.step(step(editing.draft))
    if on_change is not None:
        on_change()


def _paste(
    key: str, document: Mapping[str, Any] | None, on_change: Callable[[], None] | None, only: Only
) -> None:
    editing = _editing(key, document)
    text = str(st.session_state.get(f"{key}_json") or "")
    try:
        read = parse_json(text)
        pasted = begin(check_points(to_document(read)) if only == "points" else to_document(read))
    except InvalidInput as error:
        editing.pasted, editing.fault = text, str(error)
    else:
        editing.pasted = editing.fault = None
        editing.history = editing.history.step(pasted)
    if on_change is not None:
        on_change()


# ── what is not a part of the rule ───────────────────────────────────────────────────────────────────────────────────


def _draw_json(
    key: str,
    document: Mapping[str, Any] | None,
    editing: _Editing,
    on_change: Callable[[], None] | None,
    only: Only,
) -> None:
    held = editing.held().document
    text = '{"version": 1, "all": []}' if held is None else to_json(parse(held))
    text = text if editing.pasted is None else editing.pasted
    if st.session_state.get(f"{key}_json") != text:
        st.session_state[f"{key}_json"] = text
    st.text_area(
        "Rule as JSON",
        height=240,
        key=f"{key}_json",
        on_change=_paste,
        args=(key, document, on_change, only),
        help="Points are added up to a threshold; what they are given for may have groups “all”, “any” and “not”."
        if only == "points"
        else "Groups “all”, “any” and “not” may be nested, or points may be added up to a threshold.",
    )


def _draw_steps(
    key: str,
    document: Mapping[str, Any] | None,
    editing: _Editing,
    mode: str,
    on_change: Callable[[], None] | None,
) -> None:
    """What adds to the whole rule, and the way back."""
    with st.container(horizontal=True, gap="small"):
        if mode != _JSON:
            st.button(
                "Add a condition",
                key=f"{key}_add",
                icon=":material/add:",
                on_click=_take,
                args=(key, document, on_change, partial(add, into=ROOT), False),
            )
            st.button(
                "Add a group",
                key=f"{key}_add_group",
                icon=":material/add_box:",
                on_click=_take,
                args=(key, document, on_change, partial(add, into=ROOT, group=True), False),
            )
        for label, icon, way, steps in (
            ("Undo", ":material/undo:", History.undo, editing.history.past),
            ("Redo", ":material/redo:", History.redo, editing.history.undone),
        ):
            st.button(
                label,
                key=f"{key}_{label.lower()}",
                icon=icon,
                type="tertiary",
                disabled=not steps,
                on_click=_go,
                args=(key, document, on_change, way),
            )
