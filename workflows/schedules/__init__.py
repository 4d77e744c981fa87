"""Recurring backups and drills: when they are due, and what becomes of each occurrence."""
