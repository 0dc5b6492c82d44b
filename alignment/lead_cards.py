"""Lead cards: real leads without names, which both teams judge blind.

Everybody sees the same cards, each person in an order of their own, so that no card profits from standing first. A card
keeps what it showed when it was drawn: leads change, judgements have to stay comparable.

What a card may show is decided here: by the name of a field (`name_reason`), and by each single text (`is_telling`). What
can only be told from all leads together (free text, values that few leads share, fields that are filled after the
outcome) is looked up in `leads.cards`.
"""

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alignment.rules import FieldType
from alignment.rules.evaluation import FALSE_WORDS, TRUE_WORDS

UNKNOWN = "not known"
HIDDEN = "not shown"
OTHER = "other"
LEAST_SHARING = 5
"""How many leads have to share a value for a card to show it without anybody having looked."""
MOST_FACTS = 20
USUAL_FACTS = 14
LONGEST_FACT = 200


@dataclass(frozen=True)
class LeadCard:
    """A lead as people see it: its number in the question (1, 2, …), and (label, text) of each fact, in order."""

    number: int
    facts: tuple[tuple[str, str], ...]


class CardOutcome(StrEnum):
    """What became of a card's lead. `open` is neither won nor lost: still in work, or turned away without an end."""

    WON = "won"
    LOST = "lost"
    OPEN = "open"


BECAME: Mapping[CardOutcome | None, str] = {
    CardOutcome.WON: "won",
    CardOutcome.LOST: "lost",
    CardOutcome.OPEN: "still open",
    None: "not known",
}
"""What became of a card's lead, as it is read; None where the lead is not there any more."""


class FieldUse(StrEnum):
    """What can be done with a field: it stands on the cards; it could; somebody has to look first; never."""

    SHOWN = "shown"
    AVAILABLE = "available"
    LOOK = "look"
    NEVER = "never"


@dataclass(frozen=True)
class CardField:
    """A field of the leads as those who prepare the cards see it. `reason` says why it is withheld, else ''.

    `values` are the texts that the drawn cards would show, by number, where somebody has to look at them first: of free
    text all, of a field with few values those that hardly another lead shares.
    """

    name: str
    label: str
    use: FieldUse
    reason: str = ""
    values: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class CardReview:
    """The cards of a question as those who prepare it see them.

    `note` says why there are fewer than asked for, '' where there are not. `mix` is what the leads became, `sources`
    from how many different sources they come, and `disputed` how many of them the teams' typical rules treat
    differently (None while there are no two rules): of the set only, never by card. `revision` is the survey's.
    """

    cards: tuple[LeadCard, ...]
    fields: tuple[CardField, ...]
    mix: Mapping[CardOutcome, int]
    sources: int
    disputed: int | None
    revision: int
    note: str = ""


def shuffled(cards: Iterable[LeadCard], person_id: str, survey_id: str) -> tuple[LeadCard, ...]:
    """The cards in the order in which this person judges them: always the same for one person and survey.

    Sorted by a keyed digest of each card's number, so that the order says nothing about the cards and does not depend on
    a random generator that may change.
    """
    key = hashlib.sha256(f"{survey_id}\n{person_id}".encode()).digest()

    def place(card: LeadCard) -> bytes:
        return hashlib.blake2b(str(card.number).encode(), key=key, digest_size=16).digest()

    return tuple(sorted(cards, key=place))


# ── fields that are never shown, by their name ───────────────────────────────────────────────────────────────────────

COMPANY_REASON = "names the company"
PERSON_REASON = "may name a person"
OWNER_REASON = "says who works on the lead"
OUTCOME_REASON = "may tell what became of the lead"
CONTACT_REASON = "holds ways to reach a person"
ADDRESS_REASON = "holds web addresses"
ID_REASON = "stands for one single lead"
PRIVATE_REASON = "is nobody else's business"

_CONTACT = (
    "email mail emailaddress phone mobile telephone tel fax cell cellphone whatsapp skype linkedin twitter facebook instagram "
    "xing telefon handy mobil telefono teléfono telefoon courriel correo"
)
_NUMBERED_CONTACT = "phone mobile telephone tel fax cell cellphone whatsapp telefon handy telefono"
_PERSON = (
    "firstname lastname surname fullname givenname familyname nickname salutation person contact contacts attendee "
    "vorname nachname anrede prenom prénom nombre apellido apellidos"
)
_NAMED = "first last full middle given family nick contact person user lead client customer decision maker"
_COMPANY = (
    "company account employer organisation organization firm firma entreprise empresa unternehmen kunde"
)
_OWNER = (
    "owner rep reps agent assignee assigned salesperson seller sdr bdr responsible ansprechpartner betreuer vendedor "
    "vertrieb bearbeiter zustandig zuständig"
)
_OUTCOME = (
    "stage status lifecycle lifecyclestage won lost win loss closed close closing outcome converted conversion deal deals "
    "opportunity opportunities opp mql sal sql sqo qualified disqualified qualification disqualification rejected rejection "
    "accepted churn churned invoice invoiced paid sold verdict phase pipeline forecast probability became recycled contacted replied handed handover entered exited"
)
_OTHER_STAGES = "funding growth company career business employment marital startup investment maturity"
_ADDRESS = "url uri link links website homepage domain webpage referrer referer permalink"
_PLACE = "address street zip zipcode postcode postal plz strasse straße adresse latitude longitude ip"
_ID = "id ids uuid guid key token hash sid gid"
_PRIVATE = "password passwd passwort secret iban ssn birthday birthdate birth dob passport religion salary"
_CUSTOMER_WORDS = {"customer", "client", "is", "became", "since", "date", "at", "a", "now", "existing"}
_TOKEN = re.compile(r"[A-ZÄÖÜ]+(?![a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüßéèàáíóúñç]+|[0-9]+")


def _tokens(name: str) -> list[str]:
    """`LeadSource_2`, `lead_source2` → lead, source, 2."""
    return [token.casefold() for token in _TOKEN.findall(name)]


def _has(tokens: Iterable[str], words: str) -> bool:
    return bool(set(tokens) & set(words.split()))


def name_reason(name: str, kind: FieldType) -> str:
    """Why a field of this name is never shown; '' where its name gives no reason. `kind` is what its values look like.

    Cautious, for nobody can undo it: a field that is left out costs a fact, one that is shown may tell whose lead it is.
    """
    tokens = _tokens(name)
    last = tokens[-1:]
    text = kind in (FieldType.TEXT, FieldType.ANY)
    if _has(tokens, _CONTACT if text else "") or _has(last, _NUMBERED_CONTACT):
        return CONTACT_REASON
    if _has(tokens, _OWNER) or (text and _has(last, "manager by")):
        return OWNER_REASON
    if text and (_has(tokens, _PERSON) or _names_somebody(tokens)):
        return PERSON_REASON
    if text and (
        _has(last, _COMPANY) or (_has(last, "name") and _has(tokens, _COMPANY + " business legal trading"))
    ):
        return COMPANY_REASON
    stages = {"stage", "status", "phase"}
    told = [token for token in tokens if not (token in stages and _has(tokens, _OTHER_STAGES))]
    if _has(told, _OUTCOME) or ("customer" in tokens and set(tokens) <= _CUSTOMER_WORDS):
        return OUTCOME_REASON
    if _has(tokens, _ADDRESS):
        return ADDRESS_REASON
    if _has(tokens, _PLACE) or _has(tokens, _PRIVATE):
        return PRIVATE_REASON
    return ID_REASON if _has(last, _ID) or _has(tokens[:1], "id uuid guid") else ""


def _names_somebody(tokens: list[str]) -> bool:
    return tokens == ["name"] or ("name" in tokens and _has(tokens, _NAMED))


# ── texts that are never shown ───────────────────────────────────────────────────────────────────────────────────────

_EMAIL = re.compile(r"\S@\S|\S\s*[\[({<]\s*(at|ät)\s*[\])}>]\s*\S", re.IGNORECASE)
_WEB = re.compile(
    r"[a-z][a-z0-9+.-]*://|\bwww\.|\b(mailto|tel|javascript|data):\S|"
    r"\b[\w-]+\.(com|net|org|io|ai|co|app|dev|info|biz|eu|de|at|ch|fr|es|it|nl|be|pl|uk|us|ca|au|br|in|jp|cn|example|test)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<\s*[a-z/!?]|&(#\w+|lt|gt|amp|quot|apos|nbsp);|\]\s*\(|!\[|\{\{|\$\{", re.IGNORECASE)
_FORMULA = re.compile(r"^\s*(=|@|[+-]\s*[a-z(=@])|\w\|['\w]", re.IGNORECASE)
_DAY = re.compile(r"\b(19|20)\d\d-\d\d-\d\d\b")
_DIGITS = re.compile(r"\+?\d(?:[\s()./–—-]{0,3}\d){6,}")
_RANGE = re.compile(r"^(\d{1,9})\s*[-–—]\s*(\d{1,9})$")
_TITLE = re.compile(r"\b(?i:mr|mrs|ms|dr|prof|herr|frau|mme|mlle|señora?|signora?)\b\.?\s+[A-ZÄÖÜ]")
_LEGAL = re.compile(
    r"[\s,]+(gmbh|ag|kg|se|ug|inc|incorporated|corp|corporation|company|co|ltd|limited|llc|llp|plc|sa|sas|sarl|srl|spa|bv|nv|ab|as|oy)\.?$",
    re.IGNORECASE,
)


def is_telling(text: str, names: Iterable[str] = (), company: str = "") -> bool:
    """Whether a text may tell whose lead it is, or do more than be read: then no card shows it.

    So it is with e-mail and web addresses, telephone numbers, titles before a name, one of `names` (people, folded by
    `folded`; a single word only where it is the whole text), the lead's own `company`, and anything that a browser or a
    spreadsheet could run.
    """
    shown = _visible(text)
    if _EMAIL.search(shown) or _WEB.search(shown) or _MARKUP.search(shown) or _FORMULA.search(shown):
        return True
    if _TITLE.search(shown) or _has_telephone_number(shown):
        return True
    words = f" {folded(shown)} "
    if any(f" {name} " in words if " " in name else f" {name} " == words for name in names if name):
        return True
    own = folded(company)
    short = folded(_LEGAL.sub("", _visible(company)))
    return bool(own) and (f" {own} " in words or (len(short) >= 4 and f" {short} " in words))


def folded(text: str) -> str:
    """A text for comparing names: one form, no capitals, only letters and digits with single spaces between."""
    plain = _visible(text).casefold()
    return " ".join("".join(character if character.isalnum() else " " for character in plain).split())


def _visible(text: str) -> str:
    """A text in one form, without characters that take no room: what a reader sees."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(character for character in normal if unicodedata.category(character) != "Cf")


def _has_telephone_number(shown: str) -> bool:
    for found in _DIGITS.findall(_DAY.sub(" ", shown)):
        bounds = _RANGE.match(found)
        # `1001-5000` is a size, `555-1234` is not: bounds end on round numbers and rise
        rising = bounds is not None and int(bounds[1]) < int(bounds[2])
        if (
            bounds is None
            or not rising
            or int(bounds[1]) % 10 > 1
            or int(bounds[2]) % 10
            or bounds[1][0] == "0"
        ):
            return True
    return False


# ── facts in words ───────────────────────────────────────────────────────────────────────────────────────────────────


def text_fact(text: str) -> str:
    """A text on one line, without characters that cannot be seen, and not too long."""
    line = "".join(character if character.isprintable() else " " for character in _visible(text))
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_FACT else line[: LONGEST_FACT - 1].rstrip() + "…"


def number_fact(number: float) -> str:
    """A number as it is read; from 1,000 on three digits of it, for an exact one may stand for one company."""
    if not math.isfinite(number):
        return UNKNOWN
    if abs(number) >= 1_000:
        scale = 10 ** (math.floor(math.log10(abs(number))) - 2)
        return f"{round(number / scale) * scale:,.0f}"
    return f"{round(number, 2) + 0.0:,.2f}".rstrip("0").rstrip(".")


def boolean_fact(text: str) -> str:
    """yes or no."""
    return "yes" if text in TRUE_WORDS else "no" if text in FALSE_WORDS else UNKNOWN


def date_fact(day: datetime) -> str:
    """A day as its month and year."""
    return f"{day:%B %Y}"


def age_fact(came_at: datetime, now: datetime) -> str:
    """How long ago a lead came, roughly; both instants alike, with or without a zone."""
    days = (now - came_at).days
    if days < 14:
        return "less than two weeks ago"
    if days < 60:
        return f"about {round(days / 7)} weeks ago"
    if days < 24 * 30:
        return f"about {round(days / 30.44)} months ago"
    return f"about {round(days / 365.25)} years ago"


def shortfall(asked: int, drawn: int) -> str:
    """Why there are fewer cards than asked for; '' where there are not."""
    if drawn >= asked:
        return ""
    if drawn == 1:
        return f"Only one lead has enough known facts of its own, so there is 1 card instead of {asked}."
    return (
        f"Only {drawn} leads differ enough from each other and have enough known facts, so there are {drawn} cards instead "
        f"of {asked}."
    )
