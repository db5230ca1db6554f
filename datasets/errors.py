"""What can be wrong with a data set; each is told in one line."""

from __future__ import annotations

from moderation.errors import InvalidConfiguration


class DataSetRefused(InvalidConfiguration):
    """The data set, or a file that describes it, cannot be taken as it is."""


class UnknownDataSet(InvalidConfiguration):
    """No data set of that name and version is in the registry."""


class NotLicensed(InvalidConfiguration):
    """The licence does not permit this use."""
