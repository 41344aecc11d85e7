"""Items: what is sold and stocked."""
