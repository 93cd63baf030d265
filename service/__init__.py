"""Service: what to draw, when, and who must hear of it. Knows nothing of HTTP."""
