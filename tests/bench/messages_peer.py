"""xsdata beside us: its classes made from our schema, in an environment and a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway.messages import codec
from hil.peers import environment

#: Runs in the peer's environment, in a folder that holds schema.xsd and message.xml. Of xsdata's handlers and writers the
#: fastest counts.
_SCRIPT = """
import gc, json, statistics, subprocess, sys, time
from pathlib import Path
subprocess.run([str(Path(sys.executable).with_name("xsdata")), "generate", "schema.xsd", "--package", "bound"],
               check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
sys.path.insert(0, ".")
import bound
from xsdata.formats.dataclass.context import XmlContext
from xsdata.formats.dataclass.parsers import XmlParser, handlers
from xsdata.formats.dataclass.serializers import XmlSerializer, writers

data = Path("message.xml").read_bytes()
context = XmlContext()

def seconds(run):
    run()
    taken = []
    for _ in range(5):
        gc.collect()
        before = time.process_time()
        run()
        taken.append(time.process_time() - before)
    return statistics.median(taken)

read = {}
for name in ("LxmlEventHandler", "LxmlSaxHandler", "XmlEventHandler", "XmlSaxHandler"):
    if handler := getattr(handlers, name, None):
        parser = XmlParser(context=context, handler=handler)
        read[name] = seconds(lambda: parser.from_bytes(data, bound.MeterReadings))
message = XmlParser(context=context).from_bytes(data, bound.MeterReadings)
write = {}
for name in ("LxmlEventWriter", "XmlEventWriter"):
    if writer := getattr(writers, name, None):
        serializer = XmlSerializer(context=context, writer=writer)
        write[name] = seconds(lambda: serializer.render(message, ns_map={None: "http://iec.ch/TC57/2011/MeterReadings#"}))
        rendered = serializer.render(message, ns_map={None: "http://iec.ch/TC57/2011/MeterReadings#"})
        assert rendered.count("<timeStamp>") == data.count(b"<timeStamp>")
print(json.dumps({"read": read, "write": write}))
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """Processor time of xsdata's fastest reader and writer, and which they are."""

    reader: str
    read: float
    writer: str
    write: float


def peer_seconds(data: bytes) -> Peer:
    """What xsdata takes for ``data``. Raises PeerUnavailable."""
    python = environment.python("xsdata")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schema.xsd").write_text(codec.schema("MeterReadings"))
        (Path(folder) / "message.xml").write_bytes(data)
        # The generator calls its formatter by name.
        path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        command, surroundings = [str(python), "-c", _SCRIPT], {**os.environ, "PATH": path}
        ran = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True, env=surroundings)
    found = json.loads(ran.stdout)
    reader = min(found["read"], key=found["read"].get)
    writer = min(found["write"], key=found["write"].get)
    return Peer(reader, found["read"][reader], writer, found["write"][writer])
