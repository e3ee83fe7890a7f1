"""Tables on a terminal. Data flows one way, and all of it is pure but the question to the terminal.

`cells` says what stands in a table and how wide it is, `grid` sets columns so that decimals stand below each other,
`fit` brings a grid into a width, `boards` does so with leaderboards, `prose` breaks text, and `screen` knows the
terminal and draws. Our own instead of a library: rich needs 0.2 s for the tables of the default sweep, and fits a table
by breaking names inside of cells.
"""
