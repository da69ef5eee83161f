"""What a judging costs, each figure next to what one would use instead."""
