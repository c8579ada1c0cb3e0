"""Metrics of servers that have none themselves: looked up when Prometheus asks."""
