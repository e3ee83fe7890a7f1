"""Checks of what parts return, before it counts: scores, targets, names of classes, the form of what is handed over.

Each of the other modules checks one kind of thing. `findings` puts together what was found in one pass of a model over
a dataset, once for all who read its predictions. `run_checks` does the same for a capability that calls the model
itself. `rules` says what a run allows.
"""
