"""The HTTP API, mounted at /api beside the portal."""
