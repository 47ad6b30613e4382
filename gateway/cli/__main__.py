"""``python -m gateway.cli`` is ``metergate``."""

from gateway.cli import main

main()
