"""What is done to each kind of signal before it reaches the common clock."""
