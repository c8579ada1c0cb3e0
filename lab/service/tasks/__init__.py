"""What may take long, in a queue: tasks, the workers that run them, and the book of what was issued."""
