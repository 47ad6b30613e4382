"""Secrets for drivers: from a file that only its owner can read, systemd credentials, or the environment.

A key file is TOML, one line a secret: ``"MGT-12345678/ek" = "hex:000102..."`` or ``"default/lls" = "text:12345678"``.
The name is ``<meter>/<which>``; ``default`` stands for every meter that has none of its own.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from drivers.errors import UsageError

#: The environment variable of a secret: METERGATE_KEY_ and its name in capitals, every other character as ``_``.
ENVIRONMENT = "METERGATE_KEY_"


class Keys:
    """A ``drivers.driver.KeySource``. Its repr names the secrets and never shows one."""

    def __init__(self, secrets: Mapping[str, bytes], source: str = "") -> None:
        self._secrets = dict(secrets)
        self._source = source

    def get(self, name: str) -> bytes | None:
        """The secret of that name, else the one of ``default/<which>``, else None."""
        default = f"default/{name.rpartition('/')[2]}"
        for wanted in (name, default):
            if wanted in self._secrets:
                return self._secrets[wanted]
            given = os.environ.get(ENVIRONMENT + re.sub(r"[^A-Z0-9]", "_", wanted.upper()))
            if given is not None:
                return _secret(given, f"{ENVIRONMENT}... of {wanted}")
        return None

    def names(self) -> list[str]:
        """The names in the file or credential, sorted."""
        return sorted(self._secrets)

    def values(self) -> list[bytes]:
        """Every secret that is known, also those of the environment: for those who must keep them out of something."""
        given = (_secret(text, name) for name, text in os.environ.items() if name.startswith(ENVIRONMENT))
        return [*self._secrets.values(), *given]

    def __repr__(self) -> str:
        return f"<Keys {self._source}: {', '.join(self.names()) or 'none'}>"


def load(file: Path | None) -> Keys:
    """The keys of ``file``; without one, of the systemd credential ``metergate-keys``; and always the environment.

    Raises UsageError when the file is missing, can be read by others, or a line is no secret (the value is not shown).
    """
    if file is None:
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(directory) / "metergate-keys" if directory else None
        if credential is None or not credential.is_file():
            return Keys({}, "environment")
        file = credential
    else:
        _must_be_private(file)
    try:
        table = tomllib.loads(file.read_text())
    except OSError as error:
        raise UsageError(f"the key file cannot be read ({error.strerror})", where=str(file)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # tomllib's message may quote the line, and the line holds a secret.
        raise UsageError("the key file is no TOML", where=str(file), do='write "name" = "hex:..." lines') from None
    return Keys({name: _secret(text, f"{file}: {name}") for name, text in table.items()}, str(file))


def _must_be_private(file: Path) -> None:
    try:
        mode = file.stat().st_mode
    except OSError as error:
        raise UsageError(f"the key file cannot be read ({error.strerror})", where=str(file)) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError("others can read the key file", where=str(file), do=f"chmod 600 {file}")


def _secret(text: object, where: str) -> bytes:
    kind, _, rest = text.partition(":") if isinstance(text, str) else ("", "", "")
    try:
        if kind == "hex":
            return bytes.fromhex(rest)
        if kind == "text":
            return rest.encode("ascii")
    except ValueError:
        pass
    raise UsageError("is no secret", where=where, do='write "hex:00112233..." or "text:..."') from None
