"""Disaster recovery: the runbooks, their steps, the facts, the engine that runs them, and the door to AWS."""
