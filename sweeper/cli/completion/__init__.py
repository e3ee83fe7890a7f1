"""Completion of command lines in bash and zsh: what may stand at the end of a line that is being typed."""
