"""Durable runs: a record that moves by pure functions, kept in Redis, driven by any number of workers."""
