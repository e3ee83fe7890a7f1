"""Declarative sweeps of capability x dataset x model x metric on Ray."""
