"""Measurements that anyone can run again: ``python -m bench``. Each is a ratio of two things taken in the same run."""
