"""What parts return is checked here before it counts: scores, targets, names of classes, shapes of what is handed over.

Each module checks one kind of thing and knows nothing of where it came from. `facts` puts together what was found in
one pass of a model over a dataset, once for all who read it; `rules` says what a run allows; `watch` does the same for
a capability that calls the model itself.
"""
