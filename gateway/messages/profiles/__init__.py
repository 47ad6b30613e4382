"""The payloads, declared once each (61968-9:2013 and what comes from elsewhere is said at its module)."""
