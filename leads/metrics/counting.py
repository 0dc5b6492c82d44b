"""Many selections counted in one look at the episodes.

What a selection asks of an episode are questions of yes or no: does it count, does it hit, is this reason there to leave it out, is it
unusual in that way. The engine counts how often each combination of what they are made of occurs in each group, which is a few
hundred rows whatever the number of leads, and only then puts the answers together: to all questions of all selections, each
asked once, as the bits of one number. Which rows count for a selection, and as what, is told from the bits.
"""

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.operations as ops

from leads.facts import Facts, Prepared
from leads.lean import lean
from leads.metrics.population import Population
from leads.metrics.question import BLANK, NO_DEFINITION
from leads.metrics.selection import Selection

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_MOST_BITS = 62


@dataclass(frozen=True)
class Counted:
    """What was counted of a selection, as arrays of one length: how often (`n`) each combination occurs.

    `part` and `definition` are numbers into `parts` and `definitions`; `reason` is the number of the first reason to leave it out, -1 where
    it counts.
    """

    parts: Sequence[Any]
    definitions: Sequence[str]
    reasons: Sequence[str]
    part: "np.ndarray"
    definition: "np.ndarray"
    reason: "np.ndarray"
    hit: "np.ndarray"
    n: "np.ndarray"
    flags: Mapping[str, "np.ndarray"]
    keys: Mapping[str, "np.ndarray"]
    sums: Mapping[str, "np.ndarray"]

    def rows(self) -> list[dict[str, Any]]:
        """The same as dicts: `part`, `definition`, `left_out` (a reason or None), `hit`, `n`, by each flag how many, keys and sums."""
        columns: dict[str, list[Any]] = {
            "part": [self.parts[number] for number in self.part.tolist()],
            "definition": [self.definitions[number] for number in self.definition.tolist()],
            "left_out": [None if number < 0 else self.reasons[number] for number in self.reason.tolist()],
            "hit": self.hit.tolist(),
            "n": self.n.tolist(),
        }
        columns |= {name: (self.n * flag).tolist() for name, flag in self.flags.items()}
        columns |= {name: values.tolist() for name, values in (*self.keys.items(), *self.sums.items())}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def groups(self, by: str | None) -> "Iterator[tuple[dict[str, str], Counted]]":
        """All of it, as no group, and then each part under the name it is split by; without a name only all of it."""
        yield {}, self
        if by is None:
            return
        present = sorted(set(self.part.tolist()), key=lambda number: str(self.parts[number]))
        for number in present:
            yield {str(by): self.parts[number]}, self._at(self.part == number)

    def without_keys(self) -> "Counted":
        """The same, no longer apart by the keys."""
        import numpy as np

        bare = replace(self, keys={})
        first, group = _alike([bare.part, bare.definition, bare.reason + 1, bare.hit, *bare.flags.values()])
        sums = {name: np.bincount(group, weights=values) for name, values in self.sums.items()}
        n = np.bincount(group, weights=self.n, minlength=len(first)).astype("int64")
        return replace(bare._at(first), n=n, sums=sums)

    def _at(self, rows: "np.ndarray") -> "Counted":
        """These rows of it."""
        flags, keys, sums = (
            {name: values[rows] for name, values in columns.items()}
            for columns in (self.flags, self.keys, self.sums)
        )
        return replace(
            self,
            part=self.part[rows],
            definition=self.definition[rows],
            reason=self.reason[rows],
            hit=self.hit[rows],
            n=self.n[rows],
            flags=flags,
            keys=keys,
            sums=sums,
        )


@dataclass
class _Question:
    """Where the answers to a selection's questions stand among the bits of a query; a boolean where it is always that."""

    counts: int | bool
    hit: int | bool
    reasons: list[tuple[int | bool, str]]
    flags: dict[str, int | bool]
    keys: dict[str, int | bool | str]
    """A yes or no is a bit, anything else a column."""
    sums: dict[str, str]


@dataclass
class _Query:
    """One look at the episodes of a source, for the selections that were put together."""

    source: ibis.Table
    bits: dict[Any, int] = field(default_factory=dict)
    values: list[ibis.Value] = field(default_factory=list)
    keys: dict[Any, str] = field(default_factory=dict)
    sums: dict[Any, str] = field(default_factory=dict)
    members: list[int] = field(default_factory=list)
    questions: list[_Question] = field(default_factory=list)
    only: ibis.Value | None = None
    by_part: bool = True
    by_definition: bool = True

    def bit(self, value: ibis.Value) -> int | bool:
        """The place of a yes or no among the bits; True or False for what is always so."""
        node = value.op()
        if self.only is not None and node == self.only.op():
            return True
        known = _literal(node)
        if known is not None:
            return known
        if node not in self.bits:
            self.bits[node] = len(self.values)
            self.values.append(value)
        return self.bits[node]

    def column(self, value: ibis.Value, among: dict[Any, str], name: str) -> str:
        """The name of the column that a value is, the same for the same value."""
        return among.setdefault(value.op(), f"{name}_{len(among)}")

    def ask(self, selection: Selection) -> None:
        """Take the questions of a selection in."""
        choice = selection.choice
        keys: dict[str, int | bool | str] = {}
        for name in selection.keys:
            value = choice.beside[name]
            is_bit = value.type().is_boolean()
            keys[name] = self.bit(value) if is_bit else self.column(value, self.keys, "key")
        self.questions.append(
            _Question(
                counts=self.bit(choice.counts),
                hit=self.bit(choice.hit),
                reasons=[(self.bit(value), reason) for value, reason in choice.left_out],
                flags={name: self.bit(value) for name, value in choice.flags.items()},
                keys=keys,
                sums={name: self.column(choice.beside[name], self.sums, "sum") for name in selection.sums},
            )
        )

    def expression(self) -> ibis.Table:
        """The query: how often each combination of part, definition, answers and keys occurs."""
        source, columns = self.source, {}
        if self.by_part:
            columns["part"] = source.part
        if self.by_definition:
            columns["definition"] = source.definition
        if len(self.values) == 1 and columns and not (self.keys or self.sums):
            table = source if self.only is None else source.filter(self.only)
            table = lean(table.select(**columns, answer=self.values[0]))
            # the engine counts two kinds in half the time in which it tells groups apart by one column more
            return table.group_by(*columns).aggregate(n=table.count(), of_yes=table.count(where=table.answer))
        columns |= {name: node.to_expr() for node, name in self.keys.items()}
        made_of = {node: f"made_of_{place}" for place, node in enumerate(_made_of(self.values))}
        columns |= {name: node.to_expr() for node, name in made_of.items()}
        # the engine can group by something only
        columns = columns or {"everything": ibis.literal(0, "int8")}
        groups = list(columns)
        columns |= {name: node.to_expr() for node, name in self.sums.items()}
        table = source if self.only is None else source.filter(self.only)
        table = lean(table.select(**columns))
        counted = table.group_by(*groups).aggregate(
            n=table.count(),
            **{name: table[name].sum().coalesce(0).cast("float64") for name in self.sums.values()},
        )
        if not self.values:
            return counted
        told = {node: counted[name].op() for node, name in made_of.items()}
        values = [
            value.op().replace(told, filter=lambda node: isinstance(node, ops.Value)).to_expr()
            for value in self.values
        ]
        none = ibis.literal(0, "int64")
        # what is unknown of a yes or no is no
        bits = [value.ifelse(ibis.literal(1 << place, "int64"), none) for place, value in enumerate(values)]
        kept = [name for name in counted.columns if name not in made_of.values()]
        return counted.select(*kept, answers=reduce(operator.or_, bits))


@dataclass(frozen=True)
class Plan:
    """The queries that count selections, and what tells their answers apart."""

    queries: tuple[_Query, ...]
    words: tuple[Prepared, ...] = ()
    """The queries in the engine's words, where they are kept."""

    def run(self, facts: Facts, told: Mapping[str, datetime | int] | None = None) -> list[Counted]:
        """What was counted of each selection, in their order. `told` are the values of the variables of kept queries."""
        found: dict[int, Counted] = {}
        for number, query in enumerate(self.queries):
            columns = (
                facts.ask(self.words[number], told or {}) if self.words else facts.columns(query.expression())
            )
            answers = _Answers.of(columns)
            for member, question in zip(query.members, query.questions, strict=True):
                found[member] = answers.told(question)
        return [found[member] for member in sorted(found)]

    def asks_for(self, name: str) -> bool:
        """Whether a kept query asks for a variable of its run."""
        return any(f"'{name}'" in query.words for query in self.words)

    def kept(self, facts: Facts) -> "Plan":
        """The plan with its queries in the engine's words, for later runs over the same version."""
        return Plan(self.queries, tuple(facts.prepare(query.expression()) for query in self.queries))


def plan(population: Population, selections: Sequence[Selection]) -> Plan:
    """How to count selections of one population in as few looks at the episodes as possible."""
    queries: list[_Query] = []
    for members in _together(population, selections):
        chosen = [selections[member] for member in members]
        questions = {selection.choice.counts.op() for selection in chosen}
        query: _Query | None = None
        for member, selection in zip(members, chosen, strict=True):
            if query is None or len(query.values) + _most_bits_of(selection) > _MOST_BITS:
                by_part = population.question.by is not None and any(one.by_part for one in chosen)
                query = _Query(selection.choice.source, by_part=by_part)
                query.by_definition = bool(population.question.definitions)
                query.only = selection.choice.counts if len(questions) == 1 else None
                queries.append(query)
            query.members.append(member)
            query.ask(selection)
    return Plan(tuple(queries))


def _together(population: Population, selections: Sequence[Selection]) -> list[list[int]]:
    """The numbers of the selections that are counted in one look: those of one source and grouped by the same values.

    A source that is more than the episodes takes long to work out, and is asked once for what is grouped and what is not.
    """
    episodes = population.episodes.op()
    groups: dict[Any, list[int]] = {}
    for number, selection in enumerate(selections):
        choice = selection.choice
        keys = [choice.beside[name] for name in selection.keys]
        apart = frozenset(key.op() for key in keys if not key.type().is_boolean())
        groups.setdefault((choice.source.op(), apart), []).append(number)
    for (source, apart), members in list(groups.items()):
        larger = [key for key in groups if key[0] == source and key[1]]
        if not apart and source != episodes and larger:
            groups[larger[0]] += members
            del groups[source, apart]
    return list(groups.values())


def _made_of(values: Sequence[ibis.Value]) -> list[Any]:
    """What yes and no are made of, by *and*, *or* and *not*: of few values each, so that it can be grouped by."""
    found: dict[Any, None] = {}
    waiting = [value.op() for value in reversed(values)]
    while waiting:
        node = waiting.pop()
        fields = node.find(ops.Field, filter=ops.Value)
        if isinstance(node, ops.Literal):
            continue
        if len(fields) == 1 and fields[0].dtype.is_int8():
            found[fields[0]] = None
        elif isinstance(node, ops.And | ops.Or | ops.Not):
            waiting.extend(reversed(node.__children__))
        else:
            found[node] = None
    return list(found)


def _literal(node: Any) -> bool | None:
    """What a yes or no is for all rows; None where that hangs on the row or is unknown."""
    while isinstance(node, ops.Field) and isinstance(node.rel, ops.Project | ops.Filter):
        node = node.rel.values[node.name]
    return node.value if isinstance(node, ops.Literal) and isinstance(node.value, bool) else None


def _most_bits_of(selection: Selection) -> int:
    choice = selection.choice
    return 2 + len(choice.left_out) + len(choice.flags) + len(selection.keys)


@dataclass
class _Answers:
    """What a query came back with, as arrays."""

    parts: list[Any]
    definitions: list[str]
    part: "np.ndarray"
    definition: "np.ndarray"
    bits: "np.ndarray"
    n: "np.ndarray"
    columns: "pa.Table"
    factors: dict[str, tuple["np.ndarray", "np.ndarray"]] = field(default_factory=dict)

    @staticmethod
    def of(columns: "pa.Table") -> "_Answers":
        import numpy as np

        parts, part = _numbered(columns, "part", "", BLANK)
        definitions, definition = _numbered(columns, "definition", NO_DEFINITION, NO_DEFINITION)
        bits, n = np.zeros(columns.num_rows, dtype="int64"), columns["n"].to_numpy()
        if "answers" in columns.column_names:
            bits = columns["answers"].to_numpy().astype("int64")
        if "of_yes" in columns.column_names:
            of_yes = columns["of_yes"].to_numpy()
            n = np.concatenate([n - of_yes, of_yes])
            bits = np.repeat([0, 1], columns.num_rows)
            part, definition = np.tile(part, 2), np.tile(definition, 2)
            part, definition, bits, n = (values[n > 0] for values in (part, definition, bits, n))
        return _Answers(parts, definitions, part, definition, bits, n, columns)

    def told(self, question: _Question) -> Counted:
        """What one selection made of it: its own answers only, those of the others added up."""
        import numpy as np

        places = [question.hit, *(place for place, _ in question.reasons), *question.flags.values()]
        places += [place for place in question.keys.values() if not isinstance(place, str)]
        asked = dict.fromkeys(place for place in places if not isinstance(place, bool))
        inside = np.flatnonzero(self._bit(question.counts))
        own = np.zeros(len(inside), dtype="int64")
        for place in asked:
            own = own << 1 | self._bit(place)[inside]
        apart = [self.part[inside], self.definition[inside], own]
        apart += [self._factor(name)[1][inside] for name in question.keys.values() if isinstance(name, str)]
        first, group = _alike(apart)
        rows = inside[first]  # of each group any will do for what it is grouped by

        def added(values: "np.ndarray") -> "np.ndarray":
            return np.bincount(group, weights=values[inside], minlength=len(first))

        reason = np.full(len(rows), -1)
        for number, (place, _) in reversed(list(enumerate(question.reasons))):
            reason[self._bit(place)[rows]] = number
        return Counted(
            parts=self.parts,
            definitions=self.definitions,
            reasons=[reason for _, reason in question.reasons],
            part=self.part[rows],
            definition=self.definition[rows],
            reason=reason,
            hit=self._bit(question.hit)[rows],
            n=added(self.n).astype("int64"),
            flags={name: self._bit(place)[rows] for name, place in question.flags.items()},
            keys={
                name: self._value(place)[rows] if isinstance(place, str) else self._bit(place)[rows]
                for name, place in question.keys.items()
            },
            sums={name: added(self.columns[column].to_numpy()) for name, column in question.sums.items()},
        )

    def _bit(self, place: int | bool) -> "np.ndarray":
        import numpy as np

        if isinstance(place, bool):
            return np.full(len(self.bits), place)
        return (self.bits >> place & 1).astype(bool)

    def _factor(self, name: str) -> tuple["np.ndarray", "np.ndarray"]:
        """The different values of a column, and the number of each row's among them."""
        import numpy as np

        if name not in self.factors:
            encoded = self.columns[name].combine_chunks().dictionary_encode(null_encoding="encode")
            values = np.array(encoded.dictionary.to_pylist(), dtype=object)
            self.factors[name] = values, encoded.indices.to_numpy().astype("int64")
        return self.factors[name]

    def _value(self, name: str) -> "np.ndarray":
        values, numbers = self._factor(name)
        return values[numbers]


def _alike(columns: Sequence["np.ndarray"]) -> tuple["np.ndarray", "np.ndarray"]:
    """Of rows that are equal in all columns of whole numbers from 0 on: where the first stands, and to which of these each row belongs."""
    import numpy as np

    code = np.zeros(len(columns[0]), dtype="int64")
    for numbers in columns:
        code = code * (int(numbers.max(initial=0)) + 1) + numbers
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    return first, group


def _numbered(columns: "pa.Table", name: str, otherwise: str, missing: str) -> tuple[list[Any], "np.ndarray"]:
    """The different texts of a column, and the number of each row's among them; all the same where there is no such column.

    What has no text is told as `missing`, with those that are called so.
    """
    import numpy as np

    if name not in columns.column_names:
        return [otherwise], np.zeros(columns.num_rows, dtype="int64")
    encoded = columns[name].combine_chunks().fill_null(missing).dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype("int64")
