"""What was measured, in the forms of other programs."""
