"""What is in deploy/ fits the program that it starts."""
