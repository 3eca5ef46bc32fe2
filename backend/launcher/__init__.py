"""Start what Stratum runs on: PostgreSQL, Redis, and its own processes, from one command.

Knows nothing of the application or the sandbox beyond the commands that start them.
"""
