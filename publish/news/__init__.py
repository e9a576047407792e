"""What is new: issues that came, rose or came back, and models that moved, told to people."""
