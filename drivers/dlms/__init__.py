"""DLMS/COSEM (IEC 62056-5-3, -6-1, -6-2, -46, -47): reads, listens to and controls meters.

From the ground up: ``axdr`` and ``cosem_time`` (data), ``hdlc_frame``, ``hdlc`` and ``wrapper`` (bytes on a line),
``acse`` and ``xdlms`` (APDUs), ``ciphering`` and ``hls`` (security), ``association`` and ``services`` (an association and
what is asked in it, as generators that yield APDUs), ``channel`` and ``client`` (the same under asyncio), ``objects``
and ``profile`` (COSEM classes to readings), ``notification`` and ``decode`` (what a meter pushes), ``driver``.
"""
