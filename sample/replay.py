"""The replay server: the source APIs on 127.0.0.1, from a folder of recorded items.

    python -m sample.replay --folder DIR --fault 429:0.1 --fault 500:0.05

The Hub and arXiv, whose paths do not meet, are at the root; each source of posts has its own path
(common/post_sources.py). Each API is there when the folder has its files.

It binds to the loopback address only and never leaves it. A new API is one module beside hub.py and
one entry in APIS, or in common/post_sources.py.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from assay.common import files
from assay.common.post_sources import POST_SOURCES
from assay.sample.apis import replayed
from assay.sample.apis.arxiv import Arxiv
from assay.sample.apis.hub import Hub
from assay.sample.apis.post_index import QUIRKS, parse_quirks
from assay.sample.apis.wikidata import Wikidata
from assay.sample.server import faults as faulty
from assay.sample.server.handler import LoopbackServer
from assay.sample.server.hub_states import STATES, parse_repos
from assay.sample.server.wire import ARXIV_FORMS, Api, Options

APIS: tuple[type[Api], ...] = (Hub, Arxiv, Wikidata, *(replayed(name).API for name in POST_SOURCES))

log = logging.getLogger(__name__)


class ReplayServer:
    """Serves a folder from a thread while the context is open.

    `faults`, `quirks` and `repos` are strings as on the command line. `requests` holds (method,
    path with query, status or kind of fault) of every request in order of arrival, unless
    `remember` is False; `shifted` what `shift` moved. `log` is a file which gets one line per
    request, `clock` what limits and tokens go by.

    Raises FileNotFoundError for a missing folder, or a folder without the files of any API or with
    some but not all of one; ValueError for a fault, quirk or state of a repository that is not
    known, or a number that makes no sense; OSError for a port in use.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        port: int = 0,
        faults: Iterable[str] = (),
        quirks: Iterable[str] = (),
        repos: Iterable[str] = (),
        seed: int = 0,
        quota: int = 500,
        window: int = 300,
        page_cap: int = 1000,
        shift: int = 0,
        arxiv_form: str = ARXIV_FORMS[0],
        clock: Callable[[], float] = time.monotonic,
        log: str | Path | None = None,
        remember: bool = True,
    ) -> None:
        self.faults = faulty.Faults(faulty.parse(faults), seed)
        options = Options(
            seed,
            quota,
            window,
            page_cap,
            shift,
            parse_quirks(quirks),
            parse_repos(repos),
            arxiv_form,
            clock,
        )
        self.apis = [api.open(Path(folder), options) for api in served(Path(folder))]
        self.requests: list[tuple[str, str, int | str]] = []
        self.closing = threading.Event()
        self._remember, self._admitted, self._lock = remember, 0, threading.Lock()
        self._log = Path(log).open("a", encoding="utf-8", buffering=1) if log else None  # noqa: SIM115
        self._http = LoopbackServer(port, self)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def shifted(self) -> list[dict[str, Any]]:
        """What moved between pages, of all APIs."""
        return [move for api in self.apis for move in getattr(api, "shifted", ())]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop accepting, end the open connections, and wait for the server's thread."""
        if self.closing.is_set():
            return
        self.closing.set()
        self.stop_accepting()
        self._http.end_connections()
        if self._thread.is_alive():
            self._thread.join(5)
        if self._log:
            self._log.close()

    def stop_accepting(self) -> None:
        """Close the listening socket: from now on connections are refused."""
        if self._thread.is_alive():
            self._http.shutdown()
        self._http.server_close()

    def route(self, path: str) -> Api | None:
        """The API that owns a path."""
        for api in self.apis:
            if any(path == own or path.startswith(own + "/") for own in api.paths):
                return api
        return None

    def admit(self) -> tuple[bool, bool]:
        """(Whether the server still lives, whether this is its last answer) under gone-after:N."""
        limit = self.faults.plan.gone_after
        if limit is None:
            return True, False
        with self._lock:
            self._admitted += 1
            return self._admitted <= limit, self._admitted == limit

    def note(self, method: str, target: str, outcome: int | str) -> None:
        """Remember and log one request."""
        if self._remember:
            self.requests.append((method, target, outcome))
        if self._log:
            with contextlib.suppress(ValueError):  # closed while this request was in flight
                stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                self._log.write(f"{stamp} {outcome} {method} {target}\n")


def served(folder: Path) -> list[type[Api]]:
    """The APIs whose files a folder has.

    Raises FileNotFoundError when it has none, or a part of those that one API needs.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}")
    missing = {api: [n for n in api.needs if not (folder / n).is_file()] for api in APIS}
    found = [api for api in APIS if len(missing[api]) < len(api.needs)]
    lacking = [name for api in found or APIS for name in missing[api]]
    if lacking:
        raise FileNotFoundError(f"{folder} has no {' and no '.join(lacking)}")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns 0; 2 for wrong usage; 1 when the port is taken."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    args = vars(_parser().parse_args(argv))
    port_file = args.pop("port_file")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        server = ReplayServer(**args, remember=False)
    except (FileNotFoundError, ValueError) as error:
        sys.stderr.write(f"replay: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"replay: cannot serve: {error}\n")
        return 1
    gc.collect()
    gc.freeze()  # what is loaded stays: a page of a thousand dicts need not walk it again
    with server, _written(port_file, server.url.rpartition(":")[2]):
        print(f"replay: {args['folder']} at {server.url}", flush=True)  # noqa: T201
        threading.Event().wait()  # until a signal exits
    return 0


@contextlib.contextmanager
def _written(path: Path | None, text: str) -> Iterator[None]:
    """The file holds `text` while the context is open; whole or not at all."""
    if path is None:
        yield
        return
    try:
        files.write(path, text + "\n")
        yield
    finally:
        path.unlink(missing_ok=True)


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m sample.replay", None, __doc__, formatter_class=raw)
    add = parser.add_argument
    add("--folder", required=True, type=Path, help="recorded items")
    add("--port", type=int, default=0, help="0 (default): a free one")
    add("--port-file", type=Path, help="gets the port once it is bound; removed at the end")
    add(
        "--fault",
        dest="faults",
        action="append",
        default=[],
        metavar="KIND[@API]:SHARE",
        help=f"again for more; {', '.join(faulty.KINDS)}; or {faulty.GONE_AFTER}:N; or "
        f"{faulty.DOWN}:API, one of {', '.join(faulty.WHERE)}",
    )
    add(
        "--quirk",
        dest="quirks",
        action="append",
        default=[],
        metavar="NAME[:N]",
        help=f"again for more; {', '.join(QUIRKS)}",
    )
    add(
        "--repo",
        dest="repos",
        action="append",
        default=[],
        metavar="STATE:ID",
        help=f"again for more; {', '.join(STATES)} (OLD=NEW); a dataset's is datasets/ID",
    )
    add(
        "--arxiv-form",
        choices=ARXIV_FORMS,
        default=ARXIV_FORMS[0],
        help="as arXiv answers since late 2025 (default), or before",
    )
    add("--seed", type=int, default=0, help="for faults, shifts and arXiv's order of entries")
    add(
        "--quota",
        type=int,
        default=500,
        help="Hub: requests per window (default 500); 0: no limits for all",
    )
    add("--window", type=int, default=300, help="Hub: seconds (default 300)")
    add("--page-cap", type=int, default=1000, help="most items on a page (default 1000)")
    add("--shift", type=int, default=0, help="models that move between two pages (default 0)")
    add("--log", type=Path, help="file for one line per request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
