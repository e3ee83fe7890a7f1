"""Small helpers that several packages need and that know nothing of sweeps."""
