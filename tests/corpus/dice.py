"""What other plots import; it throws once by itself."""

import numpy as np

FIRST = np.random.randint(1, 7, 20)


def throws(count):
    """Return as many throws, times ten."""
    return 10 * np.random.randint(1, 7, count)
