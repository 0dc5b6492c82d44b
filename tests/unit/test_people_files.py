"""A list of people as a file: every row is checked, the good ones are kept, and nonsense gets a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment import people_files
from alignment.errors import InvalidInput
from alignment.people import Person, Role, Team
from alignment.people_files import read_people

ADA = Person("1", "Ada", "ada@example.com", Team.SALES, Role.MEMBER)
BEA = Person("2", "Bea", "bea@example.com", Team.MARKETING, Role.MEMBER)
GONE = Person("3", "Gone", "gone@example.com", Team.SALES, Role.MEMBER, active=False)
FREE = Person("4", "Free", "free@example.com", None, Role.FACILITATOR)
KNOWN = (ADA, BEA, GONE, FREE)


def names(content):
    return [person.name for person in read_people(content, KNOWN).people]


@pytest.mark.parametrize(
    "content",
    [
        b"email\nada@example.com\nbea@example.com\n",
        b"\xef\xbb\xbfemail,name,team\r\nada@example.com,Ada,sales\r\nbea@example.com,Bea,Marketing\r\n",
        b"Name;E-Mail;Team\nAda;ADA@example.com;\nBea; bea@example.com ;marketing\n",
        b"email\tname\nada@example.com\tAda\nbea@example.com\tBea",
        b"ada@example.com\nbea@example.com\nada@example.com\n",
        b'\n\n"email"\n\n"ada@example.com"\n\n"bea@example.com"\n\n',
    ],
)
def test_lists_of_any_usual_shape_are_read(content):
    assert names(content) == ["Ada", "Bea"]


def test_each_row_that_cannot_be_used_says_why_and_what_to_do_and_the_others_are_kept():
    content = (
        b"email,name,team\n"
        b"ada@example.com,Ada,sales\n"
        b"nobody@example.com,,\n"
        b"gone@example.com,,\n"
        b"free@example.com,,\n"
        b"bea@example.com,Bea,sales\n"
        b"bea@example.com,Bea,support\n"
        b"no mail,,\n"
        b",Somebody,\n"
    )
    found = read_people(content, KNOWN)
    assert [person.name for person in found.people] == ["Ada"]
    assert [row.line for row in found.refused] == [3, 4, 5, 6, 7, 8, 9]
    reasons = [row.reason for row in found.refused]
    for word, reason in zip(
        (
            "Nobody has",
            "no access",
            "neither team",
            "marketing here",
            "no team",
            "no e-mail address",
            "Fill it in",
        ),
        reasons,
        strict=True,
    ):
        assert word in reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n \n;;\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "plain text"),
        (b"PK\x03\x04\x14\0\0\0", "plain text"),
        ("email\nada@example.com".encode("utf-16"), "plain text"),
        (b"email\nJ\xfcrgen@example.com\n", "UTF-8"),
        (b"who,when\nada,today\n", "no column"),
        (b"email\n", "nobody in the file"),
        (b'email\n"' + b"x" * 20_000, "CSV"),
        (b"email\n" + b"a@b.c\n" * 10_002, "10,000 rows"),
        (b"a" * (people_files.LARGEST_FILE + 1), "1 MB"),
        (None, "no file"),
        ("email\nada@example.com", "no file"),
        (b"\x1f", "nobody in the file"),
    ],
)
def test_a_file_of_no_use_gets_a_sentence(content, words):
    with pytest.raises(InvalidInput, match=words):
        read_people(content, KNOWN)


@given(st.binary(max_size=400))
def test_whatever_is_in_the_file_it_is_read_or_refused(content):
    try:
        found = read_people(content, KNOWN)
    except InvalidInput as refusal:
        assert str(refusal)
    else:
        assert set(found.people) <= {ADA, BEA}
