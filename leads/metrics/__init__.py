"""Measures of the hand-over, one module each. Figures come with what they rest on; nothing lead-sized leaves the engine."""
