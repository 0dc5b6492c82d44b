"""API access: which programs send leads and events, and does what they send arrive?"""

import streamlit as st

from components.api_access import show_example, show_hubspot, show_state, show_tokens
from components.outcome import show_outcome
from components.page import open_page

open_page("API access", "Which programs send leads and events, and does what they send arrive?")
show_outcome()
show_state()
show_tokens()
st.divider()
show_example()
st.divider()
show_hubspot()
