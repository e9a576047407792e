"""Makes the bundled sample."""
