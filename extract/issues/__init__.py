"""The pipeline `issues`: days that it reads of sources, and posts that it asks for again."""
