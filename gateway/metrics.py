"""What can be measured of a running gateway, for Prometheus: ``GET /metrics`` on an address of its own.

Figures are collected when they are asked for; nothing is counted twice to be shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from drivers.errors import UsageError
from gateway.config.model import MetricsTable
from gateway.parts import Parts


class GatewayCollector(Collector):
    """The figures of one gateway."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        jobs = CounterMetricFamily("metergate_jobs", "Reads by link and how they ended.", labels=("link", "result"))
        waiting = GaugeMetricFamily("metergate_jobs_waiting", "Reads that wait at a link.", labels=("link",))
        for link, worker in self._parts.workers.items():
            counts = worker.counts
            for result, number in (
                ("done", counts.done),
                ("failed", counts.failed),
                ("skipped", counts.skipped),
                ("refused", counts.refused),
            ):
                jobs.add_metric((link, result), number)
            waiting.add_metric((link,), worker.waiting)
        yield from (jobs, waiting)
        yield from self._sinks()
        if self._parts.door is not None:
            asked = CounterMetricFamily(
                "metergate_requests", "Requests by source, noun and outcome.", labels=("source", "noun", "outcome")
            )
            for (source, noun, outcome), number in self._parts.door.counts.items():
                asked.add_metric((source, noun, outcome), number)
            yield asked
        trouble = GaugeMetricFamily("metergate_trouble", "1 for what is not well now.", labels=("what",))
        for what in self._parts.states.troubles():
            trouble.add_metric((what,), 1)
        yield trouble

    def _sinks(self) -> Iterator[Metric]:
        messages = CounterMetricFamily(
            "metergate_messages", "Messages by sink and outcome.", labels=("sink", "outcome")
        )
        for sink, delivery in self._parts.deliveries.items():
            counts = delivery.counts
            for outcome, number in (
                ("delivered", counts.delivered),
                ("retried", counts.retried),
                ("refused", counts.refused),
            ):
                messages.add_metric((sink, outcome), number)
        yield messages
        lost = CounterMetricFamily(
            "metergate_messages_lost", "Messages given up, ever.", labels=("sink", "class", "reason")
        )
        for (sink, kind, reason), number in self._parts.outbox.losses().result(5).items():
            lost.add_metric((sink, kind, reason), number)
        yield lost


@contextmanager
def serving(parts: Parts, table: MetricsTable) -> Iterator[None]:
    """Serve the figures at the address of ``table``. Raises UsageError when it cannot be had."""
    registry = CollectorRegistry()
    registry.register(GatewayCollector(parts))
    try:
        server, thread = start_http_server(table.port, table.address, registry)
    except OSError as error:
        raise UsageError(
            f"cannot be listened on ({error.strerror})",
            where=f"[gateway.metrics] {table.address}:{table.port}",
            do="choose another port",
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
