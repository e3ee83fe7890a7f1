"""The command line: its arguments, its commands, and what they show on a terminal. Runs in the driver."""
