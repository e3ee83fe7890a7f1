"""Which addresses of a Ray are refused, and where."""

from __future__ import annotations

import pytest

from sweeper.config import load
from sweeper.errors import ConfigError
from sweeper.jobs.addresses import listed, refuse_client


def test_an_address_of_ray_client_is_refused_with_the_one_to_use():
    with pytest.raises(ValueError, match=r"job_backend.address=head:6379"):
        refuse_client("ray://head:10001")
    refuse_client("head:6379")
    refuse_client(None)


def test_it_is_refused_before_anything_is_planned():
    with pytest.raises(ConfigError, match=r"^job_backend.address cannot be used: ray://head:10001 is an address"):
        load(["job_backend.address=ray://head:10001"])


def test_of_many_addresses_some_are_shown():
    assert listed(["a", "b"]) == "a, b"
    assert listed(["a", "b", "c", "d"]) == "a, b, c, d"
    assert listed([*"abcdef"]) == "a, b, c, d, 2 more"
