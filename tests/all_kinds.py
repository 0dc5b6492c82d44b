"""A questionnaire with a question of every kind, opened, with leads to judge."""

from actions import surveys
from alignment.people import MACHINE
from alignment.surveys import Survey
from db.queries import lead_cards
from db.store import store

TOML = """
title = "All kinds"
mode = "confidential"
min_group = 3
pace = "question"
introduction = "One question of every kind."
importance = ["first"]
[topics]
first = "What a lead is"
second = "What rules it out"
[[questions]]
key = "kind"
topic = "first"
type = "choice"
options = ["They fit", "They fit and asked", "They have a budget"]
guess = true
help = "Think of the last ten leads."
wording = { sales = "When do you call?", marketing = "When do you pass it on?" }
[[questions]]
key = "budget"
topic = "first"
type = "scale"
points = 11
ends = ["can wait", "decisive"]
text = "How much does a budget matter?"
[[questions]]
key = "private"
topic = "second"
type = "yes_no"
text = "Do you turn private addresses down?"
[[questions]]
key = "why"
topic = "second"
type = "text"
text = "Why do you turn them down?"
ask_if = { question = "private", any_of = [true] }
[[questions]]
key = "signals"
topic = "second"
type = "choices"
options = ["Asked for a demo", "Started a trial", "Opened three mails"]
text = "Which signals make you call?"
[[questions]]
key = "months"
topic = "second"
type = "number"
unit = "months"
minimum = 0
maximum = 36
text = "How far off may the purchase be?"
[[questions]]
key = "order"
topic = "second"
type = "ranking"
options = ["Budget", "Authority", "Need", "Date"]
top = 3
text = "What matters most?"
[[questions]]
key = "rule"
topic = "second"
type = "rule"
text = "Which definition would you sign?"
[[questions]]
key = "cards"
topic = "second"
type = "lead_cards"
count = 3
text = "Would you call these leads qualified?"
[[questions]]
key = "wish"
topic = "second"
type = "text"
required = false
text = "What do you wish for?"
"""

FACTS = (
    {"Country": "Germany", "Employees": "120", "Asked for": "A demo"},
    {"Country": "France", "Employees": "8"},
    {"Country": "Spain", "Employees": "900"},
)
RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
JUDGED = {
    "1": {"verdict": "qualified", "reason": "They asked."},
    "2": {"verdict": "not_qualified"},
    "3": {"verdict": "cant_tell"},
}


GIVEN = {
    "kind": "They fit",
    "guess:kind": "They have a budget",
    "budget": 9,
    "importance:first": 4,
    "private": True,
    "why": "They never buy.",
    "signals": ["Asked for a demo", "Started a trial"],
    "months": 6.0,
    "order": ["Need", "Budget"],
    "rule": RULE,
    "cards": JUDGED,
    "wish": "More context",
}


def open_all_kinds(*changes: tuple[str, str]) -> Survey:
    """The questionnaire, open to both teams; each of `changes` is (what stands in its text, what takes its place)."""
    toml = TOML
    for old, new in changes:
        assert old in toml, old
        toml = toml.replace(old, new)
    survey = surveys.prepare_survey(MACHINE, toml=toml)
    drawn = [(f"L{number}", facts) for number, facts in enumerate(FACTS, 1)]
    if any(question.key == "cards" for question in survey.questionnaire.questions):
        store().write(lambda connection: lead_cards.replace_all(connection, survey.id, "cards", drawn))
    return surveys.open_survey(MACHINE, survey.id)
