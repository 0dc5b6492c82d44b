"""Questionnaires as documents: read from and written to TOML, with line, key and remedy for each mistake.

The document's shape (a table with `[[questions]]`) is the one kept in the store as JSON, too.
"""

from alignment.questionnaire_files.problems import InvalidQuestionnaire, Problem
from alignment.questionnaire_files.reading import LONGEST_FILE, from_document, read_toml
from alignment.questionnaire_files.writing import to_document, write_toml

__all__ = [
    "LONGEST_FILE",
    "InvalidQuestionnaire",
    "Problem",
    "from_document",
    "read_toml",
    "to_document",
    "write_toml",
]
