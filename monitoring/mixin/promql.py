"""Queries that many panels are made of."""

from __future__ import annotations


def rate(metric: str, by: str) -> str:
    """What a counter grows a second, by labels."""
    return f"sum by ({by}) (rate({metric}[5m]))"


def quantile(share: float, metric: str, by: str = "", only: str = "") -> str:
    """A quantile (0 to 1) of a histogram; `only`: matchers of labels, in braces."""
    groups = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({groups}) (rate({metric}_bucket{only}[5m])))"


def mean(metric: str) -> str:
    """The mean of a histogram."""
    return f"sum(rate({metric}_sum[5m])) / sum(rate({metric}_count[5m]))"
