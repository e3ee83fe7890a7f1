"""`sweeper init`: a conf folder for a model and data that are there, or an example of parts of one's own.

`recognition` says what a model file is, `data_layouts` what a folder or table of data is; both give a `Draft`, which
`choice_file` writes as YAML. `project` puts the files of a folder together, and `writing` writes them.
"""
