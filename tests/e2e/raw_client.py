"""A client that speaks Streamlit's websocket protocol without being a browser: it sends what a browser would not."""

from collections.abc import Iterator
from contextlib import ExitStack

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol


class RawClient:
    """One connection. `session` is the screen session's id, known after the first run."""

    def __init__(self, url: str, cookie: str = "", session: str = "") -> None:
        """Connect to a portal at `url`; `session` asks for an earlier screen session."""
        asked = ["streamlit", "token", session] if session else ["streamlit", "token"]
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                url.replace("http", "ws", 1) + "/_stcore/stream",
                subprotocols=[Subprotocol(part) for part in asked],
                additional_headers={"Cookie": cookie} if cookie else {},
                max_size=None,
            )
        )
        self.session = ""
        self.fragments: list[str] = []
        self.headings: list[str] = []
        """What was drawn as a heading so far."""
        self.buttons: dict[str, tuple[str, str]] = {}
        """The buttons that were drawn, by their key: the id of the widget, and the fragment it stands in."""

    def run(self, page: str = "", fragment: str = "", query: str = "", clicked: str = "") -> str:
        """Ask for a run of a page, or of one fragment of it, and return every text of what comes back.

        `clicked` is the key of a button that was clicked; then its fragment runs.
        """
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        if clicked:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, fragment = self.buttons[clicked]
            state.trigger_value = True
        if fragment:
            message.rerun_script.fragment_id = fragment
        self._socket.send(message.SerializeToString())
        return "\n".join(self._until_finished())

    def _until_finished(self) -> Iterator[str]:
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=20))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
            if kind == "delta":
                fragment = message.delta.fragment_id
                if fragment and fragment not in self.fragments:
                    self.fragments.append(fragment)
                element = message.delta.new_element
                if element.WhichOneof("type") == "heading":
                    self.headings.append(element.heading.body)
                if element.WhichOneof("type") == "button":
                    widget = element.button.id  # $$ID-<digest>-<key>
                    self.buttons[widget.split("-", 2)[-1]] = (widget, fragment)
            if kind in ("delta", "navigation"):
                yield str(message)
            early = ForwardMsg.FINISHED_EARLY_FOR_RERUN  # another run follows by itself
            if kind == "script_finished" and message.script_finished != early:
                return

    def close(self) -> None:
        """Hang up."""
        self._open.close()
