"""The command `recommend`: lists for any number of users, as a file or a table."""
