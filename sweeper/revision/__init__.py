"""What a result also depends on and the fingerprint leaves out: files that specs name, the user's code, libraries."""
