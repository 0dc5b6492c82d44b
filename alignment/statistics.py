"""Intervals and estimates that several rooms share. Counts or arrays in, frozen values out; no I/O, no clock."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A closed interval, usually the 95 % confidence interval of an estimate."""

    low: float
    high: float
