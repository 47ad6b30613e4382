"""DLMS/COSEM (IEC 62056-5-3, -6-1, -6-2, -46, -47): reads, listens to and controls meters.

From the ground up:

* data: ``axdr``, ``axdr_rows``, ``compact_array``, ``cosem_time``, ``cosem_unit``, ``cosem`` (names of objects);
* bytes on a line: ``hdlc_frame`` and ``hdlc``, ``wrapper``, ``mbus_frame``;
* APDUs: ``acse``, ``conformance``, ``ln_apdus``, ``sn_apdus``, ``block_transfer``, ``notification``, ``refusals``;
* security: ``secret``, ``ciphering``, ``security_context``, ``general_ciphering``, ``elliptic``, ``hls``, ``counter``;
* an association and what is asked in it, as generators that yield APDUs: ``association``, ``services``, ``short_names``;
* the same under asyncio: ``channel``, ``client``;
* COSEM to records: ``view``, ``records``, ``selection``, ``profile_rows``, ``paging``, ``meter_reading``, ``meter_profiles``,
  ``meter_logs``, ``meter_objects``, ``meter_control``;
* what a meter pushes: ``push_framing``, ``push_list``, ``push_records``, ``listening``, ``decode``;
* ``meter_map`` (what a device map may say), ``settings`` (a URL and its keys), ``driver``.
"""
