"""What the budgets are measured with: ratios, side by side in one run."""
