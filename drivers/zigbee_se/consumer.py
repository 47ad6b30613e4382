"""The stick as a guest in a utility's network: a router that joins by its own install code, and never a trust centre.

bellows drives coordinators only (bellows #420): each override says what it keeps bellows from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import bellows.types
import bellows.zigbee.application as stock
import zigpy.types as t
from zigpy.exceptions import NetworkNotFormed
from zigpy.zdo.types import LogicalType

from drivers.zigbee_se.application import Arrived, SeApplication, accepted, zigpy_eui64
from drivers.zigbee_se.install_code import InstallCode

#: What it asks the network for by the key of its install code, and takes no network key that comes in the clear.
_SECURITY = (
    bellows.types.EmberInitialSecurityBitmask.HAVE_PRECONFIGURED_KEY
    | bellows.types.EmberInitialSecurityBitmask.TRUST_CENTER_GLOBAL_LINK_KEY
    | bellows.types.EmberInitialSecurityBitmask.REQUIRE_ENCRYPTED_KEY
)
_ZIGBEE_PRO = 2
#: Exponent of the time on each channel: (2^4 + 1) x 15.36 ms.
_SCAN_DURATION = 4
#: Seconds until a network has let the stick in, or has not.
_JOIN_S = 12.0
_TRUST_CENTRE = 0x0000


class ConsumerApplication(SeApplication):
    """One stick in another's network. ``code`` is the stick's own install code, which the utility was told; with it the stick
    joins where it is in no network yet.
    """

    without_network = "metergate pan join takes it into the utility's, while that is open for it"

    def __init__(
        self, config: dict[str, Any], arrived: Callable[[Arrived], None], code: InstallCode | None = None
    ) -> None:
        super().__init__(config, arrived)
        self._code = code

    async def begin(self) -> None:
        """Take up the membership, or join. Raises NetworkNotFormed."""
        try:
            await self.startup()
        except NetworkNotFormed:
            if self._code is None:
                raise
            await self.connect()
            try:
                await self._join(self._code)
                await self.initialize()
            except BaseException:
                await self.shutdown(db=False)
                raise

    async def _join(self, code: InstallCode) -> None:
        ezsp = self._ezsp
        found = await ezsp.startScan(
            scanType=bellows.types.EzspNetworkScanType.ACTIVE_SCAN,
            channelMask=bellows.types.Channels.ALL_CHANNELS,
            duration=_SCAN_DURATION,
        )
        networks = [one[0] for one in sorted(found, key=lambda one: -int(one[2]))]
        wanted = [one for one in networks if one.allowingJoin and one.stackProfile == _ZIGBEE_PRO]
        if not wanted:
            raise NetworkNotFormed(f"{len(networks)} networks within reach, and none is open")
        for network in wanted:
            if await self._enter(network, code):
                return
        raise NetworkNotFormed(f"none of {len(wanted)} open networks let it in: was the utility told its install code?")

    async def _enter(self, network: Any, code: InstallCode) -> bool:
        ezsp = self._ezsp
        state = bellows.types.EmberInitialSecurityState(
            bitmask=_SECURITY,
            preconfiguredKey=bellows.types.KeyData(code.link_key),
            networkKey=bellows.types.KeyData(bytes(16)),
            networkKeySequenceNumber=0,
            preconfiguredTrustCenterEui64=bellows.types.EUI64(zigpy_eui64(bytes(8))),
        )
        accepted((await ezsp.setInitialSecurityState(state=state))[0], "its security settings")
        parameters = bellows.types.EmberNetworkParameters(
            extendedPanId=network.extendedPanId,
            panId=network.panId,
            radioTxPower=stock.DEFAULT_TX_POWER,
            radioChannel=network.channel,
            joinMethod=bellows.types.EmberJoinMethod.USE_MAC_ASSOCIATION,
            nwkManagerId=bellows.types.EmberNodeId(_TRUST_CENTRE),
            nwkUpdateId=network.nwkUpdateId,
            channels=bellows.types.Channels(1 << network.channel),
        )
        with ezsp.wait_for_stack_status(bellows.types.sl_Status.NETWORK_UP) as up:
            said = await ezsp.joinNetwork(nodeType=bellows.types.EmberNodeType.ROUTER, parameters=parameters)
            accepted(said[0], "the network's parameters")
            try:
                async with asyncio.timeout(_JOIN_S):
                    await up
            except TimeoutError:
                return False
        return True

    async def load_network_info(self, *, load_devices: bool = False) -> None:
        """bellows takes no network whose coordinator the stick is not."""
        ezsp, kind = self._ezsp, None
        asked = ezsp.getNetworkParameters

        async def as_coordinator() -> Any:
            nonlocal kind
            status, kind, parameters = await asked()
            return status, bellows.types.EmberNodeType.COORDINATOR, parameters

        ezsp.getNetworkParameters = as_coordinator
        try:
            await super().load_network_info(load_devices=load_devices)
        finally:
            del ezsp.getNetworkParameters
        if kind == bellows.types.EmberNodeType.COORDINATOR:
            raise NetworkNotFormed("it is the coordinator of a network of its own, not a guest")
        self.state.node_info.logical_type = LogicalType.Router

    async def start_network(self) -> None:
        """bellows' repair writes the stick's own EUI64 over the trust centre's: the end of the membership."""
        repair = stock.repairs.fix_invalid_tclk_partner_ieee
        stock.repairs.fix_invalid_tclk_partner_ieee = _no_repair
        try:
            await super().start_network()
        finally:
            stock.repairs.fix_invalid_tclk_partner_ieee = repair
        _, security = await self._ezsp.getCurrentSecurityState()
        coordinator = t.NWK.convert("0000")
        self.handle_join(coordinator, t.EUI64(security.trustCenterLongAddress), coordinator)

    async def permit(self, time_s: int = 60, node: t.EUI64 | str | None = None) -> None:
        """A guest opens and closes nobody's door; zigpy closes it at every start."""


async def _no_repair(ezsp: object) -> bool:
    return False
