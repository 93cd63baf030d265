"""Handlers: HTTP and websockets. They translate, and decide nothing."""
