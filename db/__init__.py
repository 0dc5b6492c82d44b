"""The operational store: people, answers, definitions, cycles. All SQL of the project stands in here."""
