"""What the default engine loads, and whom it asks: no torch, and nobody."""

import json
import subprocess
import sys
from pathlib import Path

from assay.mining.embed import load_engine

LOADED = """
import json, socket, sys
from pathlib import Path
asked = []
for name in ("getaddrinfo", "create_connection"):
    setattr(socket, name, lambda *rest: asked.append(str(rest)))
socket.socket.connect = lambda *rest: asked.append(str(rest))
from assay.mining.embed import embed, load_engine
embed(["a text"], load_engine("openvino", Path(sys.argv[1])))
names = [name for name in ("torch", "transformers", "openvino_telemetry") if name in sys.modules]
print(json.dumps([names, asked]))
"""


def test_openvino_needs_no_torch_and_asks_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOADED, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == [[], []]


def test_an_engine_of_few_threads_is_bound_to_no_processor(tmp_path: Path) -> None:
    """OpenVINO binds from the first processor on: two processes of one thread had one together."""
    engine = load_engine("openvino", tmp_path, threads=1)
    compiled = engine._request.get_compiled_model()
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1
    assert compiled.get_property("ENABLE_CPU_PINNING") is False
