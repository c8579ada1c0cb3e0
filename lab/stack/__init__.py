"""Starts, watches and stops the services of the lab, in any place."""
