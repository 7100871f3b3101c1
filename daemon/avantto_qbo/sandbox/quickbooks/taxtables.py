"""The sales tax codes and rates a new company of each kind has: the usual ones of its country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CodeRow(NamedTuple):
    """A tax code and the ids of its sales rates."""

    id: str
    name: str
    rates: tuple[str, ...]


class RateRow(NamedTuple):
    """A tax rate in percent."""

    id: str
    name: str
    percent: str


class TaxTable(NamedTuple):
    """What is planted in a company."""

    rates: tuple[RateRow, ...]
    codes: tuple[CodeRow, ...]


PSEUDO = (CodeRow("TAX", "TAX", ()), CodeRow("NON", "NON", ()))
TAX_FREE = "No VAT"
_MANUAL = TaxTable(
    (
        RateRow("1", "Texas State", "6.25"),
        RateRow("2", "City of Austin", "2"),
        RateRow("3", "Colorado State", "2.9"),
        RateRow("4", "Out of state", "0"),
    ),
    (
        *PSEUDO,
        CodeRow("2", "Texas 8.25", ("1", "2")),
        CodeRow("3", "Colorado 2.9", ("3",)),
        CodeRow("4", "Out of state", ("4",)),
    ),
)
_UK = TaxTable(
    (
        RateRow("1", "20.0% S (Sales)", "20"),
        RateRow("2", "5.0% R (Sales)", "5"),
        RateRow("3", "0.0% Z (Sales)", "0"),
        RateRow("4", "Exempt (Sales)", "0"),
        RateRow("5", "No VAT (Sales)", "0"),
    ),
    (
        CodeRow("2", "20.0% S", ("1",)),
        CodeRow("3", "5.0% R", ("2",)),
        CodeRow("4", "0.0% Z", ("3",)),
        CodeRow("5", "Exempt", ("4",)),
        CodeRow("6", TAX_FREE, ("5",)),
    ),
)
_CA = TaxTable(
    (
        RateRow("1", "GST", "5"),
        RateRow("2", "PST (BC)", "7"),
        RateRow("3", "HST (ON)", "13"),
        RateRow("4", "Zero-rated", "0"),
        RateRow("5", "QST", "9.975"),
    ),
    (
        CodeRow("2", "GST", ("1",)),
        CodeRow("3", "GST/PST BC", ("1", "2")),
        CodeRow("4", "HST ON", ("3",)),
        CodeRow("5", "Zero-rated", ("4",)),
        CodeRow("6", "GST/QST QC", ("1", "5")),
    ),
)
_AU = TaxTable(
    (RateRow("1", "GST (Sales)", "10"), RateRow("2", "GST free (Sales)", "0")),
    (CodeRow("2", "GST", ("1",)), CodeRow("3", "GST free", ("2",))),
)
TABLES: Mapping[str, TaxTable] = {"us_manual": _MANUAL, "uk": _UK, "ca": _CA, "au": _AU}
