"""Plots: from a file to a picture. Knows nothing of the web, of asyncio or of configuration."""
