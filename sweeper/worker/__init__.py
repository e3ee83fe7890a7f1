"""What a worker does with a request.

`execute` takes one request. It builds the parts, or takes them from the `object_cache`, and runs the capability on them
(`capability_run`), while the process is isolated and the output is captured. The `recording` module writes the result
or the failure to the store. The driver gets a small receipt and never the rows.

Predictions that several capability runs share are computed by a request of their own (`inference`), and may be stored
for later sweeps (`prediction_cache`). `ray_tasks` has the functions that Ray calls; the inline backend calls
`execute` and `inference` directly.
"""
