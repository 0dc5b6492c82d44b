"""Answering a questionnaire: its steps, the widgets that need more than one, saving, and answers in words."""
