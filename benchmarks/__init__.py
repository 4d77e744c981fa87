"""What the budgets are measured with: ratios, side by side in one run."""

#: Every benchmark, in the order of the table.
NAMES = ("ack", "first_step", "drill", "waiting", "file_facts", "typeahead", "fleet", "growth")
