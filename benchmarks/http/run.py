"""`python -m benchmarks.http.run`: decisions a second from a server that has one core to itself.

The households are drawn from the sample county, as a county's counters would ask; `--cases` asks about the worked
cases instead, of which a third lack facts for up to 36 findings. The server runs on the first core, this client on
another. Exit code 1 when an answer was wrong or missing, or the rate was not held.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.http.client import Outcome, Request, hold, post
from county.marginals import AS_OF
from county.sample import sample
from engine.decision import decide, encode_json
from engine.language.dates import parse_date
from engine.population.documents import document_of
from engine.rulebook import load_rulebook
from engine.rulebook.model import Rulebook
from engine.rulebook.source import plain, read_yaml_file

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
VARIANTS = 25  # of each worked case, so that no two requests in a row are the same
COUNTY = 2000  # households of the sample county, of which some are drawn
DRAWN = 300


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--on", help="the legal date; by default the sample county's, or 2025-10-15")
    parser.add_argument("--cases", action="store_true", help="the worked cases instead of the sample county")
    parser.add_argument("--policies", type=Path, default=ROOT / "policies")
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    server_core, client_cores = cores[0], set(cores[1:]) or {cores[0]}
    book = load_rulebook(given.policies)
    documents = cases() if given.cases else county(book)
    requests, told = requests_for(book, documents, given.on or ("2025-10-15" if given.cases else str(AS_OF)))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", str(port), "--policies", str(given.policies)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {server_core}),
    )
    os.sched_setaffinity(0, client_cores)
    try:
        wait_for(port, server)
        uvloop.run(hold(HOST, port, requests, 100, 2, given.connections))  # warm
        before = cpu_seconds(server.pid)
        outcome = uvloop.run(hold(HOST, port, requests, given.rate, given.seconds, given.connections))
        busy = (cpu_seconds(server.pid) - before) / outcome.seconds
        memory = peak_memory(server.pid)
    finally:
        server.terminate()
        server.wait()
    print(told)
    print_report(outcome, given, busy, memory, f"{server_core}", len(requests))
    held = len(outcome.latencies) / outcome.seconds >= given.rate * 0.99
    sys.exit(0 if held and not outcome.errors else 1)


def requests_for(book: Rulebook, documents: list[dict[str, Any]], on: str) -> tuple[list[Request], str]:
    """A request for each household, with the decision_id that the answer must begin with; and what they are like."""
    day = parse_date(on)
    assert day is not None
    made, open_findings = [], []
    for document in documents:
        decision = decide(book, document, on=day)
        findings = [one for decided in decision.policies.values() for one in decided.findings]
        open_findings.append(sum(one.outcome == "undetermined" for one in findings))
        path = f"/v1/decisions?on={on}&known={on}"
        begins = f'{{"decision_id":"{decision.decision_id}"'.encode()
        made.append(Request(post(HOST, path, encode_json(document)), begins))
    people = statistics.mean(len(one["people"]) for one in documents)
    return made, (
        f"{len(documents)} households of {people:.1f} people, on {on}: {statistics.mean(open_findings):.1f} open "
        f"findings each, {max(open_findings)} at most"
    )


def county(book: Rulebook) -> list[dict[str, Any]]:
    """Households of the sample county."""
    rows = sample(book, COUNTY, seed=1).households.to_pylist()
    return [document_of(row) for row in random.Random(8).sample(rows, DRAWN)]


def cases() -> list[dict[str, Any]]:
    """The worked cases, each in several variants."""
    found = []
    for path in sorted((ROOT / "features" / "households").glob("*.yaml")):
        _, tree, problems = read_yaml_file(path, path.name)
        assert tree is not None and not problems, path
        found.append(plain(tree))
    return [
        one | {"household_id": f"{one['household_id']}-{variant}"}
        for variant in range(VARIANTS)
        for one in found
    ]


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not start")


def cpu_seconds(pid: int, with_ended: bool = False) -> float:
    """Of a process. with_ended: and of those that it has started and that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> float:
    """In megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def print_report(
    outcome: Outcome, given: argparse.Namespace, busy: float, memory: float, core: str, different: int
) -> None:
    done = sorted(outcome.latencies)
    names = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "msgspec")
    print(f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in names))
    print(f"server on core {core}, {given.connections} connections, {different} different requests")
    print(f"asked   {given.rate:.0f} a second for {given.seconds:.0f} s")
    print(f"held    {len(done) / outcome.seconds:.1f} a second, {len(done)} right answers")
    print(f"errors  {len(outcome.errors)}; most requests waiting for a connection: {outcome.most_waiting}")
    for error in outcome.errors[:3]:
        print(f"        {error[:300]!r}")
    if done:
        shares = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9"), (1.0, "max")]
        at = {name: done[min(int(len(done) * share), len(done) - 1)] * 1000 for share, name in shares}
        print("        " + "  ".join(f"{name} {value:.2f} ms" for name, value in at.items()))
    print(f"server  {busy:.0%} of its core, {memory:.0f} MB at most")


if __name__ == "__main__":
    main()
