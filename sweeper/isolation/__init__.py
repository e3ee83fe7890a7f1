"""Keep what one part or one run does from another: copies, stand-ins, and state of the process that is put back."""
