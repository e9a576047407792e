"""The commands over the whole: run everything, its journal, how things stand."""
