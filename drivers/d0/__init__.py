"""D0: data sets that German household meters push at their optical port (IEC 62056-21, mode D, at 9600 Bd for most)."""
