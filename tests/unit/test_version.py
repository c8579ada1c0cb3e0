"""The version stands once, where also a copy of the code finds it."""

from importlib.metadata import version

import lab


def test_the_package_is_installed_in_the_version_that_it_tells():
    assert version("slipway-lab") == lab.__version__
