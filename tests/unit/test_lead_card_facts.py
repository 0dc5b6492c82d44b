"""What lead cards may show, and in which order each person sees them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.lead_cards import (
    LONGEST_FACT,
    LeadCard,
    age_fact,
    boolean_fact,
    date_fact,
    folded,
    is_telling,
    name_reason,
    number_fact,
    shortfall,
    shuffled,
    text_fact,
)
from alignment.rules import FieldType

CARDS = tuple(LeadCard(number, (("Employees", str(number)),)) for number in range(1, 13))
NOW = datetime(2026, 7, 1, tzinfo=UTC)


# ── the order ────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_person_always_sees_the_same_cards_in_the_same_order(person, survey):
    order = shuffled(CARDS, person, survey)
    assert order == shuffled(reversed(CARDS), person, survey)
    assert sorted(order, key=lambda card: card.number) == list(CARDS)


def test_each_person_and_each_survey_has_an_order_of_its_own():
    by_person = {tuple(c.number for c in shuffled(CARDS, f"person {n}", "survey")) for n in range(200)}
    by_survey = {tuple(c.number for c in shuffled(CARDS, "person", f"survey {n}")) for n in range(200)}
    assert len(by_person) == len(by_survey) == 200
    first = [shuffled(CARDS, f"person {n}", "survey")[0].number for n in range(1200)]
    assert all(60 < first.count(card.number) < 150 for card in CARDS), "no card profits from standing first"


# ── fields by name ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    [
        *("email", "work_email", "Email2", "phone", "MobilePhone", "linkedin_profile", "telefon", "contact_person"),
        *("first_name", "lastName", "name", "full_name", "company_name", "account", "employer", "owner_team", "sales_rep"),
        *("contact_owner", "LeadOwnerId", "modified_by", "assigned_to", "lifecycle_stage", "lead_status", "deal_stage"),
        *("close_date", "won_reason", "is_won", "became_mql", "converted", "number_of_opportunities", "is_customer"),
        *("record_id", "uuid", "id", "gclid_key", "website", "landing_page_url", "domain", "street", "zip", "ip_address"),
        *("password", "birthday"),
    ],
)  # fmt: skip
def test_fields_that_name_somebody_or_tell_the_end_are_never_shown(name):
    assert name_reason(name, FieldType.TEXT)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email_opens", FieldType.NUMBER),
        ("email_known", FieldType.BOOLEAN),
        ("company_type", FieldType.TEXT),
        ("campaign_name", FieldType.TEXT),
        ("funding_stage", FieldType.TEXT),
        ("buying_role", FieldType.TEXT),
        ("pages_viewed", FieldType.NUMBER),
        ("webinar_attended", FieldType.BOOLEAN),
        ("is_manager", FieldType.BOOLEAN),
        ("contacts", FieldType.NUMBER),
        ("budget", FieldType.NUMBER),
        ("customer_segment", FieldType.TEXT),
    ],
)
def test_what_describes_a_lead_may_be_shown(name, kind):
    assert name_reason(name, kind) == ""


@pytest.mark.parametrize("name", ["close_date", "mql_date", "converted_on", "opportunity_created", "phone"])
@pytest.mark.parametrize("kind", [FieldType.DATE, FieldType.NUMBER, FieldType.BOOLEAN])
def test_stage_dates_and_numbers_to_call_are_never_shown_whatever_they_look_like(name, kind):
    assert name_reason(name, kind)


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────

TELLING = [
    "jane.doe@acme.example",
    "write to jane@acme",
    "jane (at) acme.com",
    "ｊａｎｅ＠acme.com",
    "jane\u200b@\u200bacme.com",
    "+49 30 1234567",
    "(030) 123 45 67",
    "00493012345678",
    "555-1234",
    "call 0171/2345678 please",
    "https://acme.com/thanks?lead=00Q4",
    "www.acme.com",
    "acme.com",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "<img src=x>",
    "&lt;b&gt;",
    "[click](x)",
    "=cmd|'/C calc'!A0",
    "@SUM(A1)",
    "+cmd|x",
    "-SUM(A1)",
    "Dr. Jane Doe",
    "Frau Müller",
]


@pytest.mark.parametrize("text", TELLING)
def test_texts_that_tell_whose_lead_it_is_or_that_could_run_are_never_shown(text):
    assert is_telling(text)
    assert is_telling(f"Met at the fair; {text}") or text[0] in "=@+-"


@pytest.mark.parametrize(
    "text",
    [
        *("1001-5000", "501-1000", "51 – 200", "11-50 employees", "10,000+", "<50", "> 1000", "10,000-50,000 €"),
        *("Webinar 2025-10-01", "Q3 2026", "C-level", "R&D", "VP of Sales", "e-commerce", "A/B test", "organic search"),
        *("Industry 4.0", "24/7", "B2B", "Vice president, finance", "Keywords: our name", "Messe (Herbst)", "node.js"),
    ],
)  # fmt: skip
def test_what_describes_a_lead_in_words_is_shown(text):
    assert not is_telling(text, ["anna berg"], "Acme GmbH")


def test_people_and_the_leads_own_company_are_never_named():
    names = [folded("Anna Berg"), folded("O’Neill")]
    assert is_telling("met with ANNA  BERG, twice", names)
    assert is_telling("O'Neill", names)
    assert not is_telling("Bergbau", names) and not is_telling("Anna Bergmann", names)
    assert is_telling("Head of IT at Acme", (), "ACME GmbH") and is_telling("acme gmbh", (), "ACME GmbH")
    assert not is_telling("Software", (), "") and not is_telling("AI trial", (), "AI Inc.")


@given(
    st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@[a-z]{2,8}\.(com|de|example)", fullmatch=True),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_an_address_within_any_text_is_found(address, before, after):
    assert is_telling(f"{before} {address} {after}")


@given(
    st.from_regex(r"(\+[1-9][0-9]{1,2}|0[1-9][0-9]{1,3})[ /-]?[0-9]{3}[ -]?[0-9]{3,5}", fullmatch=True),
    st.text(st.characters(categories=["L", "Zs"]), max_size=10),
)
def test_a_telephone_number_within_any_words_is_found(number, words):
    assert is_telling(f"{words} {number}") and is_telling(f"{number} {words}")


# ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((0, "0"), (49.0, "49"), (0.5, "0.5"), (2.333, "2.33"), (999.5, "999.5"), (999.999, "1,000"), (-5, "-5")),
        *((1000, "1,000"), (12_345, "12,300"), (1_237_000, "1,240,000"), (float("nan"), "not known")),
    ],
)  # fmt: skip
def test_numbers_are_formatted_and_large_ones_rounded(number, text):
    assert number_fact(number) == text


@given(st.floats(-1e12, 1e12))
def test_a_rounded_number_stays_close(number):
    assert abs(float(number_fact(number).replace(",", "")) - number) <= max(0.0051, abs(number) * 0.0051)


def test_yes_no_days_and_ages_read_well():
    assert [boolean_fact(text) for text in ("true", "0", "Yes", "perhaps")] == [
        "yes",
        "no",
        "yes",
        "not known",
    ]
    assert date_fact(datetime(2026, 3, 31)) == "March 2026"
    ages = {days: age_fact(NOW - timedelta(days=days), NOW) for days in (-3, 2, 20, 90, 400, 800)}
    assert ages == {
        -3: "less than two weeks ago",
        2: "less than two weeks ago",
        20: "about 3 weeks ago",
        90: "about 3 months ago",
        400: "about 13 months ago",
        800: "about 2 years ago",
    }


@given(st.text(max_size=400))
def test_a_text_on_a_card_is_one_short_line_without_hidden_characters(text):
    shown = text_fact(text)
    assert len(shown) <= LONGEST_FACT and shown == shown.strip()
    assert all(character.isprintable() for character in shown)


def test_fewer_cards_than_asked_for_are_explained():
    assert shortfall(12, 12) == ""
    assert shortfall(12, 9).startswith("Only 9 leads differ enough") and "9 cards instead of 12" in shortfall(
        12, 9
    )
    assert "1 card instead" in shortfall(2, 1)
