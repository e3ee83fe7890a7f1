"""Jobs through checkmaite's own backend `ray`: they belong to the cluster, and a later driver finds them again.

checkmaite's registry, an actor of the cluster, knows each job; an actor for each job owns its task. What runs in the
task is what always runs: `sweeper.worker` measures, checks and writes. checkmaite is imported when a backend is made.

Nothing is imported here, because the actors of checkmaite open a `Carrier` too.
"""
