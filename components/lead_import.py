"""Bringing in leads: what a session has before it, namely files, what their columns mean, and what was checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from actions import imports, lead_mappings
from alignment.errors import InvalidInput
from components.session import actor
from components.uploads import on_disk

if TYPE_CHECKING:
    from actions.lead_mappings import FileSeen, Matching

KINDS = ("csv", "txt", "tsv", "xlsx", "xlsm", "xlsb", "xls", "ods", "parquet")
_KEY = "bring_in"
_SAVED, _PRESET = "saved:", "preset:"


@dataclass(frozen=True)
class Before:
    """The files before a session, and what they are taken to mean.

    `kind` is the preset or kept mapping they are read as. `matching` is None for a kept mapping that can only be used as it
    is: then `toml` is it. `sheet` is the one of workbooks that was chosen, '' for none. `version` grows whenever the widgets have to be drawn anew.
    """

    files: tuple[str, ...]
    seen: "tuple[FileSeen, ...]"
    kind: str
    matching: "Matching | None"
    toml: str = ""
    version: int = 0
    sheet: str = ""

    @property
    def saved_name(self) -> str:
        """The name of the kept mapping that is used; '' for none."""
        return self.kind.removeprefix(_SAVED) if self.kind.startswith(_SAVED) else ""


@dataclass(frozen=True)
class Begun:
    """An import or check that this session began: of which files, with which mapping, under which id."""

    import_id: str
    files: tuple[str, ...]
    toml: str
    dry_run: bool


def before(uploads: Sequence[Any]) -> Before:
    """The session's files with what they mean; looked at when they are others than the last time.

    Raises InvalidInput when a file cannot be read.
    """
    files = tuple(upload.file_id for upload in uploads)
    known = st.session_state.get(_KEY)
    if isinstance(known, Before) and known.files == files:
        return known
    version, kind, sheet = 0, _PRESET, ""
    if isinstance(known, Before):
        version = known.version + 1
        # the next file of a set is read with the mapping that was just used
        kind = known.kind if known.saved_name or not known.files else _PRESET
        sheet = known.sheet if known.saved_name or not known.files else ""
    with st.spinner("Looking at the first rows …"), on_disk(uploads) as paths:
        try:
            seen = lead_mappings.look_at_files(actor(), paths, sheet)
        except InvalidInput as refusal:
            if not sheet:
                raise
            # these files lack the sheet, or it is no table: people are told, and choose another
            sheet = ""
            first, *others = lead_mappings.look_at_files(actor(), paths)
            seen = (replace(first, remarks=(*first.remarks, str(refusal))), *others)
    return _keep(_of_sheet(_as(Before(files, seen, kind, None, version=version, sheet=sheet), kind)))


def read_as(kind: str) -> None:
    """Read the session's files as another kind of export, or with a kept mapping."""
    current = st.session_state[_KEY]
    fresh = _as(replace(current, version=current.version + 1), kind)
    named = fresh.matching.sheet if fresh.matching is not None and fresh.saved_name else ""
    _keep(_to_look_at(fresh, named) if named and named != current.sheet else _of_sheet(fresh))


def read_sheet(sheet: str) -> None:
    """Read another sheet of the session's workbooks, as what its columns look like."""
    current = st.session_state[_KEY]
    kind = current.kind if current.saved_name else _PRESET
    _keep(_to_look_at(replace(current, kind=kind), sheet))


def change(**changes: Any) -> None:
    """Change what the files are taken to mean."""
    current = st.session_state[_KEY]
    _keep(replace(current, matching=replace(current.matching, **changes)))


def sheets(current: Before) -> tuple[str, ...]:
    """The sheets between which people can choose: those that every workbook with several has."""
    several = [file.sheets for file in current.seen if len(file.sheets) > 1]
    first = several[0] if several else ()
    return tuple(title for title in first if all(title in titles for titles in several))


def redraw() -> None:
    """Draw the widgets anew, for what they show has changed beneath them."""
    current = st.session_state[_KEY]
    _keep(replace(current, version=current.version + 1))


def matching_now() -> "Matching":
    """What the session's files are taken to mean, for callbacks."""
    matching: Matching = st.session_state[_KEY].matching
    return matching


def kinds() -> dict[str, str]:
    """What files can be read as, kept mappings first: what it is called, by its key."""
    saved = {_SAVED + name: f"Your mapping “{name}”" for name in imports.list_mappings(actor())}
    presets = {_PRESET + name: title for name, title in lead_mappings.list_presets(actor()).items()}
    return saved | presets


def begun() -> Begun | None:
    """The import or check that this session began last."""
    known = st.session_state.get(f"{_KEY}_begun")
    return known if isinstance(known, Begun) else None


def begin(uploads: Sequence[Any], files: tuple[str, ...], toml: str, *, dry_run: bool) -> None:
    """Begin to check or import the uploads. Raises a Refusal when it cannot be begun."""
    with st.spinner("Handing over the files …"), on_disk(uploads) as paths:
        import_id = imports.begin_import(actor(), paths, toml, dry_run=dry_run, keep_good_rows=True)
    st.session_state[f"{_KEY}_begun"] = Begun(import_id, files, toml, dry_run)


def forget_begun() -> None:
    """Let go of what was begun last; it goes on if it runs."""
    st.session_state.pop(f"{_KEY}_begun", None)


def _to_look_at(current: Before, sheet: str) -> Before:
    """What is before the session, with its files to be looked at anew: this sheet of them."""
    return replace(current, files=(), sheet=sheet)


def _of_sheet(current: Before) -> Before:
    """What is before the session, its matching for the sheet that was looked at."""
    matching = current.matching and replace(current.matching, sheet=current.sheet)
    return replace(current, matching=matching)


def _as(current: Before, kind: str) -> Before:
    """The files read as this kind; as they are recognised, where a kept mapping is gone."""
    if kind.startswith(_SAVED):
        toml = imports.list_mappings(actor()).get(kind.removeprefix(_SAVED))
        if toml is not None:
            matching = lead_mappings.open_mapping(actor(), toml, current.seen)
            return replace(current, kind=kind, matching=matching, toml=toml)
        kind = _PRESET
    matching = lead_mappings.propose_matching(actor(), current.seen, kind.removeprefix(_PRESET))
    return replace(current, kind=_PRESET + matching.preset, matching=matching, toml="")


def _keep(current: Before) -> Before:
    st.session_state[_KEY] = current
    return current
