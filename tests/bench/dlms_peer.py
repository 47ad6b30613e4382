# SPDX-License-Identifier: MIT
"""What somebody else's codec takes for the same bytes. Runs in a peer's environment; imports nothing of metergate.

    python dlms_peer.py dlms-cosem|gurux < work.json

work: get (a GET response), title, key, authentication, sealed (protected contents), frames (by information size). Prints
seconds of CPU by task, the best of some runs, as JSON.
"""

import gc
import json
import sys
import time


def best(run, runs=5):
    run()
    taken = []
    for _ in range(runs):
        gc.collect()
        before = time.process_time()
        run()
        taken.append(time.process_time() - before)
    return min(taken)


def dlms_cosem(work):
    import structlog
    from dlms_cosem import cosem, enumerations, parsers, security
    from dlms_cosem.hdlc import state
    from dlms_cosem.hdlc.address import HdlcAddress
    from dlms_cosem.hdlc.connection import HdlcConnection
    from dlms_cosem.protocol.xdlms import GetResponseFactory

    # It logs every frame to stdout unless told not to: that would be measured too.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    kinds = [(8, (0, 0, 1, 0, 0, 255), 2), (1, (0, 0, 96, 10, 1, 255), 2)]
    kinds += [(3, (1, 0, number, 8, 0, 255), 2) for number in (1, 2, 3, 4)]
    columns = [
        cosem.CosemAttribute(enumerations.CosemInterface(kind), cosem.Obis(*name), index) for kind, name, index in kinds
    ]
    get = bytes.fromhex(work["get"])
    title, key, ak = (bytes.fromhex(work[name]) for name in ("title", "key", "authentication"))

    def profile():
        body = GetResponseFactory.from_bytes(get).data
        assert len(parsers.ProfileGenericBufferParser(columns, 15).parse_bytes(body)) == work["rows"]

    def sealed(content):
        control = security.SecurityControlField.from_bytes(content[:1])
        counter = int.from_bytes(content[1:5], "big")

        def opened():
            # What comes out is not kept: fresh pages of memory would be measured too.
            for _ in range(2000):
                security.decrypt(control, title, counter, key, content[5:], ak)

        return opened

    def hdlc(streams):
        found = [bytes.fromhex(frame) for frame in streams]

        def events():
            connection = HdlcConnection(HdlcAddress(16, None, "client"), HdlcAddress(1, None, "server"))
            for frame in found:
                connection.state.current_state = state.AWAITING_RESPONSE
                connection.receive_data(frame)
                while connection.next_event() is state.NEED_DATA:
                    pass  # a flag's octet in the check sequence was taken for the end

        return events

    return {
        "profile": best(profile),
        **{f"gcm {size}": best(sealed(bytes.fromhex(text))) for size, text in work["sealed"].items()},
        **{f"hdlc {size}": best(hdlc(streams), 3) for size, streams in work["frames"].items()},
    }


def gurux(work):
    from gurux_dlms import GXByteBuffer, GXDLMSClient
    from gurux_dlms.enums import DataType
    from gurux_dlms.internal._GXCommon import _GXCommon
    from gurux_dlms.internal._GXDataInfo import _GXDataInfo

    get = bytes.fromhex(work["get"])
    settings = GXDLMSClient(True).settings

    def profile():
        rows = _GXCommon.getData(settings, GXByteBuffer(get[4:]), _GXDataInfo())
        for row in rows:
            row[0] = GXDLMSClient.changeType(row[0], DataType.DATETIME)
        assert len(rows) == work["rows"]

    return {"profile": best(profile, 3)}


if __name__ == "__main__":
    print(json.dumps({"dlms-cosem": dlms_cosem, "gurux": gurux}[sys.argv[1]](json.load(sys.stdin))))
