"""IEC 61968-9 payloads and the IEC 61968-100 envelope.

Each message is declared once (``profiles/``, ``envelope.py``) as frozen dataclasses in the order of the schema. The writer
(``writer.py``), the strict reader (``reader.py``) and the generated schemas (``xsd.py``) all follow from the declarations.
"""
