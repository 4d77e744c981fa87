"""What can be measured on an instance: the profile that says what, the script that does it, and the verdict."""
