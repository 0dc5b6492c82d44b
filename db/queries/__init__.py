"""One module per noun; every function takes a connection and returns domain objects or plain rows."""
