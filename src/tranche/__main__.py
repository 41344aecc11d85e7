"""`python -m tranche`, for where the command itself is not on the path."""

from tranche.cli import main

if __name__ == "__main__":
    main()
