"""The bundled sample, and the replay server which speaks the source APIs from recorded items."""
