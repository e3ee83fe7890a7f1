"""What one part or one run does reaches no other: copies, stand-ins, and what is put back of the process."""
