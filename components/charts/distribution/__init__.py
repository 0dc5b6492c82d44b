"""Both teams' answers to one question, drawn for the type of the question; `components.charts.comparison` chooses."""
