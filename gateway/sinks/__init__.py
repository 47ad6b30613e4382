"""Sinks: each delivers one message and says delivered, retry or refused."""
