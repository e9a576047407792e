"""From HTML and Markdown to the text that is mined."""
