"""What a worker does with a request: build the parts, run them, record the result, answer with a receipt."""
