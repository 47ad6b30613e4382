"""Profile generic (class 7): a buffer of rows, read whole, by range or by entry (IEC 62056-6-2, 4.3.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hil.dlms.axdr import ARRAY, ENUM, INT8, OCTETS, UINT16, UINT32, Data, array, octets, structure
from hil.dlms.cosem_object import OTHER, TYPE_UNMATCHED, Attribute, CosemObject, Refused, Selection, computed, fixed
from hil.dlms.meter_clock import MeterClock

RANGE, ENTRY = 1, 2
FIFO = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A capture object: class, logical name, attribute index, data index."""

    class_id: int
    name: bytes
    attribute: int = 2
    index: int = 0

    @property
    def data(self) -> Data:
        return structure(
            Data(UINT16, self.class_id), octets(self.name), Data(INT8, self.attribute), Data(UINT16, self.index)
        )

    @classmethod
    def of(cls, data: Data) -> Column:
        class_id, name, attribute, index = (element.value for element in data.value)
        return cls(class_id, name, attribute, index)


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: the moment it is sorted by, and its cells."""

    moment: datetime
    cells: tuple[Data, ...]


#: How a buffer writes its rows: gets the rows of chosen columns.
Writer = Callable[[Sequence[tuple[Data, ...]]], Data]


def plain(rows: Sequence[tuple[Data, ...]]) -> Data:
    """An array of structures, every cell as it is."""
    return array(structure(*cells) for cells in rows)


class ProfileGeneric:
    """The buffer is made when it is read: ``rows`` gives all entries, oldest first."""

    def __init__(
        self,
        name: bytes,
        columns: Sequence[Column],
        rows: Callable[[], Sequence[Row]],
        clock: MeterClock,
        *,
        period_s: int,
        size: int,
        write: Writer = plain,
        clear: Callable[[], None] | None = None,
        selectors: Sequence[int] = (RANGE, ENTRY),
    ) -> None:
        self.name = name
        self.columns = list(columns)
        self._rows = rows
        self._clock = clock
        self._period_s = period_s
        self._size = size
        self._write = write
        self._clear = clear
        self._selectors = tuple(selectors)

    def object(self) -> CosemObject:
        return CosemObject(
            7,
            1,
            self.name,
            {
                2: Attribute(self._buffer, None, self._selectors),
                3: fixed(array(column.data for column in self.columns)),
                4: fixed(Data(UINT32, self._period_s)),
                5: fixed(Data(ENUM, FIFO)),
                6: fixed(self.columns[0].data),
                7: computed(lambda: Data(UINT32, len(self._rows()))),
                8: fixed(Data(UINT32, self._size)),
            },
            {1: self._reset, 2: lambda _: None},
        )

    def _reset(self, _: Data | None) -> None:
        if self._clear is not None:
            self._clear()

    def _buffer(self, selection: Selection | None) -> Data:
        rows, columns = list(self._rows()), list(range(len(self.columns)))
        if selection is not None:
            try:
                rows, columns = self._select(selection, rows)
            except (ValueError, TypeError, IndexError):
                raise Refused(TYPE_UNMATCHED) from None
        return self._write([tuple(row.cells[number] for number in columns) for row in rows])

    def _select(self, selection: Selection, rows: list[Row]) -> tuple[list[Row], list[int]]:
        parameters = selection.parameters.value
        if selection.selector == RANGE:
            return self._range(parameters, rows)
        if selection.selector == ENTRY:
            first, last, left, right = (parameter.value for parameter in parameters)
            chosen = rows[max(first, 1) - 1 : last or None]
            return chosen, list(range(max(left, 1) - 1, min(right or len(self.columns), len(self.columns))))
        raise Refused(OTHER)

    def _range(self, parameters: Sequence[Any], rows: list[Row]) -> tuple[list[Row], list[int]]:
        """restricting_object, from_value, to_value, selected_values; an empty array selects every column."""
        restricting, low, high, selected = parameters
        # Only the column by which the buffer is sorted may restrict it.
        if Column.of(restricting) != self.columns[0] or selected.tag != ARRAY:
            raise Refused(OTHER)
        since, until = self._moment(low), self._moment(high)
        chosen = [
            row for row in rows if (since is None or row.moment >= since) and (until is None or row.moment <= until)
        ]
        if not selected.value:
            return chosen, list(range(len(self.columns)))
        wanted = [Column.of(element) for element in selected.value]
        if any(column not in self.columns for column in wanted):
            raise Refused(OTHER)
        return chosen, [number for number, column in enumerate(self.columns) if column in wanted]

    def _moment(self, data: Data) -> datetime | None:
        if data.tag not in (OCTETS, 25):
            raise Refused(TYPE_UNMATCHED)
        return self._clock.read(data.value)
