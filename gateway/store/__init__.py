"""What must survive a power cut: the outbox, readings, and counters that never go back. SQLite, one writer."""
