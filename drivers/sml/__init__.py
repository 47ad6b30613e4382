"""SML: what German meters push at their optical port (BSI TR-03109-1, annex IV; SML 1.04)."""
