"""What the driver does while a sweep runs: the window of submissions, shared inference, progress, the result."""
