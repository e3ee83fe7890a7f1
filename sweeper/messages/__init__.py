"""What travels between the driver, the workers and the store: plain, frozen, picklable data."""
