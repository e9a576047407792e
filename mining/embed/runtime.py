"""OpenVINO, imported without its converter.

`import openvino` also imports openvino.tools.ovc, whose telemetry looks up the name of an analytics
server and writes an id below the home folder, asked or not. OpenVINO does without that part when it
cannot be imported, and so do we: the graph is built by hand.
"""

import sys

_CONVERTER = "openvino.tools.ovc"

if "openvino" not in sys.modules:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # makes importing it fail
try:
    import openvino as ov
    from openvino import opset15 as op
finally:
    if sys.modules.get(_CONVERTER, "absent") is None:
        del sys.modules[_CONVERTER]

__all__ = ["op", "ov"]
