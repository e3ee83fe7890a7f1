"""Stored values held against each other: which is better, which cannot be told apart, which are good enough.

`sweeper.statistics` has the formulas, over arrays. Here they meet the store: what became of each datum is read from the
tables by datum, so that models are compared on the same data, datum by datum.
"""
