"""Queries that many panels are made of."""

from __future__ import annotations


def rate(metric: str, by: str) -> str:
    """What a counter grows a second, by labels."""
    return f"sum by ({by}) (rate({metric}[5m]))"


def counted(series: str, window: str) -> str:
    """What a counter counted in a window, its first event included.

    A counter with labels begins at its first event, and `increase()` does not see a beginning: a
    series of which there was nothing in the window before has counted all it has within this one.
    Where Prometheus itself was away for longer than a window, all series look new, once.
    """
    begun = f"max_over_time({series}[{window}])"
    before = f"max_over_time({series}[{window}] offset {window})"
    return f"({begun} unless {before} or increase({series}[{window}]))"


def quantile(share: float, metric: str, by: str = "", only: str = "") -> str:
    """A quantile (0 to 1) of a histogram; `only`: matchers of labels, in braces."""
    groups = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({groups}) (rate({metric}_bucket{only}[5m])))"


def mean(metric: str) -> str:
    """The mean of a histogram."""
    return f"sum(rate({metric}_sum[5m])) / sum(rate({metric}_count[5m]))"
