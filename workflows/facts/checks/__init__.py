"""The kinds of checks that a profile may ask for, a module each. A module that stands here is a kind."""
