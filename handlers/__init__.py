"""The conversation in Slack: what people ask, what they are answered, and the card that each run shows."""
