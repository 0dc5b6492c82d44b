"""The log is set up anew while others read modules that bring loggers of their own."""

import logging

from actions import logs


class BringsAnother(logging.Logger):
    """A logger of a library that makes the next one while somebody looks at this one."""

    @property
    def propagate(self) -> bool:
        logging.getLogger("streamlit.another")
        return True

    @propagate.setter
    def propagate(self, _: bool) -> None:
        pass


def test_a_logger_that_is_made_meanwhile_is_no_error(monkeypatch):
    known = {"streamlit.one": BringsAnother("streamlit.one")}
    monkeypatch.setattr(logging.root.manager, "loggerDict", known)
    logs.configure()
    assert "streamlit.another" in known
