"""What a person may do. Every action authorises, validates, and writes in one transaction with an audit row."""
