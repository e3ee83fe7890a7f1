"""The page of the report, served to a browser on this machine, and made again when the store has changed.

`fresh_page` keeps the newest page, `app` answers requests with it and refuses all others, `server` listens. What the
page says, and how it looks, is decided where it is for the file that `report` writes.
"""
