"""Tables on a terminal. Data flows one way, and all of it is pure but the questions to the terminal.

`cells` says what stands in a table and how wide it is, `grid` sets columns so that decimals stand below each other,
`fit` brings a grid into a width, `boards` and `summed` do so with leaderboards, `prose` breaks sentences, and `screen`
knows the terminal and draws. docs/decisions/0013-tables.md says why no library does it.
"""
