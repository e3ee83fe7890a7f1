"""Which combinations there are, what each of them is, and which of them run. Pure: it reads and writes nothing."""
