"""The Hub's tasks and models."""
