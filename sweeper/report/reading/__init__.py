"""Reads a store into the frozen data of `sweeper.report.report_data`, once, a module for each section of the page."""

from sweeper.report.reading.store_reading import read_report_data

__all__ = ["read_report_data"]
