"""A DLMS URL, its keys and its map, as the settings of an association.

dlms:/dev/ttyUSB0?client=16&server=1      HDLC on a serial line      dlms+optical:/dev/ttyUSB0   after mode E
dlms://host:4059?client=16&server=1       the wrapper over TCP       dlms+udp://host:4059        the wrapper over UDP
dlms+hdlc://host:port?...                 HDLC over TCP
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drivers.dlms.acse import Mechanism
from drivers.dlms.association import Association, Credentials
from drivers.dlms.ciphering import AUTHENTICATED, ENCRYPTED, KEY_SIZES
from drivers.dlms.counter import InvocationCounter
from drivers.dlms.hls import Signer
from drivers.dlms.meter_map import DlmsMap
from drivers.dlms.secret import Secret
from drivers.dlms.security_context import SecurityContext, Style
from drivers.driver import Context
from drivers.errors import UsageError
from drivers.meter_url import MeterUrl

if TYPE_CHECKING:
    from drivers.dlms.general_ciphering import Agreement

MECHANISMS = {
    "none": Mechanism.NONE, "lls": Mechanism.LLS, "hls": Mechanism.HLS, "md5": Mechanism.HLS_MD5,
    "sha1": Mechanism.HLS_SHA1, "gmac": Mechanism.HLS_GMAC, "sha256": Mechanism.HLS_SHA256, "ecdsa": Mechanism.HLS_ECDSA,
}  # fmt: skip
CONTROLS = {"none": 0, "authenticated": AUTHENTICATED, "encrypted": ENCRYPTED, "both": AUTHENTICATED | ENCRYPTED}
#: What our system title begins with where nobody chose one: a manufacturer id that no FLAG list holds.
MANUFACTURER = b"MGW"
PARAMETERS = (
    "client", "server", "physical", "address_size", "client_size", "sn", "auth", "security", "suite", "style", "title",
    "meter", "meter_title", "counter", "public", "baud", "information", "window", "pdu", "gbt", "challenge", "address",
    "push", "parity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """What a URL says, checked. ``title`` is empty where it names none. ``name`` is the meter's in the key file; ``counter`` how the meter's invocation counter is
    had: ``public`` (read through the public client), ``stored`` (the store alone)."""

    client: int
    server: int
    physical: int | None
    address_size: int
    client_size: int
    short_names: bool
    mechanism: Mechanism
    control: int
    suite: int
    style: Style
    title: bytes
    name: str
    meter_title: bytes
    counter: str
    public: int
    baud: int
    information: int
    window: int
    pdu_size: int
    block_transfer: bool
    challenge: int
    push: bool
    parity: str

    @property
    def uses_keys(self) -> bool:
        """Whether the encryption key is needed, and so an invocation counter."""
        return self.control != 0 or self.mechanism is Mechanism.HLS_GMAC


def settings(url: MeterUrl, meter_map: DlmsMap) -> Settings:
    """Raises UsageError for a parameter that is unknown or out of its range."""
    url.known(PARAMETERS)
    return Settings(
        client=url.integer("client", 16, 0, 0x3FFF),
        server=url.integer("server", 1, 0, 0xFFFF),
        physical=url.integer("physical", 0, 0, 0x3FFF) if url.get("physical") else None,
        address_size=_one_of_numbers(url, "address_size", (0, 1, 2, 4)),
        client_size=_one_of_numbers(url, "client_size", (1, 2)) if url.get("client_size") else 1,
        short_names=url.flag("sn"),
        mechanism=MECHANISMS[_word(url, "auth", tuple(MECHANISMS), "none")],
        control=CONTROLS[_word(url, "security", tuple(CONTROLS), "none")],
        suite=url.integer("suite", 0, 0, 2),
        style=Style(_word(url, "style", tuple(Style), Style.GLO)),
        title=_title(url, "title"),
        name=url.get("meter") or _name(url),
        meter_title=_title(url, "meter_title"),
        counter=_word(url, "counter", ("public", "stored"), "public"),
        public=url.integer("public", 16, 0, 0x3FFF),
        baud=url.integer("baud", 9600, 300, 921600),
        information=url.integer("information", meter_map.information, 32, 2030),
        window=url.integer("window", meter_map.window, 1, 7),
        pdu_size=url.integer("pdu", meter_map.pdu_size, 64, 0xFFFF),
        block_transfer=url.flag("gbt", meter_map.block_transfer),
        challenge=url.integer("challenge", 0, 0, 64),
        push=url.flag("push"),
        parity={"none": "N", "even": "E", "odd": "O"}[_word(url, "parity", ("none", "even", "odd"), "none")],
    )


def association(chosen: Settings, context: Context, at_least: int = 0) -> Association:
    """The association a URL asks for, with its keys. Raises UsageError, naming the key that is missing and never one."""
    keys = _Keys(context, chosen.name)
    if not chosen.title and (chosen.uses_keys or chosen.mechanism in (Mechanism.HLS_SHA256, Mechanism.HLS_ECDSA)):
        chosen = replace(chosen, title=_our_title(context))
    security = _security(chosen, context, keys, at_least) if chosen.uses_keys else None
    return Association(
        short_names=chosen.short_names,
        credentials=_credentials(chosen, keys),
        security=security,
        title=chosen.title if chosen.mechanism in (Mechanism.HLS_SHA256, Mechanism.HLS_ECDSA) else b"",
        pdu_size=chosen.pdu_size,
        block_transfer=chosen.block_transfer,
    )


def _our_title(context: Context) -> bytes:
    """A system title that no other store's counters are used with: title and invocation counter are the nonce of GCM, which
    must never come twice with one key (NIST SP 800-38D, 8). Without a store, one for each association."""
    store = context.counters
    return MANUFACTURER + (store.identity() if store is not None else secrets.token_bytes(5))


def counter_name(title: bytes, key: Secret) -> str:
    """The store's name of our invocation counter: one for each system title and key, because title and counter are the nonce.
    Not one a meter: a meter that is renamed, or two that were given one key, must not count from the same start."""
    return f"dlms/{title.hex()}/{key.fingerprint()}"


class _Keys:
    """The secrets of one meter."""

    def __init__(self, context: Context, name: str) -> None:
        self._source = context.keys
        self._name = name

    def get(self, which: str) -> Secret | None:
        data = self._source.get(f"{self._name}/{which}") if self._source is not None else None
        return Secret(data) if data is not None else None

    def need(self, which: str, what: str) -> Secret:
        found = self.get(which)
        if found is None:
            raise UsageError(
                f"{what} is missing", do=f"give {self._name}/{which} (or default/{which}) with --keys FILE"
            )
        return found


def _credentials(chosen: Settings, keys: _Keys) -> Credentials:
    mechanism = chosen.mechanism
    if mechanism is Mechanism.LLS:
        return Credentials(mechanism, keys.need("lls", "the password of low level security"))
    if mechanism is Mechanism.HLS_ECDSA:
        signer = Signer(
            max(1, chosen.suite),
            keys.need("sign", "our private signature key"),
            keys.need("verify", "the meter's public signature key").reveal(),
        )
        return Credentials(mechanism, signer=signer, challenge_size=chosen.challenge)
    if mechanism in (Mechanism.HLS, Mechanism.HLS_MD5, Mechanism.HLS_SHA1, Mechanism.HLS_SHA256):
        return Credentials(mechanism, keys.need("hls", "the secret"), challenge_size=chosen.challenge)
    return Credentials(mechanism, challenge_size=chosen.challenge)


def _security(chosen: Settings, context: Context, keys: _Keys, at_least: int) -> SecurityContext:
    dedicated = chosen.style in (Style.DED, Style.GENERAL_DED)
    authentication = keys.get("ak")
    if authentication is None and (chosen.control & AUTHENTICATED or chosen.mechanism is Mechanism.HLS_GMAC):
        authentication = keys.need("ak", "the authentication key")
    encryption = keys.need("ek", "the encryption key")
    return SecurityContext(
        suite=chosen.suite,
        control=chosen.control,
        style=chosen.style,
        title=chosen.title,
        encryption=encryption,
        authentication=authentication,
        counter=InvocationCounter(context.counters, counter_name(chosen.title, encryption), at_least),
        dedicated=Secret(secrets.token_bytes(KEY_SIZES[chosen.suite])) if dedicated else None,
        agreement=_agreement(chosen, keys),
        master=keys.get("master"),
        meter_title=chosen.meter_title,
    )


def _agreement(chosen: Settings, keys: _Keys) -> Agreement | None:
    if chosen.style is not Style.GENERAL or chosen.suite == 0 or keys.get("agree_meter") is None:
        return None
    from drivers.dlms.general_ciphering import Agreement

    return Agreement(
        chosen.suite,
        private=keys.get("agree"),
        signing=keys.get("sign"),
        meter_agreement=keys.need("agree_meter", "the meter's public agreement key").reveal(),
        meter_signing=(keys.get("verify") or Secret(b"")).reveal(),
    )


def _word(url: MeterUrl, name: str, words: tuple[str, ...], default: str) -> str:
    word = url.get(name, default).lower()
    if word not in words:
        raise UsageError(f"{name}={word} is none of {', '.join(words)}", where=str(url))
    return word


def _one_of_numbers(url: MeterUrl, name: str, numbers: tuple[int, ...]) -> int:
    value = url.integer(name, numbers[0], min(numbers), max(numbers))
    if value not in numbers:
        raise UsageError(f"{name}={value} is none of {', '.join(map(str, numbers))}", where=str(url))
    return value


def _title(url: MeterUrl, name: str) -> bytes:
    text = url.get(name)
    try:
        title = bytes.fromhex(text) if len(text) == 16 else text.encode("ascii")
    except ValueError:
        title = b"?"
    if title and len(title) != 8:
        raise UsageError(f"{name}={text} is no system title: 8 characters, or 16 hexadecimal digits", where=str(url))
    return title


def _name(url: MeterUrl) -> str:
    """The meter's name in the key file where the URL gives none: its place."""
    return f"{url.host}:{url.port}" if url.host else url.path
