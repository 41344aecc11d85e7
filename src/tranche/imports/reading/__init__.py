"""What happens inside the parser's child: bytes to cells, cells to clean columns, columns to COPY text."""
