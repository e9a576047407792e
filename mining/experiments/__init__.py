"""Prompt experiments: tasks, templates, scores."""
