"""Who does what: the handler of each verb and noun, imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module

from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.messages.envelope import Verb

Handler = Callable[[House, Incoming], Awaitable[Sequence[Answer]]]

#: Nouns of what is known of devices, places and customers; ``gateway.headend.master_data`` says of which kind each is.
MASTER_DATA = (
    "MeterConfig",
    "EndDeviceConfig",
    "ComModuleConfig",
    "UsagePointConfig",
    "UsagePointLocationConfig",
    "UsagePointGroups",
    "EndDeviceGroups",
    "CustomerConfig",
    "CustomerAccountConfig",
    "CustomerAgreementConfig",
    "AuxiliaryAgreementConfig",
    "PricingStructureConfig",
    "ServiceCategoryConfig",
    "ServiceLocationConfig",
    "ServiceSupplierConfig",
)

#: verb and noun -> "module:function" in this package.
HANDLERS: Mapping[tuple[Verb, str], str] = {
    (Verb.GET, "MeterReadings"): "asked_readings:get_meter_readings",
    (Verb.CREATE, "MeterReadings"): "asked_readings:create_meter_readings",
    (Verb.GET, "EndDeviceEvents"): "asked_events:get_end_device_events",
    **{
        (verb, "EndDeviceControls"): f"asked_controls:{verb}"
        for verb in (Verb.CREATE, Verb.CHANGE, Verb.CANCEL, Verb.GET)
    },
    **{
        (verb, "MeterReadSchedule"): f"asked_schedules:{verb}"
        for verb in (Verb.CREATE, Verb.CHANGE, Verb.CANCEL, Verb.GET)
    },
    **{
        (verb, noun): f"master_data:{verb}"
        for noun in MASTER_DATA
        for verb in (Verb.CREATE, Verb.CHANGE, Verb.DELETE, Verb.GET)
    },
    **{(verb, "MasterDataLinkageConfig"): "asked_linkages:link" for verb in (Verb.CREATE, Verb.CHANGE, Verb.CLOSE)},
}


def handler(verb: Verb, noun: str) -> Handler:
    """Who does ``verb`` with ``noun``. Raises KeyError when nobody does."""
    module, _, name = HANDLERS[verb, noun].partition(":")
    found: Handler = getattr(import_module(f"{__package__}.{module}"), name)
    return found
