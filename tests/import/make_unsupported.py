# SPDX-License-Identifier: Apache-2.0
# requirements: ai-edge-litert==2.3.0 numpy==2.4.6
"""Writes tests/import/unsupported.tflite, nearly every operator of which is refused for another reason, and
tests/import/open_batch.tflite, whose first extent is open.

    python3 tests/import/make_unsupported.py
"""
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "models"))
from make_tflite_ops import F32, I16, I32, I8, Model  # noqa: E402

m = Model()
x = m.input((1, 8), F32)
m.op("CUSTOM", [x], [((1, 4), F32)], case="boxes")
m.codes[-1].customCode = "TFLite_Detection_PostProcess"
y = m.op("CUSTOM", [x], [((1, 8), F32)], case="flex")
m.codes[-1].customCode = "FlexErf"
m.op("UNIDIRECTIONAL_SEQUENCE_LSTM", [x], [((1, 8), F32)], case="lstm")
m.op("ADD", [m.input((1, 8), I16, 0.001), m.input((1, 8), I16, 0.001)], [((1, 8), I16, 0.002)], "AddOptions", case="wide_sum")
m.op("FULLY_CONNECTED", [y, m.const(np.zeros((4, 8), np.int8), 0.1), -1], [((1, 4), F32)], "FullyConnectedOptions", case="hybrid")
m.op("NEG", [m.input((1, 8), I8, 0.1)], [((1, 8), I8, 0.1)], case="negated")
m.op("ADD", [x, x], [((1, 8), F32)], "AddOptions", case="tanh_sum", fusedActivationFunction=4)
m.op("RESHAPE", [x, m.input((2,), I32)], [((), F32)], "ReshapeOptions", case="reshaped")
(HERE / "unsupported.tflite").write_bytes(m.bytes())

m = Model()
x = m.input((1, 6), F32)
m.tensors[x].shapeSignature = np.int32([-1, 6])
shape = m.op("SHAPE", [x], [((2,), I32)], "ShapeOptions", outType=I32, step=True)
batch = m.op("STRIDED_SLICE", [shape, m.ints(0), m.ints(1), m.ints(1)], [((), I32)], "StridedSliceOptions", shrinkAxisMask=1,
             step=True)
wanted = m.op("PACK", [batch, m.const(np.int32(2)), m.const(np.int32(3))], [((3,), I32)], "PackOptions", valuesCount=3, step=True)
m.op("RESHAPE", [x, wanted], [((1, 2, 3), F32)], "ReshapeOptions", case="y")
(HERE / "open_batch.tflite").write_bytes(m.bytes())
