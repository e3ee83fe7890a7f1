"""The ray-simple job backend."""
