"""``metergate message``: faults with line and XPath, messages as tables, schemas and samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lxml import etree

from drivers.errors import UsageError
from gateway.cli import command
from gateway.messages.catalogue import PAYLOADS
from gateway.messages.envelope import ENVELOPES


def run(*args: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(command, ["message", *map(str, args)], input=data)


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    file = tmp_path / "readings.xml"
    file.write_bytes(run("sample", "MeterReadings").stdout_bytes)
    return file


def spoil(file: Path, old: str, new: str) -> Path:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return file


@pytest.mark.parametrize("name", [*PAYLOADS, *ENVELOPES])
def test_every_sample_is_valid(name: str) -> None:
    for turn in ("0", "1", "2", "3"):
        made = run("sample", name, "--turn", turn)
        assert made.exit_code == 0
        checked = run("validate", "-", data=made.stdout_bytes)
        assert (checked.exit_code, checked.stdout) == (0, f"-: valid {name} (2013)\n")


def test_every_fault_is_said_with_line_and_xpath(readings: Path) -> None:
    spoil(readings, "<isCoincidentTrigger>true<", "<isCoincidentTrigger>perhaps<")
    spoil(readings, "<multiplyBeforeAdd>", "<wrong/><multiplyBeforeAdd>")
    result = run("validate", str(readings), "--format", "json")
    assert result.exit_code == 2
    faults = [json.loads(line) for line in result.stdout.splitlines()]
    lines = readings.read_text().splitlines()
    assert len(faults) >= 2
    for fault in faults:
        assert fault["type"] == "violation"
        assert fault["schema"] == "metergate"
        assert ("perhaps" in lines[fault["line"] - 1]) or ("wrong" in lines[fault["line"] - 1])
    assert {fault["xpath"] for fault in faults} >= {
        "/MeterReadings/MeterReading[1]/isCoincidentTrigger",
        "/MeterReadings/MeterReading[1]/IntervalBlocks[1]/PendingCalculation/wrong",
    }


def test_what_only_the_strict_reader_sees_has_its_line_too(readings: Path) -> None:
    spoil(readings, "2026-01-01T00:15:00Z", "2026-01-01T00:15:00")
    result = run("validate", str(readings))
    assert result.exit_code == 2
    place, _, what = result.stdout.partition(": /MeterReadings/")
    number = int(place.rpartition(":")[2])
    assert "2026-01-01T00:15:00<" in readings.read_text().splitlines()[number - 1]
    assert "names no zone" in what


def test_a_fault_in_a_payload_inside_the_envelope(tmp_path: Path) -> None:
    inside = run("sample", "EndDeviceEvents").stdout.partition("\n")[2].replace("createdDateTime", "created")
    file = tmp_path / "event.xml"
    file.write_text(
        '<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>created</Verb>'
        f"<Noun>EndDeviceEvents</Noun></Header><Payload>\n{inside}</Payload></EventMessage>"
    )
    result = run("validate", str(file))
    assert result.exit_code == 2
    assert "/EventMessage/Payload/EndDeviceEvents/EndDeviceEvent[1]/created: " in result.stdout


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<a><b></a>", "well-formed"),
        (b"", "well-formed"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"<a/>", "no message that is known"),
    ],
)
def test_what_is_no_message_is_a_violation_too(data: bytes, words: str) -> None:
    result = run("validate", "-", data=data)
    assert result.exit_code == 2
    assert words in result.stdout


def test_one_bad_file_among_good_ones_is_named(readings: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("<nothing/>")
    result = run("validate", str(readings), str(bad))
    assert result.exit_code == 2
    assert f"{readings}: valid" in result.stdout
    assert f"{bad}: /nothing: " in result.stdout


def test_a_utilitys_own_schemas_are_checked_as_well(readings: Path, tmp_path: Path) -> None:
    folder = tmp_path / "schemas" / "of the utility"
    folder.mkdir(parents=True)
    ours = run("schema", "MeterReadings").stdout
    (folder / "MR.xsd").write_text(
        ours.replace('name="Names" type="m:Name" minOccurs="0"', 'name="Names" type="m:Name"')
    )
    assert run("validate", str(readings), "--schema-dir", str(folder.parent)).exit_code == 0
    spoil(readings, "<Meter>", "<Meter><!-- nameless -->")
    text = readings.read_text()
    start = text.index("<Meter>")
    end = text.index("</Meter>", start)
    readings.write_text(text[:start] + "<Meter><mRID>1</mRID>" + text[end:])
    assert run("validate", str(readings)).exit_code == 0
    result = run("validate", str(readings), "--schema-dir", str(folder.parent))
    assert result.exit_code == 2
    assert "/MeterReadings/MeterReading[1]/Meter: " in result.stdout
    assert "(MR.xsd)" in result.stdout


def test_a_message_that_the_utilitys_schemas_do_not_know(readings: Path, tmp_path: Path) -> None:
    (tmp_path / "other.xsd").write_text(run("schema", "EndDeviceEvents").stdout)
    result = run("validate", str(readings), "--schema-dir", str(tmp_path))
    assert isinstance(result.exception, UsageError)
    assert "no schema declares MeterReadings" in str(result.exception)


@pytest.mark.parametrize(
    "content",
    [
        None,
        "<not",
        "<a/>",
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="x" type="y"/></xs:schema>',
    ],
)
def test_a_folder_without_usable_schemas_is_a_usage_error(tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "schemas"
    folder.mkdir()
    if content is not None:
        (folder / "a.xsd").write_text(content)
    result = run("validate", "-", "--schema-dir", str(folder), data=b"<x/>")
    assert isinstance(result.exception, UsageError)


def test_the_oracle_serves_as_a_utilitys_schemas(oracle_xsd: Path, readings: Path) -> None:
    assert run("validate", str(readings), "--schema-dir", str(oracle_xsd)).exit_code == 0


def test_readings_are_shown_as_a_table(readings: Path) -> None:
    shown = run("show", str(readings)).stdout
    assert "MeterReadings, edition 2013" in shown
    assert "12345.678  kWh   0.0.0.1.1.1.12" in shown
    rows = [json.loads(line) for line in run("show", str(readings), "--format", "json").stdout.splitlines()]
    assert {row["type"] for row in rows} == {"reading", "event"}
    assert rows[0]["value"] == "12345.678"


@pytest.mark.parametrize("name", [*PAYLOADS, *ENVELOPES])
def test_every_message_is_shown_with_all_its_content(name: str) -> None:
    data = run("sample", name).stdout_bytes
    result = run("show", "-", data=data)
    assert result.exit_code == 0
    if name not in ("MeterReadings", "EndDeviceEvents"):
        words = {element.text for element in etree.fromstring(data).iter() if not len(element) and element.text}
        missing = {word for word in words if word not in result.stdout}
        assert not missing or name in ENVELOPES


def test_what_is_wrong_is_not_shown(readings: Path) -> None:
    result = run("show", str(spoil(readings, "<isCoincidentTrigger>true<", "<isCoincidentTrigger>x<")))
    assert isinstance(result.exception, UsageError)
    assert "/MeterReadings/MeterReading[1]/isCoincidentTrigger" in str(result.exception)


def test_schemas_go_to_stdout_or_a_folder(tmp_path: Path) -> None:
    one = run("schema", "MeterReadings")
    etree.XMLSchema(etree.XML(one.stdout_bytes))
    assert run("schema", "--out", str(tmp_path / "xsd")).exit_code == 0
    written = {file.stem for file in (tmp_path / "xsd").glob("*.xsd")}
    assert written == {*PAYLOADS, "Message"}
    assert (tmp_path / "xsd" / "MeterReadings.xsd").read_text() == one.stdout
    listed = run("schema").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(PAYLOADS)


@pytest.mark.parametrize("args", [["schema", "Nonsense"], ["sample", "Nonsense"], ["schema", "MeterReadings", "MeterConfig"], ["show", "/no/such/file"], ["validate", "/no/such/file"]])  # fmt: skip
def test_what_cannot_be_done_is_a_usage_error(args: list[str]) -> None:
    assert isinstance(run(*args).exception, UsageError)


def test_the_wsdl_of_a_service_goes_to_stdout_and_those_of_all_into_a_folder(tmp_path: Path) -> None:
    one = run("schema", "--wsdl", "GetMeterReadings", "--address", "https://gateway.example/soap")
    root = etree.fromstring(one.stdout_bytes)
    assert root.get("name") == "GetMeterReadings"
    assert (
        root.find(".//{http://schemas.xmlsoap.org/wsdl/soap/}address").get("location") == "https://gateway.example/soap"
    )
    listed = [line.split()[0] for line in run("schema", "--wsdl").stdout.splitlines()]
    assert {"GetMeterReadings", "ExecuteEndDeviceControls", "ReceiveEndDeviceEvents"} <= set(listed)
    assert run("schema", "--wsdl", "--out", str(tmp_path)).exit_code == 0
    assert sorted(file.stem for file in tmp_path.iterdir()) == sorted(listed)


@pytest.mark.parametrize("names", [["Weather"], ["GetMeterReadings", "GetMeterConfig"], ["ReceiveUsagePointConfig"]])
def test_a_service_that_is_none_and_two_on_one_stream_are_usage_errors(names: list[str]) -> None:
    assert isinstance(run("schema", "--wsdl", *names).exception, UsageError)
