"""What the sample company's glossary says of its terms: who answers for them, what each team used to say, leads that show it."""

from collections.abc import Callable

from actions import glossary_terms
from alignment.people import Actor, Team

# term → what each team called it, what it meant by it, who answers for it
WORDS: dict[str, dict[Team, tuple[tuple[str, ...], str, str]]] = {
    "mql": {
        Team.SALES: (
            ("Hot lead",),
            "Somebody at a company large enough for us who has asked for a demo or a price.",
            "Marek Holub",
        ),
        Team.MARKETING: (
            ("Prospect", "Inquiry"),
            "Whoever has given us an address for a guide, a webinar or the newsletter.",
            "Helene Vasseur",
        ),
    },
    "sal": {
        Team.SALES: (("Mine",), "A lead I have called.", "Jonas Wikstrand"),
        Team.MARKETING: (("Handed over",), "Every lead that sales has not given back.", "Noor Elmasri"),
    },
    "disqualified": {
        Team.SALES: (("Junk",), "A lead that did not pick up after three calls.", "Jonas Wikstrand"),
        Team.MARKETING: (("Suppressed",), "A lead that asked not to be contacted.", "Noor Elmasri"),
    },
}
RELATED = {"mql": ["lead", "sal"], "sal": ["mql", "sql"], "disqualified": ["recycled"]}
NOTES = {True: "Large enough, and it asked.", False: "Looks busy, and yet does not count."}
_SEED = 7


def explain_words(facilitator: Actor, person_id: Callable[[str], str]) -> None:
    """Tell of each term what is known, and pick leads that show what an MQL is."""
    for term, sides in WORDS.items():
        glossary_terms.describe_term(
            facilitator,
            term,
            0,
            owners={team: person_id(owner) for team, (_, _, owner) in sides.items()},
            words={team: (called, meant) for team, (called, meant, _) in sides.items()},
            related=RELATED[term],
        )
    found = glossary_terms.suggest_examples(facilitator, "mql", seed=_SEED)
    for counts in (True, False):
        for one in [one for one in found if one.judged.outcome is counts][:2]:
            glossary_terms.add_example(facilitator, "mql", one.lead_id, counts, NOTES[counts])
