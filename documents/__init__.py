"""What is known: the library, comment rounds, good practices."""
