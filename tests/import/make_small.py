# SPDX-License-Identifier: Apache-2.0
# requirements: ai-edge-litert==2.3.0 numpy==2.4.6
"""Writes tests/import/small.tflite: one operator of most kinds, small enough to be damaged byte by byte.

    python3 tests/import/make_small.py
"""
import pathlib

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s

random = np.random.default_rng(1)
buffers, tensors, codes, operators = [s.BufferT()], [], [], []


def quantisation(scale, zero, axis=0):
    q = s.QuantizationParametersT()
    q.scale, q.zeroPoint, q.quantizedDimension = np.float32(scale), np.int64(zero), axis
    return q


def tensor(name, shape, kind=s.TensorType.INT8, q=None, data=None):
    t = s.TensorT()
    t.name, t.shape, t.type, t.quantization = name, np.int32(shape), kind, q
    t.buffer = 0
    if data is not None:
        b = s.BufferT()
        b.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        buffers.append(b)
        t.buffer = len(buffers) - 1
    tensors.append(t)
    return len(tensors) - 1


def operator(name, inputs, output, options=None, kind=None, **fields):
    code = s.OperatorCodeT()
    code.builtinCode = getattr(s.BuiltinOperator, name)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = 1
    codes.append(code)
    o = s.OperatorT()
    o.opcodeIndex, o.inputs, o.outputs = len(codes) - 1, np.int32(inputs), np.int32([output])
    if options is not None:
        o.builtinOptions, o.builtinOptionsType = options, kind
        for key, value in fields.items():
            setattr(options, key, value)
    operators.append(o)
    return output


def activation(name, shape, scale=0.1, zero=-3):
    return tensor(name, shape, q=quantisation([scale], [zero]))


def weights(name, shape, axis):
    n = shape[axis]
    return tensor(name, shape, q=quantisation(random.uniform(0.01, 0.02, n), [0] * n, axis),
                  data=random.integers(-127, 128, shape, np.int8))


def bias(name, n):
    return tensor(name, [n], s.TensorType.INT32, quantisation([0.001] * n, [0] * n),
                  random.integers(-99, 99, n, np.int32))


def ints(name, values, shape=None):
    return tensor(name, shape or [len(values)], s.TensorType.INT32, None, np.int32(values))


K, P = s.BuiltinOptions, s.Padding
x = activation("x", [1, 6, 6, 2])
y = operator("CONV_2D", [x, weights("w1", [3, 3, 3, 2], 0), bias("b1", 3)], activation("conv", [1, 3, 3, 3]),
             s.Conv2DOptionsT(), K.Conv2DOptions, padding=P.SAME, strideH=2, strideW=2, dilationHFactor=1,
             dilationWFactor=1, fusedActivationFunction=s.ActivationFunctionType.RELU6)
y = operator("DEPTHWISE_CONV_2D", [y, weights("w2", [1, 2, 2, 6], 3), bias("b2", 6)], activation("dw", [1, 3, 3, 6]),
             s.DepthwiseConv2DOptionsT(), K.DepthwiseConv2DOptions, padding=P.SAME, strideH=1, strideW=1,
             depthMultiplier=2, dilationHFactor=1, dilationWFactor=1)
p = operator("PAD", [y, ints("pads", [0, 0, 1, 0, 0, 1, 0, 0], [4, 2])], activation("pad", [1, 4, 4, 6]))
m = operator("MAX_POOL_2D", [p], activation("max", [1, 2, 2, 6]), s.Pool2DOptionsT(), K.Pool2DOptions,
             padding=P.VALID, strideH=2, strideW=2, filterHeight=2, filterWidth=2)
a = operator("AVERAGE_POOL_2D", [p], activation("average", [1, 2, 2, 6]), s.Pool2DOptionsT(), K.Pool2DOptions,
             padding=P.SAME, strideH=2, strideW=2, filterHeight=2, filterWidth=2)
y = operator("ADD", [m, a], activation("sum", [1, 2, 2, 6], 0.2), s.AddOptionsT(), K.AddOptions)
y = operator("CONCATENATION", [y, y], activation("concat", [1, 2, 2, 12], 0.2), s.ConcatenationOptionsT(),
             K.ConcatenationOptions, axis=-1)
y = operator("TRANSPOSE", [y, ints("perm", [0, 3, 1, 2])], activation("transposed", [1, 12, 2, 2], 0.2))
y = operator("MEAN", [y, ints("axes", [2, 3])], activation("mean", [1, 12], 0.2), s.ReducerOptionsT(),
             K.ReducerOptions, keepDims=False)
y = operator("RESHAPE", [y, ints("shape", [1, 3, 4])], activation("reshaped", [1, 3, 4], 0.2))
y = operator("FULLY_CONNECTED", [y, weights("w3", [5, 12], 0), bias("b3", 5)], activation("dense", [1, 5]),
             s.FullyConnectedOptionsT(), K.FullyConnectedOptions)
y = operator("LEAKY_RELU", [y], activation("leaky", [1, 5]), s.LeakyReluOptionsT(), K.LeakyReluOptions, alpha=0.25)
y = operator("SOFTMAX", [y], activation("softmax", [1, 5], 1 / 256, -128), s.SoftmaxOptionsT(), K.SoftmaxOptions, beta=1.0)
y = operator("DEQUANTIZE", [y], tensor("y", [1, 5], s.TensorType.FLOAT32))

graph = s.SubGraphT()
graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, np.int32([x]), np.int32([y])
model = s.ModelT()
model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, codes, [graph], buffers
model.description = ""
builder = flatbuffers.Builder(4096)
builder.Finish(model.Pack(builder), b"TFL3")
pathlib.Path(__file__).with_name("small.tflite").write_bytes(bytes(builder.Output()))
