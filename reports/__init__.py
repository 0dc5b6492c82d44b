"""Documents that people take away: made from what the actions say, without Streamlit."""
