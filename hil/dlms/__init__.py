"""Emulated COSEM meters, written from the standards' facts: clear rather than fast, and nothing of the drivers in it."""
