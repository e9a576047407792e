"""How fast models' tags are read, and how many things are asked for in a second.

    python -m benchmarks.hub.enrichment
    python -m benchmarks.hub.enrichment --models 20000 --things 200 --threads 1 4 --repeats 1

Identification reads a run folder's hf_models.json with made-up models, in a process of its own.
Asking is for made-up base models, of a replay server on this machine, without any pause between
requests, once as it answers and once as if each answer took 100 ms on its way, which is what more
threads are for: without it they share one processor with the server.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx

from benchmarks.measure import ROOT, Cost, replay_server, run

FAR_SECONDS = 0.1


class _Far(httpx.BaseTransport):
    """A network whose answers take FAR_SECONDS longer."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        time.sleep(FAR_SECONDS)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("python -m benchmarks.hub.enrichment", description=__doc__)
    add = parser.add_argument
    add("--models", type=int, default=200_000, metavar="N", help="models to identify")
    add("--things", type=int, default=1000, metavar="N", help="base models to ask for")
    add("--threads", type=int, nargs="+", default=[1, 4, 16], metavar="N")
    add("--repeats", type=int, default=3, metavar="N")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as scratch:
        work = Path(scratch)
        costs = _identification(work, args.models, args.repeats)
        seconds = median(cost.seconds for cost in costs)
        print(
            f"identify {args.models:,} models: {seconds:.1f} s, {args.models / seconds:,.0f}/s, "
            f"{max(cost.peak_mb for cost in costs):,.0f} MB at most"
        )
        print(f"\n{'threads':>7} {'near: base models/s':>20} {'100 ms away':>12}")
        for threads, near, far in _asking(work, args.things, args.threads, args.repeats):
            print(f"{threads:>7} {near:>20,.0f} {far:>12,.0f}")


def _identification(work: Path, models: int, repeats: int) -> list[Cost]:
    path = work / "hf_models.json"
    code = (
        "import sys; from benchmarks.hub import enrichment as own; "
        "getattr(own, sys.argv[1])(sys.argv[2:])"
    )
    command = [sys.executable, "-c", code]
    environment, log = {"PYTHONPATH": str(ROOT)}, work / "runs.log"
    run([*command, "write_models", str(path), str(models)], environment, log)
    return [run([*command, "identify_models", str(path)], environment, log) for _ in range(repeats)]


def write_models(args: list[str]) -> None:
    """Write a run folder's hf_models.json: its path, and how many models."""
    from assay.extract.landing.run_folder import RecordFile, encoded  # noqa: PLC0415
    from benchmarks.hub.synthetic import records  # noqa: PLC0415

    with Path(args[0]).open("wb") as stream:
        out = RecordFile(stream)
        for record in records(int(args[1])):
            out.write(encoded({**record, "_task_id": "any", "_seq": out.count}))
        out.end()


def identify_models(args: list[str]) -> None:
    """Identify what the models of a file point at."""
    from assay.extract.enrichment.identify import identify, read_models  # noqa: PLC0415

    assert identify(read_models(Path(args[0])))  # noqa: S101


def _asking(
    work: Path, things: int, threads: list[int], repeats: int
) -> list[tuple[int, float, float]]:
    """Return (threads, things per second near, things per second far)."""
    from benchmarks.hub.synthetic import write  # noqa: PLC0415 - large, and measured by nobody

    folder = work / "hub"
    folder.mkdir()
    write(folder, things)
    os.environ["HF_HUB_OFFLINE"] = "1"
    with replay_server(folder, work) as endpoint:
        return [
            (
                number,
                *(
                    median(_rate(work, endpoint, folder, number, far=far) for _ in range(repeats))
                    for far in (False, True)
                ),
            )
            for number in threads
        ]


def _rate(work: Path, endpoint: str, folder: Path, threads: int, *, far: bool) -> float:
    """Ask for every model of the folder once, with nothing known; return models per second."""
    from dlt.common.runtime.collector import NullCollector  # noqa: PLC0415

    from assay.extract.enrichment import hub  # noqa: PLC0415
    from assay.extract.enrichment.cache import Answers  # noqa: PLC0415
    from assay.extract.enrichment.workers import WorkerPool  # noqa: PLC0415
    from assay.extract.http.transport import RetryPolicy, parse_json  # noqa: PLC0415
    from assay.extract.hub.client import Hub  # noqa: PLC0415

    lines = (folder / "hf_models.jsonl").read_bytes().splitlines()
    units = [(parse_json(line)["id"],) for line in lines]  # type: ignore[index]
    if far:
        units = units[: max(1, 20 * threads)]
    answers = work / f"answers-{time.monotonic_ns()}.sqlite"
    client = Hub(endpoint, None, RetryPolicy(min_interval=0), inner=_Far() if far else None)
    with client, Answers(answers) as kept:
        started = time.monotonic()
        asked = WorkerPool(kept, threads, NullCollector()).ask_all(
            "base_models", units, lambda unit: [(unit[0], hub.model(client, unit[0]))]
        )
        seconds = time.monotonic() - started
    if asked.failed:
        raise SystemExit(f"{asked.failed} of {asked.ids} failed: {asked.error}")
    return len(units) / seconds


if __name__ == "__main__":
    main()
