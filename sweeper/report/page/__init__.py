"""The page: what stands between the data of a report and its HTML.

`rendering` fills the templates, one for each section; `boards` and `figures` say what is shown of tables and plots,
`panels` decides which plots there are, `plots` draws them as SVG, and `markdown` turns the reports that runs wrote into
HTML.
"""
