# SPDX-License-Identifier: Apache-2.0
# requirements: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.31.1 (see requirements.txt)
"""Writes one network twice: in float, and as ONNX QDQ (opset 13).

A network is a function of a Graph. Without ranges the Graph builds it in float. calibrate() runs that
over samples and returns the range of every tensor; a Graph made with those ranges builds the same network
with a QuantizeLinear/DequantizeLinear pair on every activation, int8 weights and int32 biases.

Quantisation rules, the ones of ONNX Runtime's own static quantiser:
- activations: one scale and zero point a tensor, the range widened to contain 0;
- weights: symmetric int8 in [-127, 127], one scale an output channel (or one for all), zero point 0;
- biases: int32, scale = activation scale * weight scale as a float32 product, no zero point.
"""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 7  # the IR that came with opset 13


class Tensor:
    """A value in the graph: `name` is what float operators read, `q` its quantised twin if there is one."""

    def __init__(self, name, q=None, scale=None, zero_point=None):
        self.name, self.q, self.scale, self.zero_point = name, q, scale, zero_point


class Graph:
    def __init__(self, ranges=None):
        self.ranges = ranges
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.observed = []  # tensors whose range calibrate() must see
        self._names = {}

    # ---- naming and plumbing
    def _unique(self, stem):
        n = self._names.get(stem, 0)
        self._names[stem] = n + 1
        return stem if n == 0 else f"{stem}_{n}"

    def constant(self, stem, array):
        name = self._unique(stem)
        self.initializers.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def node(self, op, inputs, stem, **attributes):
        out = self._unique(stem)
        self.nodes.append(helper.make_node(op, inputs, [out], name=f"{out}_{op}", **attributes))
        return out

    # ---- quantisation
    def _quantise(self, name, scale, zero_point):
        s = self.constant(f"{name}_scale", np.float32(scale))
        z = self.constant(f"{name}_zero_point", zero_point)
        q = self.node("QuantizeLinear", [name, s, z], f"{name}_q")
        return Tensor(self.node("DequantizeLinear", [q, s, z], f"{name}_dq"), q, np.float32(scale), zero_point)

    def activation(self, name, like=None, dtype=np.int8, scale=None, zero_point=None):
        """`name` as the next operator shall read it; `like` reuses another tensor's scale and zero point."""
        self.observed.append(name)
        if self.ranges is None:
            return Tensor(name)
        if like is not None:
            return self._quantise(name, like.scale, like.zero_point)
        if scale is None:
            scale, zero_point = affine(self.ranges[name], dtype)
        return self._quantise(name, scale, dtype(zero_point))

    def weight(self, stem, array, axis=0, per_channel=True):
        """A constant int8 operand. Returns the name to read and its scales."""
        array = np.asarray(array, np.float32)
        if self.ranges is None:
            return self.constant(stem, array), None
        if per_channel:
            other = tuple(d for d in range(array.ndim) if d != axis)
            scale = (np.abs(array).max(axis=other) / np.float32(127)).astype(np.float32)
            scale[scale == 0] = 1
            spread = scale.reshape([-1 if d == axis else 1 for d in range(array.ndim)])
        else:
            scale = np.float32(np.abs(array).max() / np.float32(127))
            spread = scale
        q = np.clip(np.rint(array / spread), -127, 127).astype(np.int8)
        names = [self.constant(f"{stem}_q", q), self.constant(f"{stem}_scale", scale),
                 self.constant(f"{stem}_zero_point", np.zeros(np.shape(scale), np.int8))]
        attributes = {"axis": axis} if per_channel else {}
        return self.node("DequantizeLinear", names, f"{stem}_dq", **attributes), scale

    def bias(self, stem, array, x, weight_scale):
        array = np.asarray(array, np.float32)
        if self.ranges is None:
            return self.constant(stem, array)
        scale = (x.scale * weight_scale).astype(np.float32)
        q = np.clip(np.rint(array.astype(np.float64) / scale), -2**31, 2**31 - 1).astype(np.int32)
        names = [self.constant(f"{stem}_q", q), self.constant(f"{stem}_scale", scale)]
        attributes = {"axis": 0} if np.ndim(scale) else {}
        return self.node("DequantizeLinear", names, f"{stem}_dq", **attributes)

    # ---- inputs, outputs
    def input(self, name, shape, like_range=None, scale=None, zero_point=None, dtype=np.int8):
        """A float32 model input and the first QuantizeLinear."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return self.activation(name, dtype=dtype, scale=scale, zero_point=zero_point)

    def quantised_input(self, name, shape, scale, zero_point):
        """An int8/uint8 model input; the float twin of the network reads it as float32."""
        if self.ranges is None:
            self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
            return Tensor(name)
        self.inputs.append(helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(zero_point.dtype), shape))
        s = self.constant(f"{name}_scale", np.float32(scale))
        z = self.constant(f"{name}_zero_point", zero_point)
        dq = self.node("DequantizeLinear", [name, s, z], f"{name}_dq")
        return Tensor(dq, name, np.float32(scale), zero_point)

    def output(self, name, shape, dtype=TensorProto.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    # ---- layers with weights
    def conv(self, stem, x, w, b=None, relu=False, per_channel=True, quantise=True, clip=None, out=None, **attributes):
        wn, ws = self.weight(f"{stem}_weight", w, 0, per_channel)
        names = [x.name, wn] + ([] if b is None else [self.bias(f"{stem}_bias", b, x, ws)])
        y = self.node("Conv", names, stem, kernel_shape=list(np.shape(w)[2:]), **attributes)
        if relu:
            y = self.node("Relu", [y], f"{stem}_relu")
        if clip is not None:
            lo = self.constant(f"{stem}_min", np.float32(clip[0]))
            hi = self.constant(f"{stem}_max", np.float32(clip[1]))
            y = self.node("Clip", [y, lo, hi], f"{stem}_clip")
        return self.activation(y, **(out or {})) if quantise else Tensor(y)

    def gemm(self, stem, x, w, b=None, per_channel=True, out=None, **attributes):
        axis = 0 if attributes.get("transB") else 1
        wn, ws = self.weight(f"{stem}_weight", w, axis, per_channel)
        names = [x.name, wn] + ([] if b is None else [self.bias(f"{stem}_bias", b, x, ws)])
        return self.activation(self.node("Gemm", names, stem, **attributes), **(out or {}))

    # ---- the file
    def model(self, name, extra_outputs=()):
        outputs = list(self.outputs) + list(extra_outputs)
        graph = helper.make_graph(self.nodes, name, self.inputs, outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                                  ir_version=IR_VERSION, producer_name="tessera")
        onnx.checker.check_model(model, full_check=True)
        return model


def affine(low_high, dtype):
    """Scale and zero point that cover a range and hold 0 exactly."""
    info = np.iinfo(dtype)
    low, high = min(float(low_high[0]), 0.0), max(float(low_high[1]), 0.0)
    scale = np.float32((high - low) / (info.max - info.min)) if high > low else np.float32(1)
    zero_point = int(np.clip(np.rint(info.min - low / scale), info.min, info.max))
    return scale, zero_point


def session(model):
    """ONNX Runtime, one thread, no graph optimisation: DequantizeLinear, operator, QuantizeLinear as written."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def with_outputs(model, names):
    """A copy of the model whose outputs are these tensors."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {v.name: v for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
    known.update({v.name: v for v in list(model.graph.output) + list(model.graph.input)})
    del copy.graph.output[:]
    copy.graph.output.extend([known[n] for n in names])
    return copy


def calibrate(graph, model, feeds):
    """Smallest and largest value of every observed tensor over the feeds."""
    made = {o for n in model.graph.node for o in n.output}
    names = [n for n in graph.observed if n in made]
    ranges = {}

    def see(name, array):
        low, high = ranges.get(name, (np.inf, -np.inf))
        ranges[name] = (min(low, float(array.min())), max(high, float(array.max())))

    run = session(with_outputs(model, names)) if names else None
    for feed in feeds:
        for name, array in feed.items():
            see(name, array)
        if run is not None:
            for name, array in zip(names, run.run(names, feed)):
                see(name, array)
    return ranges
