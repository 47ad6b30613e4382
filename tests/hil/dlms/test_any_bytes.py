"""Whatever a client sends, the emulated meter answers or keeps silent; it never breaks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hil import catalogue
from hil.dlms.axdr import length
from hil.dlms.faults import FAULTS, DlmsFaults
from hil.dlms.hdlc_frame import Frame
from hil.dlms.hdlc_station import Station, StationRule
from hil.dlms.profile import build, load
from hil.dlms.session import Session
from hil.dlms.sessions import Sessions

NONE = DlmsFaults({}, FAULTS)
METERS = {name: build(load(catalogue.data_file(f"dlms/{name}"))) for name in ("idis", "short-names", "block-transfer")}
WAYS = [("idis", 16, 1), ("short-names", 16, 2), ("block-transfer", 16, 1)]

INITIATE = bytes.fromhex("01000000065F1F0400FFFFFF0200")
GOOD = [
    bytes.fromhex(text)
    for text in (
        "C001C1000100002A0000FF0200",
        "C001C100070100630100FF0201020204060000000106000000021200011200000000",
        "C003C102000100002A0000FF0200000800000100" + "00FF0200",
        "C101C100010000600101FF02000903414243",
        "C301C100080000010000FF0601100384",
        "050102FA08",
        "06010200F8010903414243",
        "E0810001000005C001C10001",
        "DB084D4754434C4900010530000000010203",
        "6200",
    )
]


def aarq(context: int) -> bytes:
    body = bytes.fromhex("A1090607608574050801") + bytes([context]) + bytes([0xBE, len(INITIATE) + 2, 4, len(INITIATE)])
    return b"\x60" + length(len(body) + len(INITIATE)) + body + INITIATE


spoilt = st.builds(
    lambda apdu, at, byte, cut: (apdu[: at % len(apdu)] + bytes([byte]) + apdu[at % len(apdu) + 1 :])[:cut],
    st.sampled_from([*GOOD, aarq(1), aarq(2), aarq(3)]),
    st.integers(0, 200),
    st.integers(0, 255),
    st.integers(0, 200),
)


@settings(max_examples=150)
@given(st.sampled_from(WAYS), st.lists(st.one_of(st.binary(max_size=60), spoilt), max_size=6))
def test_any_apdus(way: tuple[str, int, int], apdus: list[bytes]) -> None:
    name, client, context = way
    session = Session(METERS[name], client, NONE)
    session.answer(aarq(context))
    for apdu in apdus:
        for answer in session.answer(apdu):
            assert answer


@settings(max_examples=150)
@given(st.lists(st.one_of(st.binary(max_size=40), st.builds(
    lambda control, information, segmented: Frame(b"\x03", b"\x21", control, information, segmented).encode(),
    st.integers(0, 255), st.binary(max_size=40), st.booleans(),
)), max_size=8))  # fmt: skip
def test_any_bytes_on_the_line(pieces: list[bytes]) -> None:
    sessions = Sessions(METERS["idis"], NONE)
    station = Station(StationRule(), sessions.answer, sessions.close, NONE)
    for piece in pieces:
        assert isinstance(station.feed(piece), bytes)
