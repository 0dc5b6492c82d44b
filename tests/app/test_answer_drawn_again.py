"""What an answer changes is drawn anew, also where the page was not drawn to its end when somebody clicked."""

from types import SimpleNamespace

import pytest
from streamlit.errors import StreamlitAPIException

from components.answering import saving
from components.answering.saving import PROGRESS, WAY

QUESTION = SimpleNamespace(key="kind")


@pytest.mark.parametrize("drawn", [True, False])
def test_a_click_on_a_page_that_is_still_being_drawn_draws_all_of_it(monkeypatch, drawn):
    asked = []

    def rerun(scope="app"):
        asked.append(scope)
        if scope != "app" and not drawn:
            raise StreamlitAPIException("No fragment found for target 'answer_way'.")

    questionnaire = SimpleNamespace(depending_on=lambda key: ())
    monkeypatch.setattr(
        saving,
        "current_progress",
        lambda: SimpleNamespace(survey=SimpleNamespace(questionnaire=questionnaire)),
    )
    monkeypatch.setattr(saving.st, "rerun", rerun)
    saving._draw_again("survey", QUESTION)
    parts = [saving.fragment_key(QUESTION), PROGRESS, WAY]
    assert asked == ([parts] if drawn else [parts, "app"])
