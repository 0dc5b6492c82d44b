"""What the portal does by itself, on a timer. It does it through the actions, as the administrator of the machine."""
