"""Plotly figures from domain objects: pure functions, no Streamlit."""
