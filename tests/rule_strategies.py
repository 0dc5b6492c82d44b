"""Random rules, and random leads with gaps."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from alignment.rules import AllOf, AnyOf, Condition, Decay, Fading, Not, Operator, Points, PointsEntry, Rule

names = st.sampled_from(["employees", "source", "flag", "created_at"])
scalars = st.one_of(
    st.sampled_from(["a", "b", "50", "2026-01-05", "yes"]),
    st.booleans(),
    st.integers(-3, 60),
    st.sampled_from([1.5, 50.0]),
)
days = st.dates(date(2026, 1, 1), date(2026, 1, 20))


@st.composite
def conditions(draw):
    field = draw(names)
    op = draw(st.sampled_from(list(Operator)))
    if op in (Operator.IS_KNOWN, Operator.IS_UNKNOWN):
        return Condition(field, op)
    if op is Operator.WITHIN_DAYS:
        return Condition(field, op, draw(st.integers(0, 20)))
    if op is Operator.CONTAINS:
        return Condition(field, op, draw(st.sampled_from(["a", "5", "es"])))
    if op in (Operator.IN, Operator.NOT_IN):
        kind = draw(st.sampled_from([st.sampled_from(["a", "b"]), st.booleans(), st.integers(0, 60)]))
        return Condition(field, op, tuple(draw(st.lists(kind, min_size=1, max_size=3))))
    ordered = draw(st.sampled_from([st.integers(-3, 60), days]))
    if op is Operator.BETWEEN:
        return Condition(field, op, tuple(sorted([draw(ordered), draw(ordered)])))
    if op in (Operator.EQUAL, Operator.NOT_EQUAL):
        return Condition(field, op, draw(scalars))
    return Condition(field, op, draw(ordered))


nodes = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)
decays = st.builds(
    Decay, st.sampled_from(["created_at", "flag", "source"]), st.sampled_from(Fading), st.integers(1, 12)
)
entries = st.builds(PointsEntry, nodes, st.integers(-3000, 5000), st.one_of(st.none(), decays))


@st.composite
def points_rules(draw):
    found = tuple(draw(st.lists(entries, min_size=1, max_size=4)))
    most = sum(max(entry.add_hundredths, 0) for entry in found)
    return Points(found, draw(st.integers(-2000, most)))


points = points_rules()
rules = st.builds(Rule, st.one_of(nodes, points))
values = st.one_of(st.none(), st.just(""), scalars, days, days.map(str))
leads = st.dictionaries(names, values)
decisions = st.one_of(st.none(), st.just(datetime(2026, 1, 15, 12, tzinfo=UTC)))
