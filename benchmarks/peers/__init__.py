"""What a user would pick instead, each in the way that its own documents show first."""
