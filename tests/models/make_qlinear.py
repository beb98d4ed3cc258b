# SPDX-License-Identifier: Apache-2.0
# requirements: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.31.1
"""Makes one tiny ONNX QDQ model an operator feature, and records ONNX Runtime's answer to a random input.

    python3 tests/models/make_qlinear.py

Writes tests/models/qdq/<case>/model.onnx, input.npy (input_1.npy where there is a second input) and
output.npy, and qdq/cases.txt. Inputs and outputs are int8 (uint8 in the cases whose name says so), so answers
are compared in steps. Graph optimisation is off: float32 arithmetic between DequantizeLinear and QuantizeLinear.
"""
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnx import helper

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "models"))
import qdq_builder as qdq  # noqa: E402

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Case(qdq.Graph):
    """A Graph whose inputs are quantised tensors and whose output is the last QuantizeLinear's."""

    def __init__(self, seed, ranges=None):
        super().__init__(ranges)
        self.random = np.random.default_rng(seed)
        self.samples = {}

    def x(self, shape, scale=0.02, zero_point=3, dtype=np.int8, name="input"):
        info = np.iinfo(dtype)
        zero = dtype(zero_point)
        sample = self.random.integers(info.min, info.max + 1, shape).astype(dtype)
        self.samples[name] = (sample, (sample.astype(np.float32) - np.float32(zero)) * np.float32(scale))
        return self.quantised_input(name, list(shape), scale, zero)

    def weights(self, *shape):
        """Random weights whose channels differ in size, so that per-channel scales matter."""
        w = self.random.normal(0, 1, shape) * self.random.uniform(0.2, 2, (shape[0],) + (1,) * (len(shape) - 1))
        return (w / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    def biases(self, n):
        return self.random.normal(0, 0.5, n).astype(np.float32)

    def unary(self, op, x, *constants, quantise=None, **attributes):
        return self.activation(self.node(op, [x.name, *constants], op.lower(), **attributes), **(quantise or {}))

    def binary(self, op, a, b, **quantise):
        return self.activation(self.node(op, [a.name, b.name], op.lower()), **quantise)


# ---- convolution
@case
def conv_1_channel(g):
    return g.conv("conv", g.x((1, 1, 9, 9)), g.weights(8, 1, 3, 3), g.biases(8), pads=[1, 1, 1, 1])


@case
def conv_3_channels_7x7_stride_2(g):
    return g.conv("conv", g.x((1, 3, 18, 18)), g.weights(16, 3, 7, 7), g.biases(16), pads=[3] * 4, strides=[2, 2])


@case
def conv_4_channels_uneven_pads_and_strides(g):
    return g.conv("conv", g.x((1, 4, 11, 13)), g.weights(20, 4, 5, 3), g.biases(20), pads=[2, 0, 1, 2], strides=[2, 1])


@case
def conv_2_channels_dilated(g):
    return g.conv("conv", g.x((1, 2, 12, 12)), g.weights(5, 2, 3, 3), g.biases(5), pads=[2, 3, 2, 3], dilations=[2, 3])


@case
def conv_groups(g):
    return g.conv("conv", g.x((1, 12, 8, 8)), g.weights(18, 4, 3, 3), g.biases(18), pads=[1] * 4, group=3)


@case
def conv_1x1_odd_channels_stride_2(g):
    return g.conv("conv", g.x((1, 17, 9, 9)), g.weights(33, 17, 1, 1), g.biases(33), strides=[2, 2])


@case
def conv_64_to_48(g):
    return g.conv("conv", g.x((1, 64, 6, 5), zero_point=-7), g.weights(48, 64, 3, 3), g.biases(48), pads=[1] * 4)


@case
def conv_without_bias_per_tensor(g):
    return g.conv("conv", g.x((1, 6, 8, 8)), g.weights(10, 6, 3, 3), per_channel=False)


@case
def conv_same_upper(g):
    return g.conv("conv", g.x((1, 5, 10, 10)), g.weights(7, 5, 3, 3), g.biases(7), auto_pad="SAME_UPPER", strides=[2, 2])


@case
def conv_kernel_larger_than_input(g):
    return g.conv("conv", g.x((1, 3, 3, 3)), g.weights(4, 3, 5, 5), g.biases(4), pads=[2] * 4)


@case
def conv_relu(g):
    return g.conv("conv", g.x((1, 16, 8, 8)), g.weights(16, 16, 3, 3), g.biases(16), pads=[1] * 4, relu=True)


@case
def conv_relu6(g):
    return g.conv("conv", g.x((1, 8, 8, 8), scale=0.1), g.weights(24, 8, 1, 1), g.biases(24), clip=(0, 6))


@case
def conv_clip_inside_the_output_range(g):
    """The clip bounds are not the ends of the int8 range: the output scale is fixed wider than the clip."""
    return g.conv("conv", g.x((1, 8, 8, 8)), g.weights(8, 8, 3, 3), g.biases(8), clip=(-0.508, 1.206),
                  out=dict(scale=0.02, zero_point=-11))


@case
def conv_uint8(g):
    return g.conv("conv", g.x((1, 9, 7, 7), zero_point=131, dtype=np.uint8), g.weights(11, 9, 3, 3), g.biases(11),
                  pads=[1] * 4, out=dict(dtype=np.uint8))


@case
def conv_1d_shaped_input(g):
    return g.conv("conv", g.x((1, 20, 1, 31)), g.weights(12, 20, 1, 5), g.biases(12), pads=[0, 2, 0, 2])


@case
def depthwise(g):
    return g.conv("conv", g.x((1, 20, 8, 8)), g.weights(20, 1, 3, 3), g.biases(20), pads=[1] * 4, group=20)


@case
def depthwise_stride_2_relu6(g):
    return g.conv("conv", g.x((1, 32, 9, 9), scale=0.06), g.weights(32, 1, 3, 3), g.biases(32), pads=[0, 0, 1, 1],
                  strides=[2, 2], group=32, clip=(0, 6))


@case
def depthwise_two_outputs_a_channel(g):
    return g.conv("conv", g.x((1, 10, 7, 7)), g.weights(20, 1, 5, 5), g.biases(20), pads=[2] * 4, group=10)


# ---- matrices
@case
def gemm(g):
    return g.gemm("gemm", g.x((3, 70)), g.weights(70, 21), g.biases(21))


@case
def gemm_transposed_weights(g):
    return g.gemm("gemm", g.x((1, 96)), g.weights(40, 96), g.biases(40), transB=1)


@case
def matmul_constant(g):
    w, _ = g.weight("weight", g.weights(40, 24), per_channel=False)
    return g.activation(g.node("MatMul", [g.x((5, 40)).name, w], "matmul"))


@case
def matmul_two_activations(g):
    return g.binary("MatMul", g.x((2, 6, 20)), g.x((2, 20, 9), scale=0.011, zero_point=-20, name="input_1"))


# ---- element by element
@case
def add(g):
    return g.binary("Add", g.x((1, 18, 5, 5)), g.x((1, 18, 5, 5), scale=0.035, zero_point=-40, name="input_1"))


@case
def add_channel_vector(g):
    vector, _ = g.weight("vector", g.weights(1, 12, 1, 1), per_channel=False)
    return g.activation(g.node("Add", [g.x((1, 12, 6, 6)).name, vector], "add"))


@case
def add_ties(g):
    """Scales are powers of two, so half of the exact sums lie half-way between two steps: to even."""
    return g.binary("Add", g.x((1, 16, 4, 4), scale=0.25, zero_point=0),
                    g.x((1, 16, 4, 4), scale=0.25, zero_point=0, name="input_1"), scale=0.5, zero_point=1)


@case
def residual_add_relu(g):
    x = g.x((1, 16, 6, 6))
    y = g.conv("conv", x, g.weights(16, 16, 3, 3), g.biases(16), pads=[1] * 4)
    return g.activation(g.node("Relu", [g.node("Add", [x.name, y.name], "add")], "relu"))


@case
def mul(g):
    return g.binary("Mul", g.x((1, 18, 5, 5)), g.x((1, 18, 5, 5), scale=0.035, zero_point=-40, name="input_1"))


@case
def mul_by_channel(g):
    return g.binary("Mul", g.x((1, 20, 4, 4)), g.x((1, 20, 1, 1), scale=0.004, zero_point=-128, name="input_1"))


@case
def relu(g):
    return g.unary("Relu", g.x((1, 10, 6, 6)))


@case
def clip(g):
    lo, hi = g.constant("min", np.float32(-1)), g.constant("max", np.float32(1.5))
    return g.unary("Clip", g.x((1, 10, 6, 6)), lo, hi)


@case
def requantise(g):
    return g.activation(g.node("Identity", [g.x((1, 300)).name], "identity"), scale=0.013, zero_point=-9)


@case
def requantise_int8_to_uint8(g):
    return g.activation(g.node("Identity", [g.x((1, 300)).name], "identity"), scale=0.03, zero_point=120, dtype=np.uint8)


@case
def softmax(g):
    return g.unary("Softmax", g.x((2, 37), scale=0.07), axis=-1, quantise=dict(scale=np.float32(1) / 256, zero_point=-128))


# ---- pooling
@case
def maxpool(g):
    x = g.x((1, 19, 9, 9))
    return g.unary("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4, quantise=dict(like=x))


@case
def maxpool_ceil(g):
    x = g.x((1, 7, 8, 8))
    return g.unary("MaxPool", x, kernel_shape=[3, 2], strides=[3, 3], ceil_mode=1, quantise=dict(like=x))


@case
def averagepool(g):
    return g.unary("AveragePool", g.x((1, 18, 8, 8)), kernel_shape=[2, 2], strides=[2, 2],
                   quantise=dict(scale=0.0137, zero_point=-5))


@case
def averagepool_pads_not_counted(g):
    return g.unary("AveragePool", g.x((1, 10, 7, 7)), kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)


@case
def averagepool_pads_counted(g):
    return g.unary("AveragePool", g.x((1, 10, 7, 7)), kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4, count_include_pad=1)


@case
def averagepool_ties(g):
    """In and out share one power-of-two scale: one exact mean in four lies half-way between two steps, to even."""
    x = g.x((1, 16, 8, 8), scale=0.125, zero_point=0)
    return g.unary("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2], quantise=dict(like=x))


@case
def globalaveragepool(g):
    return g.unary("GlobalAveragePool", g.x((1, 33, 7, 7)))


# ---- moving data
@case
def pad_value(g):
    x = g.x((1, 5, 4, 4))
    pads = g.constant("pads", np.array([0, 0, 1, 2, 0, 0, 3, 0], np.int64))
    return g.unary("Pad", x, pads, g.constant("value", np.float32(0.5)), mode="constant", quantise=dict(like=x))


@case
def pad_then_conv(g):
    pads = g.constant("pads", np.array([0, 0, 1, 1, 0, 0, 2, 2], np.int64))
    x = g.x((1, 6, 6, 6))
    y = g.unary("Pad", x, pads, g.constant("value", np.float32(0)), mode="constant", quantise=dict(like=x))
    return g.conv("conv", y, g.weights(9, 6, 3, 3), g.biases(9), strides=[2, 2])


@case
def concat_channels_of_different_scale(g):
    a, b = g.x((1, 5, 4, 4)), g.x((1, 14, 4, 4), scale=0.035, zero_point=-40, name="input_1")
    return g.activation(g.node("Concat", [a.name, b.name], "concat", axis=1), scale=0.0361, zero_point=-30)


@case
def transpose(g):
    x = g.x((1, 6, 5, 4))
    return g.unary("Transpose", x, perm=[0, 2, 3, 1], quantise=dict(like=x))


@case
def reshape(g):
    x = g.x((1, 6, 5, 4))
    return g.unary("Reshape", x, g.constant("shape", np.array([0, -1, 10], np.int64)), quantise=dict(like=x))


@case
def flatten_of_an_image_then_gemm(g):
    """Flatten keeps ONNX's channel-first order whatever layout the convolution used."""
    x = g.conv("conv", g.x((1, 3, 6, 6)), g.weights(10, 3, 3, 3), g.biases(10), relu=True)
    x = g.unary("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], quantise=dict(like=x))
    x = g.unary("Flatten", x, axis=1, quantise=dict(like=x))
    return g.gemm("gemm", x, g.weights(12, 40), g.biases(12), transB=1)


@case
def batchnorm(g):
    """As ONNX Runtime's quantiser leaves one in a model that was not prepared for it: its scale and offset are integers."""
    x = g.x((1, 10, 6, 6))
    gamma, scale = g.weight("gamma", 1 + 0.2 * g.biases(10), per_channel=False)
    beta = g.bias("beta", g.biases(10), x, np.ones(1, np.float32) if scale is None else scale)
    mean, variance = g.constant("mean", g.biases(10)), g.constant("variance", 0.5 + np.abs(g.biases(10)))
    return g.unary("BatchNormalization", x, gamma, beta, mean, variance)


# ---- making and recording
def build(name, function, seed):
    floating = Case(seed)
    y = function(floating)
    floating.output(y.name, None)
    float_model = unchecked(floating, name)
    ranges = qdq.calibrate(floating, float_model, [{k: f for k, (_, f) in floating.samples.items()}])
    quantised = Case(seed, ranges)
    y = function(quantised)
    last = quantised.nodes.pop()  # the model ends in the int8 tensor: drop the DequantizeLinear behind it
    assert last.op_type == "DequantizeLinear" and last.output[0] == y.name
    shape = qdq.session(unchecked_output(quantised, y, name)).run(None, feeds(quantised))[0].shape
    quantised.output(y.q, list(shape), helper.np_dtype_to_tensor_dtype(y.zero_point.dtype))
    return quantised, y, quantised.model(name)


def unchecked(graph, name):
    return helper.make_model(helper.make_graph(graph.nodes, name, graph.inputs, graph.outputs, graph.initializers),
                             opset_imports=[helper.make_opsetid("", qdq.OPSET)], ir_version=qdq.IR_VERSION)


def unchecked_output(graph, y, name):
    outputs = [helper.make_tensor_value_info(y.q, helper.np_dtype_to_tensor_dtype(y.zero_point.dtype), None)]
    return helper.make_model(helper.make_graph(graph.nodes, name, graph.inputs, outputs, graph.initializers),
                             opset_imports=[helper.make_opsetid("", qdq.OPSET)], ir_version=qdq.IR_VERSION)


def feeds(graph):
    return {k: q for k, (q, _) in graph.samples.items()}


def near_ties(graph, y, model):
    """How many outputs lie within 0.0001 of half-way between two steps before the last QuantizeLinear."""
    last = next(n for n in model.graph.node if y.q in n.output)
    value = qdq.session(qdq.with_outputs(model, [last.input[0]])).run(None, feeds(graph))[0]
    steps = value.astype(np.float64) / float(y.scale)
    return int((np.abs(steps - np.floor(steps) - 0.5) < 1e-4).sum())


def main():
    root = HERE / "qdq"
    shutil.rmtree(root, ignore_errors=True)
    lines = ["case\toutput\ttype\tnear_ties\tdistinct_values"]
    for seed, (name, function) in enumerate(CASES.items(), start=100):
        graph, y, model = build(name, function, seed)
        folder = root / name
        folder.mkdir(parents=True)
        onnx.save(model, folder / "model.onnx")
        for tensor, (sample, _) in graph.samples.items():
            np.save(folder / f"{tensor}.npy", sample)
        answer = qdq.session(model).run(None, feeds(graph))[0]
        np.save(folder / "output.npy", answer)
        lines.append(f"{name}\t{'x'.join(map(str, answer.shape))}\t{answer.dtype}\t{near_ties(graph, y, model)}"
                     f"\t{len(np.unique(answer))}")
    (root / "cases.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
