"""The questionnaires that come with the portal: one TOML file each, named as it is asked for."""

from functools import cache
from importlib import resources

from alignment.errors import NotFound
from alignment.questionnaire_files import read_toml
from alignment.questionnaires import Questionnaire

NAMES = ("qualified_lead", "lead_cards", "handoff", "promises", "scoring", "content", "pulse")
"""In the order in which a cycle needs them: what divides the teams first, how they feel about it last."""


def template_text(name: str) -> str:
    """The built-in questionnaire as TOML, to read or to edit. Raises NotFound for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise NotFound(f"There is no questionnaire ‘{name}’. Choose one of: {', '.join(NAMES)}.")
    return resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


@cache
def template(name: str) -> Questionnaire:
    """The built-in questionnaire `name`. Raises NotFound for a name that is not in `NAMES`."""
    return read_toml(template_text(name))
