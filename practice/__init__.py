"""What a new user and the tests stand on: embedded Redis, lab cloud, practice workspace. No account, no network."""
