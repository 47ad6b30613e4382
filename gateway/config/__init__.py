"""The gateway's configuration: one TOML file and a ``devices.d`` folder beside it, checked before anything is opened."""
