"""What can be seen of a running lab: structured logs and metrics."""
