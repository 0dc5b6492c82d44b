"""Text from people, made to show as it was typed wherever Streamlit renders markdown."""

import re

# Punctuation that can mean something. Labels are also read aloud as they stand, backslashes included, so commas,
# question marks, full stops and the like stay as they are.
_PUNCTUATION = re.compile(
    r"([!#$&*+<=>@\[\\\]^_`{|}~]"
    r"|(?<![\w\s])\(|(?:(?<=\d)|^)[.)]"  # a link's address, a number of a list
    r"|(?<!\w)-|-(?!\w)"  # a list, a rule, a heading's underline
    r"|:(?!\s))",  # a directive
    re.MULTILINE,
)
# What Streamlit still turns into something else after the backslashes are gone: emoji and icon shortcodes,
# addresses that become links, arrows and dashes standing alone.
_SHORTCODE = re.compile(r":(?=[\w+/-]+:)")
_ADDRESS = re.compile(r"(https?|ftp|mailto|xmpp)(?=:)|\bwww(?=\.)|(?<=[-.\w+])(?=@)", re.IGNORECASE)
_ARROW = re.compile(r"(?<!\S)(<->|->|<-|--|>=|<=|~=)(?!\S)")
_JOINER = "\u2060"  # word joiner: no width, no break


def ink(label: str) -> str:
    """A label of segments or pills (markdown, so names from people through `plain`) in the colour of text, chosen or not.

    Streamlit writes a chosen one in the primary colour, on which white has to be readable: in the dark theme it is too pale
    itself. Both themes give the text colour to Streamlit's yellow, which nothing else uses.
    """
    return f":yellow[{label}]"


def plain(text: object) -> str:
    """`text` as markdown that shows exactly these characters: no link, image, colour, icon, formula or HTML.

    For every call and label that renders markdown (st.markdown, st.write, st.caption, st.error, labels, help, options of
    radio, pills and segmented_control, tabs, expanders, buttons). Not for st.text, st.dataframe cells, options of
    selectbox and multiselect, or Plotly, which show text as it is. Line breaks stay; other runs of spaces may close up.
    """
    shown = str(text).replace("\r\n", "\n").replace("\r", "\n")
    shown = _SHORTCODE.sub(":" + _JOINER, shown)
    shown = _ADDRESS.sub(lambda found: found.group(0) + _JOINER, shown)
    shown = _ARROW.sub(lambda found: found.group(0)[0] + _JOINER + found.group(0)[1:], shown)
    shown = _PUNCTUATION.sub(r"\\\1", shown)
    return "  \n".join(line.strip(" \t") or "\u00a0" for line in shown.split("\n"))
