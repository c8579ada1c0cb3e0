"""Answers kept for equal questions: in this process first, then in Redis, and computed once when neither has one."""
