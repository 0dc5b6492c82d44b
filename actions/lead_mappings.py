"""Matching the columns of files to what a lead is: looking at them, proposing a mapping, changing it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from actions.permissions import authorise
from actions.settings import company_of
from alignment.errors import InvalidInput, NotFound, Refusal
from alignment.people import Actor
from db.store import store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    # named again for the components, which know the actions only
    from leads.imports.looking import ColumnSeen as ColumnSeen
    from leads.imports.looking import FileSeen as FileSeen
    from leads.imports.matching import ConditionalDate as ConditionalDate
    from leads.imports.matching import DateQuestion as DateQuestion
    from leads.imports.matching import DecimalQuestion as DecimalQuestion
    from leads.imports.matching import Matching as Matching
    from leads.imports.matching import Meaning as Meaning

MOST_FILES = 10
LARGEST_FILE = 200 * 1024 * 1024


@dataclass(frozen=True)
class Laid:
    """A matching laid on files.

    `columns` are the columns of the files (of long files, the properties) and those that only the matching names; `layout` are
    the columns of the files as they stand. `toml` is the mapping that comes of it, '' while `problem` says why none does.
    `question` is there when nothing tells whether day or month comes first, `decimal_question` when nothing tells which sign of
    numbers is the decimal one; `order` is what the first rows tell of days. `lacks` are sentences about what the leads will lack.
    """

    columns: "tuple[ColumnSeen, ...]"
    layout: tuple[str, ...]
    toml: str
    problem: str
    question: "DateQuestion | None"
    decimal_question: "DecimalQuestion | None"
    order: str
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Recognised:
    """What kind of export files are, by a title for people, and the mapping for it in TOML."""

    title: str
    toml: str


def look_at_files(actor: Actor, files: Sequence[tuple[str, Path]], sheet: str = "") -> "tuple[FileSeen, ...]":
    """The column names and first rows of files, given as (name people know, path); of workbooks, of this `sheet`.

    Raises InvalidInput when they are too many, too large, or one cannot be read, saying what to change.
    """
    authorise(actor, "leads:import")
    if not files:
        raise InvalidInput("There is no file. Choose at least one.")
    if len(files) > MOST_FILES:
        raise InvalidInput(f"{len(files)} files at once are too many; import at most {MOST_FILES}.")
    for name, path in files:
        if path.exists() and path.stat().st_size > LARGEST_FILE:
            raise InvalidInput(
                f"{name} is larger than {LARGEST_FILE // 1024 // 1024} MB. Split it and import the parts."
            )
    from leads.imports.files import open_file
    from leads.imports.looking import look

    return look([open_file(path, name, sheet=sheet or None) for name, path in files])


def propose_matching(actor: Actor, seen: "Sequence[FileSeen]", preset: str = "") -> "Matching":
    """What the columns mean as a preset has it, or else as the kind of export that is recognised has it.

    Raises NotFound for a preset that there is not.
    """
    authorise(actor, "leads:import")
    from leads.imports import presets
    from leads.imports.matching import propose

    chosen = presets.preset(preset) if preset else None
    if preset and chosen is None:
        known = ", ".join(one.name for one in presets.PRESETS)
        raise NotFound(f"There is no preset “{preset}”. Presets: {known}.")
    return propose(seen, chosen, company_of(store().read()).hours.timezone)


def list_presets(actor: Actor) -> dict[str, str]:
    """The titles of the kinds of export that are known, by name."""
    authorise(actor, "leads:import")
    from leads.imports.presets import PRESETS

    return {one.name: one.title for one in PRESETS}


def list_meanings(actor: Actor) -> "tuple[Meaning, ...]":
    """Everything that a column can mean, in the order in which people look for it."""
    authorise(actor, "leads:import")
    from leads.imports.matching import meanings

    return meanings()


def open_mapping(actor: Actor, toml: str, seen: "Sequence[FileSeen]") -> "Matching | None":
    """A kept mapping as a matching that can be changed; None for one that can only be used as it is.

    Raises InvalidInput when it is no mapping.
    """
    authorise(actor, "leads:import")
    from leads.imports.mapping import read_mapping
    from leads.imports.matching import from_mapping

    return from_mapping(read_mapping(toml), seen)


def lay(actor: Actor, matching: "Matching", seen: "Sequence[FileSeen]") -> Laid:
    """Lay a matching on files: their columns with values, the mapping that comes of it, and what is still open."""
    authorise(actor, "leads:import")
    from leads.imports.looking import ColumnSeen, columns
    from leads.imports.matching import date_order, decimal_sign

    found = columns(seen, matching.long)
    ids = [name for name, meaning in matching.meanings.items() if meaning == "lead_id"]
    known = {column.name.casefold() for column in found}
    # the id of a long file is no property; a kept mapping may name columns that these files lack
    beside = tuple(ColumnSeen(name) for name in matching.meanings if name.casefold() not in known)
    if matching.long:
        by_name = {column.name: column for column in columns(seen)}
        beside = tuple(by_name.get(one.name, one) for one in beside)
    layout = tuple(dict.fromkeys(name for file in seen for name in file.header))
    order = date_order(seen, matching)
    toml, problem = "", ""
    try:
        toml = _to_toml(matching)
    except Refusal as refusal:
        problem = str(refusal)
    return Laid(
        columns=(
            *(one for one in beside if one.name in ids),
            *found,
            *(one for one in beside if one.name not in ids),
        ),
        layout=layout,
        toml=toml,
        problem=problem,
        question=order if not isinstance(order, str) and not matching.date_order else None,
        decimal_question=None if matching.decimal else decimal_sign(seen, matching),
        order=order if isinstance(order, str) else "",
        lacks=tuple(_lacks(matching)),
    )


def new_conditional(actor: Actor, meaning: str, column: str, matching: "Matching") -> "ConditionalDate":
    """A date that counts on some rows, to be filled in: what it means, and a column to begin with."""
    authorise(actor, "leads:import")
    from leads.imports.matching import ConditionalDate

    return ConditionalDate(meaning, "" if matching.long else column, column, ())


def recognise_files(
    actor: Actor, files: Sequence[tuple[str, Path]], preset: str = "", sheet: str = ""
) -> Recognised:
    """What the files are and the mapping for them, without anybody being asked: for the command line.

    Of workbooks the `sheet` of this name is read, or the first that is filled in.

    Raises InvalidInput when something has to be decided by a person, and as `look_at_files` and `propose_matching`.
    """
    seen = look_at_files(actor, files, sheet)
    matching = replace(propose_matching(actor, seen, preset), sheet=sheet)
    laid = lay(actor, matching, seen)
    if laid.question is not None:
        raise InvalidInput(
            f"In dates such as {laid.question.example} of the column “{laid.question.column}” it may be day or month that comes "
            'first. Write a mapping with date_order = "dmy" or date_order = "mdy".'
        )
    if laid.decimal_question is not None:
        shown = " and ".join(laid.decimal_question.examples)
        raise InvalidInput(
            f"In numbers such as {shown} of the column “{laid.decimal_question.column}” nothing tells which sign stands before "
            'decimals. Write a mapping with decimal = "." or decimal = ",".'
        )
    if laid.problem:
        raise InvalidInput(f"{laid.problem} Write a mapping that says so.")
    return Recognised(list_presets(actor)[matching.preset], laid.toml)


def _to_toml(matching: "Matching") -> str:
    import tomli_w

    from leads.imports.mapping import read_mapping
    from leads.imports.matching import to_document

    text = tomli_w.dumps(to_document(matching))
    read_mapping(text)
    return text


def _lacks(matching: "Matching") -> list[str]:
    """What the metrics will miss, most important first."""
    told = {*matching.meanings.values(), *(one.meaning for one in matching.conditionals)}
    lacks = []
    if "stage:mql" not in told and "flag:mql" not in told:
        lacks.append(
            "Nothing says when a lead became an MQL. The metrics of the hand-over begin there; match a column to it if you can."
        )
    if not told & {"stage:won", "flag:won"}:
        lacks.append("Nothing says which leads were won, so rules cannot be tried on outcomes yet.")
    if "field:source" not in told:
        lacks.append("Nothing says where leads came from, so sources cannot be compared.")
    return lacks
