"""The fault machine: every runbook, hurt wherever something can break. docs/faults.md says what is played."""
