"""Enumerations that several messages share."""

from __future__ import annotations

from enum import StrEnum


class CustomerKind(StrEnum):
    """Kind of customer."""

    COMMERCIAL_INDUSTRIAL = "commercialIndustrial"
    ENERGY_SERVICE_SCHEDULER = "energyServiceScheduler"
    ENERGY_SERVICE_SUPPLIER = "energyServiceSupplier"
    INTERNAL_USE = "internalUse"
    OTHER = "other"
    PUMPING_LOAD = "pumpingLoad"
    RESIDENTIAL = "residential"
    RESIDENTIAL_AND_COMMERCIAL = "residentialAndCommercial"
    RESIDENTIAL_AND_STREETLIGHT = "residentialAndStreetlight"
    RESIDENTIAL_FARM_SERVICE = "residentialFarmService"
    RESIDENTIAL_STREETLIGHT_OTHERS = "residentialStreetlightOthers"
    WIND_MACHINE = "windMachine"


class PhaseCode(StrEnum):
    """Phases that are present."""

    A = "A"
    AB = "AB"
    ABC = "ABC"
    ABCN = "ABCN"
    ABN = "ABN"
    AC = "AC"
    ACN = "ACN"
    AN = "AN"
    B = "B"
    BC = "BC"
    BCN = "BCN"
    BN = "BN"
    C = "C"
    CN = "CN"
    N = "N"
    S1 = "s1"
    S12 = "s12"
    S12_N = "s12N"
    S1_N = "s1N"
    S2 = "s2"
    S2_N = "s2N"


class ReadingReasonKind(StrEnum):
    """Why a reading was taken."""

    BILLING = "billing"
    DEMAND_RESET = "demandReset"
    INQUIRY = "inquiry"
    INSTALLATION = "installation"
    LOAD_MANAGEMENT = "loadManagement"
    LOAD_RESEARCH = "loadResearch"
    MOVE_IN = "moveIn"
    MOVE_OUT = "moveOut"
    OTHER = "other"
    REMOVAL = "removal"
    SERVICE_CONNECT = "serviceConnect"
    SERVICE_DISCONNECT = "serviceDisconnect"


class ServiceKind(StrEnum):
    """Kind of service."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    HEAT = "heat"
    INTERNET = "internet"
    OTHER = "other"
    RATES = "rates"
    REFUSE = "refuse"
    SEWERAGE = "sewerage"
    TIME = "time"
    TV_LICENCE = "tvLicence"
    WATER = "water"


class ServiceMultiplierKind(StrEnum):
    """Kind of factor of a service."""

    CT_RATIO = "ctRatio"
    PT_RATIO = "ptRatio"
    TRANSFORMER_RATIO = "transformerRatio"


class SupplierKind(StrEnum):
    """Kind of supplier."""

    OTHER = "other"
    RETAILER = "retailer"
    UTILITY = "utility"
