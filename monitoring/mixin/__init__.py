"""Recording rules, alerts and dashboards as code: `python -m monitoring.mixin` writes them."""
