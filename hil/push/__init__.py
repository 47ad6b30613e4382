"""Emulated meters that push: P1 ports, SML of German meters, and data sets by themselves (mode D)."""
