"""What a constructor or function takes, and what is wrong with the arguments that a spec gives it."""
