"""The words of the Common Information Model: code kinds, and the rules from OBIS to ReadingType."""
