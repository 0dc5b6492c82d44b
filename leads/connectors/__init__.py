"""Pulling leads out of the systems they live in: one module per system, which all give `source.Page` after `source.Page`.

A source reads and never writes there. It holds nothing lead-sized: a page goes to the caller with the cursor from which to
go on, and the caller keeps both together. What a system's answer holds that nobody expected is told and left out.
"""
