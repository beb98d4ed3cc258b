# SPDX-License-Identifier: Apache-2.0
# requirements: ai-edge-litert==2.3.0 numpy==2.4.6
"""Small TFLite models, an operator or family each, and what the interpreter's reference kernels answer.

    python3 tests/models/make_tflite_ops.py [FAMILY...]

Writes tests/models/tflite_ops/<family>.tflite and <family>.bin: the graph's inputs and then its outputs, in the graph's order,
dense, little-endian, one after the other. Every case is an operator with inputs and outputs of its own; an output's name
says which case it is.
"""
import pathlib
import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s
from ai_edge_litert.interpreter import Interpreter, OpResolverType

HERE = pathlib.Path(__file__).resolve().parent / "tflite_ops"
T = s.TensorType
NUMPY = {T.FLOAT32: np.float32, T.INT32: np.int32, T.UINT8: np.uint8, T.INT64: np.int64, T.BOOL: np.bool_,
         T.INT16: np.int16, T.INT8: np.int8}
TYPE = {np.dtype(v): k for k, v in NUMPY.items()}
F32, I32, I64, BOOL, I8, U8, I16 = T.FLOAT32, T.INT32, T.INT64, T.BOOL, T.INT8, T.UINT8, T.INT16
ACT = s.ActivationFunctionType
TEXT = {F32: "float32", I32: "int32", I64: "int64", BOOL: "bool", I8: "int8", U8: "uint8", I16: "int16"}


class Model:
    def __init__(self, seed=1):
        self.random = np.random.default_rng(seed)
        self.buffers, self.tensors, self.codes, self.operators = [s.BufferT()], [], [], []
        self.inputs, self.outputs, self.data = [], [], []

    def tensor(self, name, shape, kind, scale=None, zero=0, axis=0, data=None):
        t = s.TensorT()
        t.name, t.shape, t.type, t.buffer = name, np.int32(shape), kind, 0
        if scale is not None:
            q = s.QuantizationParametersT()
            q.scale = np.atleast_1d(np.float32(scale))
            q.zeroPoint = np.broadcast_to(np.int64(zero), q.scale.shape).copy()
            q.quantizedDimension = axis
            t.quantization = q
        if data is not None:
            b = s.BufferT()
            b.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(b)
            t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1

    def values(self, shape, kind, low=None, high=None):
        if kind == F32:
            low, high = (-4 if low is None else low), (4 if high is None else high)
            return self.random.uniform(low, high, shape).astype(np.float32)
        if kind == BOOL:
            return self.random.integers(0, 2, shape).astype(np.bool_)
        info = np.iinfo(NUMPY[kind])
        if kind in (I32, I64) and low is None:
            low, high = -50, 50
        return self.random.integers(info.min if low is None else low, (info.max if high is None else high) + 1, shape,
                                    dtype=NUMPY[kind])

    def input(self, shape, kind, scale=None, zero=0, low=None, high=None, data=None):
        i = self.tensor(f"in{len(self.inputs)}", shape, kind, scale, zero)
        self.inputs.append(i)
        self.data.append(self.values(shape, kind, low, high) if data is None else np.asarray(data, NUMPY[kind]).reshape(shape))
        return i

    def const(self, data, scale=None, zero=0, axis=0):
        data = np.asarray(data)
        return self.tensor(f"c{len(self.tensors)}", data.shape, TYPE[data.dtype], scale, zero, axis, data)

    def ints(self, *values):
        return self.const(np.int32(values))

    def op(self, name, inputs, outputs, options=None, version=1, case=None, step=False, **fields):
        """outputs: list of (shape, kind[, scale, zero])."""
        code = s.OperatorCodeT()
        code.builtinCode = getattr(s.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        self.codes.append(code)
        o = s.OperatorT()
        ids = []
        for n, out in enumerate(outputs):
            label = case if len(outputs) == 1 else f"{case}_{n}"
            ids.append(self.tensor(label, *out))
        o.opcodeIndex, o.inputs, o.outputs = len(self.codes) - 1, np.int32(inputs), np.int32(ids)
        if options is not None:
            o.builtinOptionsType = getattr(s.BuiltinOptions, options)
            o.builtinOptions = getattr(s, options + "T")()
            for key, value in fields.items():
                assert hasattr(o.builtinOptions, key), key
                setattr(o.builtinOptions, key, value)
        self.operators.append(o)
        if not step:
            self.outputs += ids
        return ids[0]

    def bytes(self):
        graph = s.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = np.int32(self.inputs), np.int32(self.outputs)
        model = s.ModelT()
        model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, self.codes, [graph], self.buffers
        model.description = ""
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def run(self, resolver):
        data = self.bytes()
        run = Interpreter(model_content=data, experimental_op_resolver_type=resolver, num_threads=1)
        run.allocate_tensors()
        for detail, value in zip(run.get_input_details(), self.data):
            run.set_tensor(detail["index"], value)
        run.invoke()
        return data, [np.ascontiguousarray(run.get_tensor(i)) for i in self.outputs]


FAMILIES = {}


def family(f):
    FAMILIES[f.__name__] = f
    return f


QUANT = {I8: [(0.05, -3), (0.04, 7)], U8: [(0.05, 120), (0.04, 131)]}  # of first and second operands


def both(kind, n=0):
    return QUANT[kind][n] if kind in QUANT else (None, 0)


# ---- elements
def binaries(m, name, options, kinds, activations=(0,), out=None, same=False, positive=False, integers=False, **extra):
    shapes = [((2, 3, 5), (2, 3, 5)), ((1, 2, 3, 8), (8,)), ((2, 1, 4), (1, 3, 1)), ((3, 4), ())]
    for kind in kinds:
        for act in activations:
            for n, (a, b) in enumerate(shapes):
                if act and n > 1:
                    continue
                y = np.broadcast_shapes(a, b)
                qa, qb = both(kind), both(kind, 0 if same else 1)
                low = 0.25 if positive and kind == F32 else None
                p = m.input(a, kind, *qa, low=low)
                q = m.input(b, kind, *qb, low=1 if integers and kind in (I32, I64) else low)
                scale = qa if same or kind not in QUANT else out[kind] if out else (0.075, qa[1] + 9)
                result = (y, kind, *scale) if kind in QUANT else (y, kind)
                m.op(name, [p, q], [result], options, case=f"{TEXT[kind]}_{n}_act{act}",
                     **({"fusedActivationFunction": act} if activations != (0,) else {}), **extra)


ALL_ACT = (0, ACT.RELU, ACT.RELU6, ACT.RELU_N1_TO_1)


@family
def add(m): binaries(m, "ADD", "AddOptions", [I8, U8, F32, I32], ALL_ACT)
@family
def sub(m): binaries(m, "SUB", "SubOptions", [I8, U8, F32, I32], ALL_ACT)
@family
def mul(m): binaries(m, "MUL", "MulOptions", [I8, U8, F32, I32], ALL_ACT)
@family
def div(m):
    for kind in (I8, U8):
        shift = 0 if kind == I8 else 128
        for n, (a, b) in enumerate((((4, 64), (4, 64)), ((4, 64), (1, 64)))):
            for act in (0, ACT.RELU):
                x = m.input(a, kind, 0.05, -3 + shift)
                y = m.input(b, kind, 0.04, (-128, 7)[n % 2] + shift, low=-120 + shift if n == 0 else 9 + shift)
                m.op("DIV", [x, y], [(a, kind, 0.02, 9 + shift)], "DivOptions", fusedActivationFunction=act,
                     case=f"{TEXT[kind]}_{n}_act{act}")
    binaries(m, "DIV", "DivOptions", [F32], ALL_ACT, positive=True)
    binaries(m, "DIV", "DivOptions", [I32], (0, ACT.RELU), integers=True)
@family
def minimum(m): binaries(m, "MINIMUM", None, [I8, U8, F32, I32, I64], same=True)
@family
def maximum(m): binaries(m, "MAXIMUM", None, [I8, U8, F32, I32, I64], same=True)
@family
def squared_difference(m): binaries(m, "SQUARED_DIFFERENCE", None, [I8, F32, I32])
@family
def floor_div(m): binaries(m, "FLOOR_DIV", None, [F32, I32], integers=True, positive=True)
@family
def floor_mod(m): binaries(m, "FLOOR_MOD", None, [F32, I32, I64], integers=True, positive=True)
@family
def power(m): binaries(m, "POW", None, [F32], positive=True)


@family
def comparisons(m):
    for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"):
        for kind in (I8, U8, F32, I32, I64):
            for n, (a, b) in enumerate((((2, 3, 20), (2, 3, 20)), ((1, 4, 8), (8,)))):
                p = m.input(a, kind, *both(kind), low=-3 if kind in (I32, I64) else None, high=3 if kind in (I32, I64) else None)
                q = m.input(b, kind, *both(kind, 1), low=-3 if kind in (I32, I64) else None,
                            high=3 if kind in (I32, I64) else None)
                m.op(name, [p, q], [(np.broadcast_shapes(a, b), BOOL)], case=f"{name}_{TEXT[kind]}_{n}".lower())


@family
def logic(m):
    for name in ("LOGICAL_AND", "LOGICAL_OR"):
        m.op(name, [m.input((2, 9), BOOL), m.input((2, 9), BOOL)], [((2, 9), BOOL)], case=name.lower())
    m.op("LOGICAL_NOT", [m.input((2, 9), BOOL)], [((2, 9), BOOL)], case="logical_not")
    for kind in (F32, I8, U8, I32):
        q = both(kind)
        for name, c, a, b in (("SELECT", (2, 3, 4), (2, 3, 4), (2, 3, 4)), ("SELECT", (3,), (3, 4), (3, 4)),
                              ("SELECT_V2", (3, 1), (2, 1, 4), (3, 4)), ("SELECT_V2", (), (2, 4), (2, 4))):
            y = np.broadcast_shapes(a, b) if c == (3,) else np.broadcast_shapes(c, a, b)
            m.op(name, [m.input(c, BOOL), m.input(a, kind, *q), m.input(b, kind, *q)], [(y, kind, *q)],
                 case=f"{name}_{TEXT[kind]}_{len(c)}".lower())


RAMP = {I8: np.arange(-128, 128, dtype=np.int8).reshape(4, 64), U8: np.arange(0, 256, dtype=np.uint8).reshape(4, 64)}


def unaries(m, name, kinds, quants, options=None, low=None, high=None, label="", **fields):
    """quants: {kind: [(input scale, zero, output scale, zero)]}: every byte is tried."""
    for kind in kinds:
        if kind not in QUANT:
            x = m.input((3, 40), kind, low=low, high=high)
            m.op(name, [x], [((3, 40), kind)], options, case=f"{name}_{TEXT[kind]}{label}".lower(), **fields)
            continue
        for n, (si, zi, so, zo) in enumerate(quants):
            shift = 0 if kind == I8 else 128
            x = m.input((4, 64), kind, si, zi + shift, data=RAMP[kind])
            m.op(name, [x], [((4, 64), kind, so, zo + shift)], options, case=f"{name}_{TEXT[kind]}_{n}{label}".lower(), **fields)


WIDE = [(0.06, -3, 0.05, 4), (0.02, 11, 0.03, -9), (0.5, 0, 0.25, 0)]


@family
def activations(m):
    for name in ("RELU", "RELU6", "RELU_N1_TO_1"):
        unaries(m, name, [I8, U8, F32], WIDE + [(0.05, -3, 0.05, -3)])
    unaries(m, "RELU_0_TO_1", [F32], WIDE)
    unaries(m, "LEAKY_RELU", [I8, U8, F32], WIDE, "LeakyReluOptions", alpha=0.3)
    unaries(m, "HARD_SWISH", [I8, U8, F32], WIDE)
    for approximate in (False, True):
        unaries(m, "GELU", [I8, U8, F32], WIDE, "GeluOptions", approximate=approximate, label=f"_{approximate}")
    unaries(m, "LOGISTIC", [I8, U8, F32], [(s_, z, 1 / 256, -128) for s_, z in ((0.06, -3), (0.02, 11), (0.5, 0), (0.1, 127))])
    unaries(m, "TANH", [I8, U8, F32], [(s_, z, 1 / 128, 0) for s_, z in ((0.06, -3), (0.02, 11), (0.5, 0), (0.1, 127))])


@family
def prelu(m):
    for kind in (I8, U8, F32):
        shift = 128 if kind == U8 else 0
        for n, slope in enumerate(((8,), (3, 1, 8), ())):
            x = m.input((2, 3, 5, 8), kind, *((0.05, -3 + shift) if kind != F32 else (None, 0)))
            a = m.const(m.values(slope, kind, *((-1, 1) if kind == F32 else (None, None))),
                        *((0.01, 4 + shift) if kind != F32 else (None, 0)))
            out = ((2, 3, 5, 8), kind, 0.04, 2 + shift) if kind != F32 else ((2, 3, 5, 8), kind)
            m.op("PRELU", [x, a], [out], case=f"prelu_{TEXT[kind]}_{n}")


@family
def functions(m):
    unaries(m, "ABS", [F32, I32, I8], [(0.05, -3, 0.05, -3), (0.05, -3, 0.03, 11)])
    unaries(m, "NEG", [F32, I32, I64], [])
    unaries(m, "EXP", [F32, I8], [(0.02, -3, 0.1, -100), (0.1, 11, 0.5, 0)])
    unaries(m, "LOG", [F32], [], low=0.1)
    unaries(m, "LOG", [I8], [(0.02, -128, 0.03, 20)])
    unaries(m, "SQRT", [F32], [], low=0)
    unaries(m, "RSQRT", [F32], [], low=0.1)
    unaries(m, "RSQRT", [I8], [(0.02, -128, 0.05, -128), (0.1, -128, 0.02, -100)])
    unaries(m, "SQUARE", [F32], [])
    unaries(m, "SQRT", [I8], [(0.02, -128, 0.01, -128), (0.1, -128, 0.03, -100)])
    for name in ("SIN", "COS", "FLOOR"):
        unaries(m, name, [F32], [])


@family
def quantise(m):
    x = m.input((4, 64), F32, low=-8, high=8)
    ties = m.input((16,), F32, data=np.arange(-8, 8) * 0.25 + 0.125)
    for kind, scale, zero in ((I8, 0.05, -3), (U8, 0.05, 120), (I16, 0.001, 0), (I8, 0.25, 5)):
        m.op("QUANTIZE", [x], [((4, 64), kind, scale, zero)], case=f"quantize_{TEXT[kind]}_{zero}")
        m.op("QUANTIZE", [ties], [((16,), kind, scale, zero)], case=f"ties_{TEXT[kind]}_{zero}")
        y = m.input((4, 64), kind, scale, zero)
        m.op("DEQUANTIZE", [y], [((4, 64), F32)], case=f"dequantize_{TEXT[kind]}_{zero}")
    for a, qa in ((I8, (0.05, -3)), (U8, (0.05, 120)), (I16, (0.0005, 0))):
        for b, qb in ((I8, (0.07, 9)), (U8, (0.03, 100)), (I8, (0.05, 11)), (U8, (0.05, 125)), (I16, (0.0003, 0)), (I32, (0.0001, 0))):
            if (b == I32 or b == U8) and a == I16 or b == I32 and a != I16 or b == I16 and a == U8:
                continue
            x = m.input((4, 64), a, *qa)
            m.op("QUANTIZE", [x], [((4, 64), b, *qb)], case=f"requantize_{TEXT[a]}_{TEXT[b]}_{qb[1]}")


@family
def cast(m):
    for a in (F32, I32, I64, U8, I8, BOOL):
        x = m.input((3, 20), a, low=0 if a == F32 else None, high=90 if a == F32 else None)
        for b in (F32, I32, I64, U8, I8, BOOL):
            if a != b:
                m.op("CAST", [x], [((3, 20), b)], "CastOptions", inDataType=a, outDataType=b, case=f"{TEXT[a]}_{TEXT[b]}")


# ---- reductions
@family
def reductions(m):
    shape = (2, 3, 4, 8)
    for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        for kind in (I8, U8, F32, I32):
            # The interpreter's int8 SUM that changes scale gives other numbers than the sum: negative ones wrap.
            if name == "REDUCE_PROD" and kind in QUANT or name == "SUM" and kind == I8:
                continue
            for n, (axes, keep) in enumerate((((1, 2), True), ((3,), False), ((-1, 0), False), ((0, 1, 2, 3), True), ((2,), True))):
                if name == "REDUCE_PROD" and n in (0, 3):
                    continue
                y = [1 if d in [a % 4 for a in axes] else e for d, e in enumerate(shape)]
                y = y if keep else [e for d, e in enumerate(y) if d not in [a % 4 for a in axes]]
                q, out = both(kind), (both(kind, 1) if name in ("MEAN", "SUM", "REDUCE_PROD") else both(kind))
                if name == "SUM" and kind in QUANT:
                    out = (0.3, out[1])
                low, high = (-3, 3) if kind in (I32,) and name == "REDUCE_PROD" else (None, None)
                m.op(name, [m.input(shape, kind, *q, low=low, high=high), m.ints(*axes)], [(y, kind, *out)], "ReducerOptions",
                     keepDims=keep, case=f"{name}_{TEXT[kind]}_{n}".lower())
    for kind in (I8, U8):
        q = both(kind)
        m.op("MEAN", [m.input((1, 7, 7, 10), kind, *q), m.ints(1, 2)], [((1, 10), kind, *q)], "ReducerOptions", keepDims=False,
             case=f"mean_same_scale_{TEXT[kind]}")
    for name in ("REDUCE_ANY", "REDUCE_ALL"):
        m.op(name, [m.input((4, 3, 2), BOOL), m.ints(1)], [((4, 2), BOOL)], "ReducerOptions", keepDims=False, case=name.lower())


@family
def arguments(m):
    for name in ("ARG_MAX", "ARG_MIN"):
        for kind in (I8, U8, F32, I32):
            for n, axis in enumerate((3, 0, -2)):
                for out in (I32, I64):
                    y = [e for d, e in enumerate((2, 3, 4, 8)) if d != axis % 4]
                    m.op(name, [m.input((2, 3, 4, 8), kind, *both(kind)), m.const(np.int32([axis]))], [(y, out)],
                         name.title().replace("_", "") + "Options", outputType=out, case=f"{name}_{TEXT[kind]}_{n}_{out}".lower())
    x = m.input((2, 6), I8, 0.1, 0, data=[3, 7, 7, 1, 7, 0, 5, 5, 5, 5, 5, 5])
    m.op("ARG_MAX", [x, m.ints(1)], [((2,), I32)], "ArgMaxOptions", outputType=I32, case="first_of_equals")
    for kind in (F32, I32):
        for exclusive in (False, True):
            for reverse in (False, True):
                m.op("CUMSUM", [m.input((2, 5, 3), kind), m.const(np.int32(1))], [((2, 5, 3), kind)], "CumsumOptions",
                     exclusive=exclusive, reverse=reverse, case=f"cumsum_{TEXT[kind]}_{exclusive}_{reverse}")


# ---- shapes
@family
def shapes(m):
    for kind in (I8, U8, F32, I32):
        q = both(kind)

        def case(name, x, more, y, options=None, **fields):
            label = f"{name}_{TEXT[kind]}_{len(m.outputs)}".lower()
            m.op(name, [m.input(x, kind, *q), *more], [(y, kind, *q)], options, case=label, **fields)
        case("RESHAPE", (2, 3, 4), [m.ints(4, -1)], (4, 6), "ReshapeOptions", newShape=np.int32([4, -1]))
        case("RESHAPE", (2, 3, 4), [], (6, 4), "ReshapeOptions", newShape=np.int32([6, 4]))
        case("SQUEEZE", (1, 3, 1, 4), [], (3, 4), "SqueezeOptions")
        case("SQUEEZE", (1, 3, 1, 4), [], (1, 3, 4), "SqueezeOptions", squeezeDims=np.int32([-2]))
        case("EXPAND_DIMS", (3, 4), [m.const(np.int32(-2))], (3, 1, 4))
        case("TRANSPOSE", (2, 3, 4, 5), [m.ints(0, 3, 1, 2)], (2, 5, 3, 4))
        case("PAD", (1, 3, 4, 2), [m.const(np.int32([[0, 0], [1, 2], [0, 3], [0, 1]]))], (1, 6, 7, 3))
        case("MIRROR_PAD", (3, 4), [m.const(np.int32([[2, 1], [3, 2]]))], (6, 9), "MirrorPadOptions", mode=0)
        case("MIRROR_PAD", (3, 4), [m.const(np.int32([[2, 1], [4, 2]]))], (6, 10), "MirrorPadOptions", mode=1)
        case("TILE", (2, 1, 3), [m.ints(2, 3, 2)], (4, 3, 6))
        case("REVERSE_V2", (2, 5, 3), [m.ints(1)], (2, 5, 3))
        case("SLICE", (4, 5, 6), [m.ints(1, 0, 2), m.ints(2, -1, 3)], (2, 5, 3))
        case("SPACE_TO_DEPTH", (1, 4, 6, 3), [], (1, 2, 3, 12), "SpaceToDepthOptions", blockSize=2)
        case("DEPTH_TO_SPACE", (1, 2, 3, 12), [], (1, 4, 6, 3), "DepthToSpaceOptions", blockSize=2)
        case("SPACE_TO_BATCH_ND", (1, 5, 7, 2), [m.ints(2, 3), m.const(np.int32([[1, 0], [0, 2]]))], (6, 3, 3, 2))
        case("BATCH_TO_SPACE_ND", (6, 3, 3, 2), [m.ints(2, 3), m.const(np.int32([[1, 0], [0, 2]]))], (1, 5, 7, 2))
        case("SPACE_TO_BATCH_ND", (2, 6, 4), [m.ints(3), m.const(np.int32([[0, 0]]))], (6, 2, 4))
        parts = [m.input(e, kind, *q) for e in ((2, 3, 4), (2, 1, 4), (2, 5, 4))]
        m.op("CONCATENATION", parts, [((2, 9, 4), kind, *q)], "ConcatenationOptions", axis=-2, case=f"concatenation_{TEXT[kind]}")
        m.op("PACK", [m.input((2, 3), kind, *q) for _ in range(3)], [((2, 3, 3), kind, *q)], "PackOptions", axis=1, valuesCount=3,
             case=f"pack_{TEXT[kind]}")
        m.op("UNPACK", [m.input((2, 3, 4), kind, *q)], [((2, 4), kind, *q)] * 3, "UnpackOptions", axis=1, num=3,
             case=f"unpack_{TEXT[kind]}")
        m.op("SPLIT", [m.const(np.int32(2)), m.input((2, 3, 6), kind, *q)], [((2, 3, 2), kind, *q)] * 3, "SplitOptions",
             numSplits=3, case=f"split_{TEXT[kind]}")
        m.op("SPLIT_V", [m.input((2, 7), kind, *q), m.ints(2, -1, 1), m.const(np.int32(1))],
             [((2, n), kind, *q) for n in (2, 4, 1)], "SplitVOptions", numSplits=3, case=f"split_v_{TEXT[kind]}")
        value = m.const(m.values((), kind), *q)
        m.op("PADV2", [m.input((2, 3), kind, *q), m.const(np.int32([[1, 0], [0, 2]])), value], [((3, 5), kind, *q)],
             case=f"padv2_{TEXT[kind]}")
    x = [m.input((2, 3), U8, sc, z) for sc, z in ((0.05, 120), (0.02, 100), (0.04, 0))]
    m.op("CONCATENATION", x, [((2, 9), U8, 0.05, 120)], "ConcatenationOptions", axis=1, case="concatenation_rescaled")
    m.op("FILL", [m.ints(2, 3), m.input((), F32)], [((2, 3), F32)], case="fill")
    x = m.input((2, 3, 4), F32)
    m.op("SHAPE", [x], [((3,), I32)], "ShapeOptions", outType=I32, case="shape")
    m.op("RANK", [x], [((), I32)], case="rank")
    m.op("ZEROS_LIKE", [x], [((2, 3, 4), F32)], case="zeros_like")
    m.op("RANGE", [m.const(np.int32(3)), m.const(np.int32(20)), m.const(np.int32(4))], [((5,), I32)], case="range_int32")
    m.op("RANGE", [m.const(np.float32(3)), m.const(np.float32(-1)), m.const(np.float32(-.5))], [((8,), F32)], case="range_float32")


@family
def strided_slices(m):
    def case(x, begin, end, strides, y, kind=I8, **masks):
        m.op("STRIDED_SLICE", [m.input(x, kind, *both(kind)), m.ints(*begin), m.ints(*end), m.ints(*strides)], [(y, kind, *both(kind))],
             "StridedSliceOptions", version=4, case=f"slice_{len(m.outputs)}", **masks)
    for kind in (I8, F32):
        case((4, 5, 6), (1, 0, 2), (3, 5, 6), (1, 2, 3), (2, 3, 2), kind)
        case((4, 5, 6), (-3, 4, -1), (-1, 0, -7), (1, -2, -1), (2, 2, 6), kind)
        case((4, 5, 6), (1, 2, 3), (2, 3, 4), (1, 1, 1), (4, 5, 1), kind, beginMask=3, endMask=3)
        case((4, 5, 6), (1, 2, 0), (2, 3, 6), (1, 1, 1), (6,), kind, shrinkAxisMask=3)
        case((4, 5, 6), (-1,), (0,), (1,), (5, 6), kind, shrinkAxisMask=1)
        case((4, 5, 6), (0, 1), (0, 3), (1, 1), (4, 5, 2), kind, ellipsisMask=1)
        case((4, 5), (0, 0, 1), (0, 0, 3), (1, 1, 1), (4, 1, 2), kind, newAxisMask=2, beginMask=1, endMask=1)
        case((4, 5, 6), (9, 9, 9), (-9, -9, -9), (-1, -1, -2), (4, 5, 3), kind)
        case((4, 5, 6), (0, 0, 1), (0, 0, 4), (1, 1, 1), (4, 1, 3), kind, ellipsisMask=1, newAxisMask=0, shrinkAxisMask=0, beginMask=0)\
            if False else None


@family
def indices(m):
    for kind in (I8, U8, F32, I32):
        q = both(kind)
        for index in (I32, I64):
            at = m.input((2, 3), index, low=0, high=3)
            m.op("GATHER", [m.input((4, 5), kind, *q), at], [((2, 3, 5), kind, *q)], "GatherOptions", axis=0,
                 case=f"gather_0_{TEXT[kind]}_{index}")
            m.op("GATHER", [m.input((2, 4, 5), kind, *q), at], [((2, 2, 3, 5), kind, *q)], "GatherOptions", axis=1,
                 case=f"gather_1_{TEXT[kind]}_{index}")
            m.op("GATHER", [m.input((2, 4, 5), kind, *q), at], [((2, 3, 5), kind, *q)], "GatherOptions", axis=1, batchDims=1,
                 version=5, case=f"gather_batch_{TEXT[kind]}_{index}")
            at = m.input((3, 2), index, low=0, high=3)
            m.op("GATHER_ND", [m.input((4, 5, 6), kind, *q), at], [((3, 6), kind, *q)], case=f"gather_nd_2_{TEXT[kind]}_{index}")
            at = m.input((2, 2, 3), index, low=0, high=3)
            m.op("GATHER_ND", [m.input((4, 5, 6), kind, *q), at], [((2, 2), kind, *q)], case=f"gather_nd_3_{TEXT[kind]}_{index}")
        at = m.input((4, 1), I32, data=[1, 5, 1, 0])
        m.op("SCATTER_ND", [at, m.input((4, 3), kind, *q, low=-30 if kind in (I32, I8) else 0, high=30), m.ints(6, 3)],
             [((6, 3), kind, *q)], case=f"scatter_nd_{TEXT[kind]}")
    for n, axis in enumerate((-1, 0, 1)):
        y = [2, 3]
        y.insert(axis if axis >= 0 else 2, 5)
        m.op("ONE_HOT", [m.input((2, 3), I32, low=-1, high=5), m.const(np.int32(5)), m.const(np.float32(2)), m.const(np.float32(-1))],
             [(y, F32)], "OneHotOptions", axis=axis, case=f"one_hot_{n}")


# ---- layers
def conv_case(m, name, kind, x, w, y, per_channel, options, act=0, bias=True, label="", zero_w=0, **fields):
    """w: shape of the filter; per_channel: its axis, or None."""
    axis = per_channel if per_channel is not None else 0
    out = {"CONV_2D": w[0], "DEPTHWISE_CONV_2D": w[-1], "FULLY_CONNECTED": w[0]}[name]
    if kind == F32:
        wt, b = m.const(m.values(w, F32, -1, 1)), m.const(m.values((out,), F32))
        ins, result = [m.input(x, F32), wt, b if bias else -1], (y, F32)
    else:
        n = out if per_channel is not None else 1
        scale = m.random.uniform(0.004, 0.02, n)
        si, zi = (0.05, -3 if kind == I8 else 125)
        low = -127 if kind == I8 else 0
        wt = m.const(m.values(w, kind, low, 127 if kind == I8 else 255), scale, zero_w, axis)
        b = m.const(m.random.integers(-2000, 2000, out).astype(np.int32), si * scale, 0, 0)
        ins, result = [m.input(x, kind, si, zi), wt, b if bias else -1], (y, kind, 0.12, 5 if kind == I8 else 133)
    m.op(name, ins, [result], options, case=f"{name}_{TEXT[kind]}_{len(m.outputs)}{label}".lower(), fusedActivationFunction=act, **fields)


@family
def convolutions(m):
    C, D = "Conv2DOptions", "DepthwiseConv2DOptions"
    one = dict(strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
    for kind, pc, zw in ((I8, 0, 0), (I8, None, 0), (U8, None, 119), (F32, None, 0)):
        dw = 3 if pc is not None else None
        conv_case(m, "CONV_2D", kind, (1, 7, 6, 3), (8, 3, 3, 3), (1, 7, 6, 8), pc, C, ACT.RELU6, padding=0, zero_w=zw, **one)
        conv_case(m, "CONV_2D", kind, (2, 7, 7, 16), (5, 1, 1, 16), (2, 7, 7, 5), pc, C, padding=1, zero_w=zw, **one)
        conv_case(m, "CONV_2D", kind, (1, 9, 9, 4), (6, 3, 3, 4), (1, 5, 5, 6), pc, C, ACT.RELU, padding=0, zero_w=zw,
                  **{**one, "strideH": 2, "strideW": 2})
        conv_case(m, "CONV_2D", kind, (1, 9, 9, 4), (6, 3, 3, 4), (1, 9, 9, 6), pc, C, padding=0, zero_w=zw,
                  **{**one, "dilationHFactor": 3, "dilationWFactor": 2})
        conv_case(m, "DEPTHWISE_CONV_2D", kind, (1, 7, 6, 8), (1, 3, 3, 8), (1, 4, 3, 8), dw, D, ACT.RELU6, padding=0, zero_w=zw,
                  depthMultiplier=1, **{**one, "strideH": 2, "strideW": 2})
        conv_case(m, "DEPTHWISE_CONV_2D", kind, (1, 7, 6, 3), (1, 3, 3, 6), (1, 7, 6, 6), dw, D, padding=0, zero_w=zw,
                  depthMultiplier=2, **one)
        conv_case(m, "DEPTHWISE_CONV_2D", kind, (1, 9, 9, 4), (1, 3, 3, 4), (1, 5, 5, 4), dw, D, ACT.RELU_N1_TO_1, padding=1, zero_w=zw,
                  depthMultiplier=1, **{**one, "dilationHFactor": 2, "dilationWFactor": 2})
    conv_case(m, "CONV_2D", I8, (1, 5, 5, 8), (6, 3, 3, 4), (1, 5, 5, 6), 0, C, padding=0, label="_groups", **one)


@family
def fully_connected(m):
    F = "FullyConnectedOptions"
    for kind, pc, zw in ((I8, None, 0), (I8, 0, 0), (U8, None, 131), (F32, None, 0)):
        conv_case(m, "FULLY_CONNECTED", kind, (2, 12), (7, 12), (2, 7), pc, F, zero_w=zw)
        conv_case(m, "FULLY_CONNECTED", kind, (2, 3, 12), (7, 12), (6, 7), pc, F, ACT.RELU, zero_w=zw)
        conv_case(m, "FULLY_CONNECTED", kind, (2, 3, 12), (7, 12), (2, 3, 7), pc, F, zero_w=zw, keepNumDims=True)
        conv_case(m, "FULLY_CONNECTED", kind, (1, 2, 2, 4), (7, 16), (1, 7), pc, F, ACT.RELU6, bias=False, zero_w=zw)


@family
def batch_matmul(m):
    for kind in (F32, I8):
        for n, (a, b, y, ax, ay) in enumerate((((2, 3, 4), (2, 4, 5), (2, 3, 5), False, False),
                                               ((2, 3, 4), (2, 5, 4), (2, 3, 5), False, True),
                                               ((1, 4, 3), (2, 4, 5), (2, 3, 5), True, False))):
            qa, qb = ((0.05, -3), (0.04, 7)) if kind == I8 else ((None, 0), (None, 0))
            m.op("BATCH_MATMUL", [m.input(a, kind, *qa), m.input(b, kind, *qb)], [(y, kind, *((0.09, 4) if kind == I8 else ()))],
                 "BatchMatMulOptions", adjX=ax, adjY=ay, case=f"matmul_{TEXT[kind]}_{n}")


@family
def pools(m):
    for kind in (I8, U8, F32):
        q = both(kind)
        for name in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
            if name == "L2_POOL_2D" and kind != F32:
                continue
            for n, (x, k, st, pad, y) in enumerate((((1, 6, 6, 8), 2, 2, 1, (1, 3, 3, 8)), ((1, 7, 7, 3), 3, 2, 0, (1, 4, 4, 3)),
                                                    ((2, 7, 5, 3), 3, 1, 0, (2, 7, 5, 3)), ((1, 7, 7, 20), 7, 7, 1, (1, 1, 1, 20)))):
                m.op(name, [m.input(x, kind, *q)], [(y, kind, *q)], "Pool2DOptions", padding=pad, strideH=st, strideW=st,
                     filterHeight=k, filterWidth=k, fusedActivationFunction=(0, ACT.RELU6)[n % 2],
                     case=f"{name}_{TEXT[kind]}_{n}".lower())


@family
def resizes(m):
    for kind in (I8, U8, F32, I16):
        q = (0.001, 0) if kind == I16 else both(kind)
        for n, (x, size) in enumerate((((1, 3, 4, 5), (7, 9)), ((2, 6, 5, 3), (3, 10)), ((1, 1, 1, 4), (3, 3)), ((1, 5, 7, 2), (1, 6)))):
            for align, half in ((False, False), (True, False), (False, True)):
                for name in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
                    y = (x[0], *size, x[3])
                    m.op(name, [m.input(x, kind, *q), m.ints(*size)], [(y, kind, *q)],
                         "ResizeBilinearOptions" if name == "RESIZE_BILINEAR" else "ResizeNearestNeighborOptions",
                         alignCorners=align, halfPixelCenters=half, case=f"{name}_{TEXT[kind]}_{n}_{align}_{half}".lower())


@family
def transpose_conv(m):
    for kind, per_channel in ((I8, True), (I8, False), (U8, False), (F32, False)):
        for n, (x, w, y, st, pad, bias) in enumerate((((1, 4, 5, 6), (3, 3, 3, 6), (1, 8, 10, 3), 2, 0, True),
                                                      ((1, 4, 5, 2), (4, 3, 2, 2), (1, 9, 10, 4), 2, 1, True),
                                                      ((2, 3, 3, 4), (5, 2, 2, 4), (2, 6, 6, 5), 2, 0, False),
                                                      ((1, 5, 5, 3), (2, 3, 3, 3), (1, 5, 5, 2), 1, 0, True),
                                                      ((1, 3, 3, 3), (2, 4, 4, 3), (1, 9, 9, 2), 3, 0, True),
                                                      ((1, 3, 3, 3), (2, 2, 2, 3), (1, 9, 9, 2), 3, 0, True))):
            if kind == F32:
                ins = [m.const(m.values(w, F32, -1, 1)), m.input(x, F32), m.const(m.values((w[0],), F32))]
            else:
                scale = m.random.uniform(0.004, 0.02, w[0] if per_channel else 1)
                low, zero = (-127, 0) if kind == I8 else (0, 121)
                ins = [m.const(m.values(w, kind, low), scale, zero, 0), m.input(x, kind, 0.05, -3 if kind == I8 else 125),
                       m.const(m.random.integers(-2000, 2000, w[0]).astype(np.int32), 0.05 * scale, 0, 0)]
            out = (y, kind, *((0.09, 5 if kind == I8 else 133) if kind != F32 else ()))
            m.op("TRANSPOSE_CONV", [m.ints(*y), *ins[:3 if bias else 2]], [out], "TransposeConvOptions", version=3, padding=pad,
                 strideH=st, strideW=st, case=f"transpose_conv_{TEXT[kind]}_{per_channel}_{n}")


@family
def normalisations(m):
    for kind, out in ((I8, (1 / 256, -128)), (U8, (1 / 256, 0)), (F32, ())):
        for n, (shape, scale) in enumerate((((2, 10), 0.1), ((3, 4, 7), 0.02), ((1, 100), 0.3))):
            q = (scale, both(kind)[1]) if kind != F32 else (None, 0)
            m.op("SOFTMAX", [m.input(shape, kind, *q)], [(shape, kind, *out)], "SoftmaxOptions", beta=(1.0, 0.5, 1.0)[n],
                 case=f"softmax_{TEXT[kind]}_{n}")
    m.op("LOG_SOFTMAX", [m.input((3, 10), F32)], [((3, 10), F32)], case="log_softmax")
    m.op("L2_NORMALIZATION", [m.input((2, 3, 6), F32)], [((2, 3, 6), F32)], "L2NormOptions", case="l2_normalization")


@family
def computed(m):
    """Shapes that the model computes; dilated convolutions written with batches; detection heads."""
    x = m.input((2, 3, 4), F32)
    shape = m.op("SHAPE", [x], [((3,), I32)], "ShapeOptions", outType=I32, step=True)
    first = m.op("STRIDED_SLICE", [shape, m.ints(0), m.ints(1), m.ints(1)], [((), I32)], "StridedSliceOptions", shrinkAxisMask=1,
                 step=True)
    rest = m.op("STRIDED_SLICE", [shape, m.ints(1), m.ints(3), m.ints(1)], [((2,), I32)], "StridedSliceOptions", step=True)
    product = m.op("REDUCE_PROD", [rest, m.ints(0)], [((), I32)], "ReducerOptions", step=True)
    wanted = m.op("PACK", [first, product], [((2,), I32)], "PackOptions", valuesCount=2, step=True)
    m.op("RESHAPE", [x, wanted], [((1,), F32)], "ReshapeOptions", case="reshape")
    size = m.op("MUL", [rest, m.const(np.int32(2))], [((2,), I32)], "MulOptions", step=True)
    picture = m.op("EXPAND_DIMS", [x, m.const(np.int32(3))], [((2, 3, 4, 1), F32)], step=True)
    m.op("RESIZE_BILINEAR", [picture, size], [((1,), F32)], "ResizeBilinearOptions", case="resize")
    count = m.op("CAST", [first], [((), F32)], "CastOptions", inDataType=I32, outDataType=F32, step=True)
    m.op("MUL", [x, count], [((2, 3, 4), F32)], "MulOptions", case="scaled")
    m.op("RESHAPE", [m.input((1, 1), F32), m.const(np.zeros(0, np.int32))], [((), F32)], case="scalar")
    m.op("GATHER", [m.input((4, 3), F32), m.const(np.int32(2))], [((3,), F32)], "GatherOptions", axis=0, case="one_row")
    m.op("WHERE", [m.const(np.array([[True, False, True], [False, False, True]]))], [((1,), I64)], case="where")
    for kind in (I8, U8, F32):
        q = both(kind)
        x = m.input((1, 7, 9, 4), kind, *q)
        batched = m.op("SPACE_TO_BATCH_ND", [x, m.ints(2, 2), m.const(np.int32([[2, 3], [2, 3]]))], [((4, 6, 7, 4), kind, *q)],
                       step=True)
        if kind == F32:
            w, b, out = m.const(m.values((1, 3, 3, 4), F32, -1, 1)), m.const(m.values((4,), F32)), ()
        else:
            w = m.const(m.values((1, 3, 3, 4), kind), 0.01, 0 if kind == I8 else 128, 3)
            b = m.const(m.random.integers(-999, 999, 4).astype(np.int32), 0.0005)
            out = (0.1, both(kind)[1])
        y = m.op("DEPTHWISE_CONV_2D", [batched, w, b], [((4, 4, 5, 4), kind, *out)], "DepthwiseConv2DOptions", padding=1, strideH=1,
                 strideW=1, depthMultiplier=1, step=True)
        m.op("BATCH_TO_SPACE_ND", [y, m.ints(2, 2), m.const(np.int32([[0, 1], [0, 1]]))], [((1, 7, 9, 4), kind, *out)],
             case=f"dilated_{TEXT[kind]}")
        m.op("TOPK_V2", [m.input((3, 20), kind, *q), m.const(np.int32(4))], [((3, 4), kind, *q), ((3, 4), I32)],
             "TopKV2Options", case=f"top_k_{TEXT[kind]}")


@family
def without_reference(m):
    """Operators that BUILTIN_REF does not register, or computes in another way than TensorFlow (its LRN leaves out the last
    channel of the window): the default kernels' answers."""
    m.op("LOCAL_RESPONSE_NORMALIZATION", [m.input((1, 2, 3, 9), F32)], [((1, 2, 3, 9), F32)], "LocalResponseNormalizationOptions",
         radius=2, bias=1.5, alpha=0.3, beta=0.75, case="local_response_normalization")
    unaries(m, "ELU", [I8, F32], WIDE)
    unaries(m, "CEIL", [F32], [])
    unaries(m, "ROUND", [F32], [])
    x = m.input((8,), F32, data=[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, -3.5])
    m.op("ROUND", [x], [((8,), F32)], case="round_halves")
    for kind in (I8, F32, I32):
        m.op("BROADCAST_TO", [m.input((3, 1), kind, *both(kind)), m.ints(2, 3, 4)], [((2, 3, 4), kind, *both(kind))], version=2,
             case=f"broadcast_to_{TEXT[kind]}")


def main():
    wanted = sys.argv[1:] or FAMILIES
    HERE.mkdir(exist_ok=True)
    for name in wanted:
        m = Model()
        FAMILIES[name](m)
        reference = name != "without_reference"
        data, outputs = m.run(OpResolverType.BUILTIN_REF if reference else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
        (HERE / f"{name}.tflite").write_bytes(data)
        (HERE / f"{name}.bin").write_bytes(b"".join(v.tobytes() for v in [*m.data, *outputs]))
        print(f"{name:20} {len(m.operators):4} operators {len(data):7} bytes")


if __name__ == "__main__":
    main()
