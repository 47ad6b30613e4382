"""What is installed as dlms-cosem may be distributed with this program: 24.1.0 and later may not, whatever they say of
themselves in their metadata. The licence file counts."""

from __future__ import annotations

from importlib.metadata import distribution


def test_the_licence_file_is_not_the_business_source_license() -> None:
    installed = distribution("dlms-cosem")
    texts = [file.read_text() for file in installed.files or [] if "LICEN" in file.name.upper()]
    assert texts, "the distribution brings no licence file"
    assert not [text for text in texts if "Business Source License" in text]
    assert any("MIT License" in text for text in texts)
