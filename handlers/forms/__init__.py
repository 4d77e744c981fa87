"""Guided ways in: windows that ask for what a request of the grammar needs, and make the same request of it."""
