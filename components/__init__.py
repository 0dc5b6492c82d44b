"""Streamlit building blocks that several pages share."""
