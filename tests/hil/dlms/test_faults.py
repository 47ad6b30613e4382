"""Every fault of the emulated COSEM meter does what its row says: APDU by APDU and frame by frame, without a line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hil import catalogue
from hil.dlms import gcm
from hil.dlms import hdlc_frame as hdlc
from hil.dlms.axdr import NotAxdr, Reader, decode, length
from hil.dlms.faults import FAULTS, FRAME_FAULTS, SESSION_FAULTS, TCP_FAULTS, DlmsFaults
from hil.dlms.hdlc_frame import Frame, Splitter
from hil.dlms.hdlc_station import Station, StationRule, negotiation_field
from hil.dlms.meter import Meter
from hil.dlms.profile import build, load
from hil.dlms.serve import _arm
from hil.dlms.session import Dropped, Session
from hil.dlms.sessions import Sessions

EK, AK, CLIENT = bytes(range(16)), bytes(range(0xD0, 0xE0)), bytes.fromhex("4D4754434C490001")
INITIATE = bytes.fromhex("01000000065F1F0400BFFFFF0400")  # all but general block transfer, PDUs of 1024
ACCEPTED = bytes.fromhex("A203020100")
LDN = bytes.fromhex("C001C1000100002A0000FF0200")
CLOCK = bytes.fromhex("C001C100080000010000FF0200")
PROFILE = bytes.fromhex("C001C100070100630100FF0200")
LLS = bytes.fromhex("8A0207808B0760857405080201AC0A8008") + b"00000000"


def meter(profile: str, asked: dict[str, str]) -> tuple[Meter, DlmsFaults]:
    faults, data = DlmsFaults(asked, FAULTS), load(catalogue.data_file(profile))
    if "clock-garbage" in faults:
        data.setdefault("clock", {})["trailing"] = "A5" * faults.number("clock-garbage")
    made = build(data)
    _arm(made, faults)
    return made, faults


def session(profile: str = "dlms/household", client: int = 16, **asked: str) -> Session:
    made, faults = meter(profile, {name.replace("_", "-"): value for name, value in asked.items()})
    return Session(made, client, faults)


def aarq(context: int = 1, more: bytes = b"", initiate: bytes = INITIATE) -> bytes:
    body = bytes.fromhex("A1090607608574050801") + bytes([context]) + b"\xa6\x0a\x04\x08" + CLIENT + more
    body += bytes([0xBE, len(initiate) + 2, 4, len(initiate)]) + initiate
    return b"\x60" + length(len(body)) + body


def sealed(tag: int, counter: int, plain: bytes) -> bytes:
    content = gcm.seal(EK, AK, CLIENT, 0x30, counter, plain)
    return bytes([tag]) + length(len(content)) + content


def associated(profile: str = "dlms/household", client: int = 16, **asked: str) -> Session:
    one = session(profile, client, **asked)
    assert ACCEPTED in one.answer(aarq())[0]
    return one


def ciphered(**asked: str) -> Session:
    one = session("dlms/secured", 24, **asked)
    assert ACCEPTED in one.answer(aarq(3, initiate=sealed(0x21, 200_000, INITIATE)))[0]
    return one


def blocks(one: Session) -> list[bytes]:
    found = one.answer(PROFILE)
    while found[-1][3] == 0:
        number = int.from_bytes(found[-1][4:8], "big")
        found += one.answer(bytes.fromhex("C002C1") + number.to_bytes(4, "big"))
    return found


def refuse_association() -> None:
    aare = session(refuse_association="").answer(aarq())[0]
    assert bytes.fromhex("A203020101") in aare


def stale_association() -> None:
    one = associated(stale_association="60000")
    other = Session(one.meter, 32, one.faults)
    assert bytes.fromhex("A203020102") in other.answer(aarq(more=LLS))[0]
    assert one.answer(bytes.fromhex("6200"))[0][0] == 0x63
    assert ACCEPTED in other.answer(aarq(more=LLS))[0]


def late_reply() -> None:
    made, faults = meter("dlms/household", {"late-reply": "1500"})
    sessions = Sessions(made, faults)
    late = []
    for apdu in (aarq(), LDN, LDN, LDN):
        sessions.answer(16, apdu)
        late.append(sessions.late_s)
    assert late == [0, 0, 1.5, 0]


def truncated_apdu() -> None:
    one = associated(truncated_apdu="20")
    assert len(one.answer(LDN)[0]) == 22
    cut = one.answer(PROFILE)[0]
    assert len(cut) == 20
    with pytest.raises(NotAxdr):
        Reader(cut[9:]).octets()


def event_notification() -> None:
    one = associated(event_notification="2")
    assert len(one.answer(LDN)) == 1
    event, answer = one.answer(LDN)
    assert (event[:3], event[15:]) == (bytes.fromhex("C2010C"), bytes.fromhex("00010000600B01FF02") + b"\x11\x28")
    assert answer[:2] == b"\xc4\x01"
    assert len(one.answer(LDN)) == 1
    shut = ciphered(event_notification="1")
    event, answer = shut.answer(sealed(0xC8, 200_001, LDN))
    assert (event[0], answer[0]) == (0xCA, 0xCC)


def close_mid_block() -> None:
    one = associated(close_mid_block="2")
    one.answer(PROFILE)
    with pytest.raises(Dropped):
        one.answer(bytes.fromhex("C002C100000001"))


def drop_mid_block() -> None:
    one = associated(drop_mid_block="2")
    one.answer(PROFILE)
    with pytest.raises(Dropped):
        one.answer(bytes.fromhex("C002C100000001"))
    assert len(one.answer(PROFILE)[0]) > 100


def malformed_last_block() -> None:
    found = blocks(associated(malformed_last_block=""))
    raw = b"".join(Reader(each[9:]).octets() for each in found[:-1])
    assert len(raw) > 100_000
    with pytest.raises(NotAxdr):
        Reader(found[-1][9:]).octets()


def wrong_block_number() -> None:
    one = associated(wrong_block_number="")
    one.answer(PROFILE)
    assert one.answer(bytes.fromhex("C002C100000001"))[0][4:8] == bytes.fromhex("00000003")


def wrong_invoke_id() -> None:
    one = associated(wrong_invoke_id="")
    assert one.answer(LDN)[0][2] != 0xC1
    assert one.answer(LDN)[0][2] == 0xC1


def list_blocks_03() -> None:
    one = associated(list_blocks_03="")
    request = bytes.fromhex("C003C102") + PROFILE[3:] + CLOCK[3:]
    first = one.answer(request)[0]
    assert first[:8] == bytes.fromhex("C403C10000000001")
    assert one.answer(bytes.fromhex("C002C100000001"))[0][:3] == bytes.fromhex("C402C1")


def _opens(one: Session, answer: bytes) -> bool:
    try:
        gcm.unseal(EK, AK, one.meter.system_title, Reader(answer[1:]).octets())
    except gcm.NotDeciphered:
        return False
    return True


def wrong_tag() -> None:
    one = ciphered(wrong_tag="")
    assert not _opens(one, one.answer(sealed(0xC8, 200_001, LDN))[0])


def wrong_tag_once() -> None:
    # The first sealed one is the initiate response.
    one = ciphered(wrong_tag_once="")
    assert not _opens(one, one.answer(sealed(0xC8, 200_001, LDN))[0])
    assert _opens(one, one.answer(sealed(0xC8, 200_002, LDN))[0])


def counter_demand() -> None:
    one = session("dlms/secured", 24, counter_demand="100000")
    assert one.answer(aarq(3, initiate=sealed(0x21, 5, INITIATE))) == [bytes.fromhex("D80206000186A0")]
    assert ACCEPTED in one.answer(aarq(3, initiate=sealed(0x21, 100_000, INITIATE)))[0]


def deciphering_error() -> None:
    one = session("dlms/secured", 24, counter_demand="100000", deciphering_error="")
    assert one.answer(aarq(3, initiate=sealed(0x21, 5, INITIATE))) == [bytes.fromhex("D80205")]


def glo_only() -> None:
    one = ciphered(glo_only="")
    assert one.answer(b"\xdb\x08" + CLIENT + sealed(0, 200_001, LDN)[1:]) == [bytes.fromhex("D80202")]
    assert one.answer(sealed(0xC8, 200_002, LDN))[0][0] == 0xCC


def _gmac(size: int) -> bytes:
    return bytes.fromhex("8A0207808B0760857405080205") + bytes([0xAC, size + 2, 0x80, size]) + bytes(size)


def gmac_16() -> None:
    one = session("dlms/secured", 21, gmac_16="")
    assert ACCEPTED not in one.answer(aarq(more=_gmac(32)))[0]
    assert ACCEPTED in one.answer(aarq(more=_gmac(16)))[0]


def gbt_unasked() -> None:
    one = associated(gbt_unasked="")
    assert one.answer(PROFILE)[0][0] == 0xE0


def kill_unknown() -> None:
    for request in ("D9010203", "C301C1000F0000280000FF6300", "C001C100016363636363630200"):
        one = associated(kill_unknown="")
        with pytest.raises(Dropped):
            one.answer(bytes.fromhex(request))


def clock_garbage() -> None:
    assert len(decode(associated(clock_garbage="3").answer(CLOCK)[0][4:]).value) == 15


def protocol_version() -> None:
    assert session(protocol_version="").answer(aarq())[0][2:6] == bytes.fromhex("80020780")


def hls_bare() -> None:
    aare = session("dlms/secured", 21, hls_bare="").answer(aarq(more=_gmac(16)))[0]
    assert ACCEPTED + bytes.fromhex("A305A103020100") in aare
    assert bytes.fromhex("890760857405080205") not in aare
    assert bytes.fromhex("AA128010") in aare


def aare_bare() -> None:
    aare = session(aare_bare="").answer(aarq())[0]
    assert aare.endswith(bytes.fromhex("A305A103020100"))


def context_03() -> None:
    assert bytes.fromhex("60857405080103") in session(context_03="").answer(aarq())[0]


def vaa_0007() -> None:
    assert session("dlms/short-names", vaa_0007="").answer(aarq(2))[0].endswith(bytes.fromhex("0007"))
    assert session("dlms/short-names").answer(aarq(2))[0].endswith(bytes.fromhex("FA00"))


def rlre_wrong_length() -> None:
    assert associated(rlre_wrong_length="").answer(bytes.fromhex("6200")) == [bytes.fromhex("6311800100")]


def rlre_empty() -> None:
    assert associated(rlre_empty="").answer(bytes.fromhex("6200")) == [bytes.fromhex("6300")]


def sn_list_in_blocks() -> None:
    one = session("dlms/short-names", sn_list_in_blocks="")
    one.answer(aarq(2, initiate=INITIATE[:-2] + b"\x01\x00"))
    block = one.answer(bytes.fromhex("050102FA08"))[0]
    assert Reader(block[6:]).octets()[:2] == b"\x01\x00"


def silent() -> None:
    made, faults = meter("dlms/household", {"silent": ""})
    assert Sessions(made, faults).answer(16, aarq()) == []


SESSION_CASES: list[Callable[[], None]] = [
    silent, refuse_association, stale_association, late_reply, truncated_apdu, event_notification, close_mid_block, drop_mid_block,
    malformed_last_block, wrong_block_number, wrong_invoke_id, list_blocks_03, wrong_tag, wrong_tag_once, counter_demand,
    deciphering_error, glo_only, gmac_16, gbt_unasked, kill_unknown, clock_garbage, protocol_version, hls_bare, aare_bare, context_03,
    vaa_0007, rlre_wrong_length, rlre_empty, sn_list_in_blocks,
]  # fmt: skip


def _fault(case: Callable[[], None]) -> str:
    return case.__name__.replace("_", "-")


@pytest.mark.parametrize("case", SESSION_CASES, ids=_fault)
def test_session_fault(case: Callable[[], None]) -> None:
    case()


# Frames


class Link:
    """A station, and what a client would hear of it."""

    def __init__(self, info: int = 128, window: int = 1, **asked: str) -> None:
        made, faults = meter("dlms/hdlc-tcp", {name.replace("_", "-"): value for name, value in asked.items()})
        rule = StationRule(max_info_transmit=info, max_info_receive=info, window_transmit=window, window_receive=window)
        sessions = Sessions(made, faults)
        self.station = Station(rule, sessions.answer, sessions.close, faults)
        self.raw = b""
        self.info = info
        self.window = window

    def say(self, control: int, information: bytes = b"") -> list[Frame]:
        self.raw = self.station.feed(Frame(b"\x03", b"\x21", control, information).encode())
        return Splitter().feed(self.raw)

    def snrm(self) -> list[Frame]:
        field = negotiation_field(self.info, self.info, self.window, self.window)
        return self.say(hdlc.SNRM | hdlc.POLL_FINAL, field)

    def request(self, apdu: bytes, ns: int, nr: int) -> list[Frame]:
        return self.say(hdlc.information(ns, nr, final=True), bytes.fromhex("E6E600") + apdu)

    def up(self) -> list[Frame]:
        self.snrm()
        return self.request(aarq(), 0, 0)


def fcs_7e() -> None:
    link, sevens, nr = Link(fcs_7e=""), 0, 0
    link.snrm()
    # The profile ends now: whether a frame can be cut so depends on the moment, in one block of few frames perhaps never.
    blocks = [bytes((0xC0, 2, PROFILE[2])) + number.to_bytes(4, "big") for number in range(1, 6)]
    for ns, (apdu, size) in enumerate([(aarq(), 0), *((one, 3 + 1024) for one in (PROFILE, *blocks))]):
        frames, whole = link.request(apdu, ns, nr), b""
        while frames:
            (frame,) = frames
            assert frame.ns == nr
            sevens += link.raw[-2] == 0x7E
            nr, whole = (nr + 1) % 8, whole + frame.information
            frames = link.say(hdlc.receive_ready(nr)) if frame.segmented else []
        # A block of 1024 bytes, cut where it suits.
        assert len(whole) == size or not size
    assert sevens >= 3


def lost_frame() -> None:
    link = Link(lost_frame="2")
    assert link.up() == []
    assert link.say(hdlc.receive_ready(0))[0].kind == "I"


def lost_frames() -> None:
    link = Link(lost_frames="3")
    assert link.up()
    assert link.request(LDN, 1, 1) == []
    assert link.request(LDN, 1, 1)[0].information.endswith(b"MGT0000012345678")


def deaf_frame() -> None:
    link = Link(deaf_frame="2")
    assert link.up() == []
    assert link.request(aarq(), 0, 0)[0].kind == "I"


def repeat_frame() -> None:
    first, again = Link(repeat_frame="2").up()
    assert first == again


def wrong_fcs() -> None:
    link = Link(wrong_fcs="2")
    assert link.up() == []
    assert link.raw
    assert link.say(hdlc.receive_ready(0))[0].kind == "I"


def noise() -> None:
    link = Link(noise="5")
    assert len(link.snrm()) == 1
    assert link.raw.index(0x7E) == 5


def rnr() -> None:
    link = Link(rnr="2")
    assert link.up()[0].kind == "I"
    (busy,) = link.request(LDN, 1, 1)
    assert busy.kind == "RNR"
    (answer,) = link.say(hdlc.receive_ready(1))
    assert answer.information.endswith(b"MGT0000012345678")


def dm() -> None:
    link = Link(dm="2")
    link.up()
    assert link.request(LDN, 1, 1)[0].unnumbered == hdlc.DM
    assert link.snrm()[0].unnumbered == hdlc.UA


def frmr() -> None:
    link = Link(frmr="2")
    link.up()
    (answer,) = link.request(LDN, 1, 1)
    assert answer.unnumbered == hdlc.FRMR
    assert len(answer.information) == 3


def unasked_ui() -> None:
    ui, answer = Link(unasked_ui="").up()
    assert ui.control == hdlc.UI
    assert answer.kind == "I"


def exception_no_llc() -> None:
    link = Link(exception_no_llc="")
    link.snrm()
    assert link.request(LDN, 0, 0)[0].information == bytes.fromhex("D80101")


def snrm_parameters() -> None:
    link = Link(snrm_parameters="")
    assert link.say(hdlc.SNRM | hdlc.POLL_FINAL) == []
    assert link.snrm()[0].unnumbered == hdlc.UA


def nr_0() -> None:
    link = Link(nr_0="")
    assert link.up()[0].nr == 0
    assert link.request(LDN, 1, 1)[0].nr == 2


def no_negotiation() -> None:
    link = Link(info=1000, no_negotiation="")
    assert link.snrm()[0].information == b""
    link.request(aarq(), 0, 0)
    assert len(link.request(PROFILE, 1, 1)[0].information) == 128


FRAME_CASES: list[Callable[[], None]] = [
    fcs_7e, lost_frame, lost_frames, deaf_frame, repeat_frame, wrong_fcs, noise, rnr, dm, frmr, unasked_ui,
    exception_no_llc, snrm_parameters, nr_0, no_negotiation,
]  # fmt: skip


@pytest.mark.parametrize("case", FRAME_CASES, ids=_fault)
def test_frame_fault(case: Callable[[], None]) -> None:
    case()


def test_a_window_with_a_lost_frame_is_sent_again() -> None:
    link = Link(info=128, window=4, lost_frame="5")
    link.up()
    link.say(hdlc.receive_ready(1))
    first = link.request(PROFILE, 1, 1)
    # The UA, the AARE and an RR were the first three.
    assert [frame.ns for frame in first] == [1, 3, 4]
    again = link.say(hdlc.receive_ready(2))
    assert [frame.ns for frame in again] == [2, 3, 4, 5]
    assert [frame.poll for frame in again] == [False, False, False, True]


def test_every_fault_has_a_case() -> None:
    cases = {_fault(case) for case in [*SESSION_CASES, *FRAME_CASES]}
    assert cases == {*SESSION_FAULTS, *FRAME_FAULTS}
    # On sockets: test_sockets.py.
    assert set(TCP_FAULTS) == {"one-connection", "power-fails", "cover-opens"}
