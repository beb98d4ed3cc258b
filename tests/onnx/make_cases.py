#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/onnx/cases: forms of ONNX operators that the public backend suite does not have, with ONNX Runtime's answers.

Each case is a folder of the suite's layout with one model of many nodes, whose results, flat and one after the other, are its
only output. Which element belongs to which node: make_cases.py NAME prints it.
Needs: pip install numpy onnx onnxruntime
"""
import itertools
import os
import shutil
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
random = np.random.default_rng(1)


def reals(*shape):
    return random.standard_normal(shape).astype(np.float32)


def value(name, array):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


class Case:
    def __init__(self, name, opset):
        self.name, self.opset = name, opset
        self.nodes, self.inputs, self.constants, self.outputs = [], {}, {}, []
        self.functions = []  # of domain "own"

    def input(self, array):
        """A value of each run; the same array gives the same input."""
        for name, known in self.inputs.items():
            if known is array:
                return name
        self.inputs[f"in{len(self.inputs)}"] = array
        return f"in{len(self.inputs) - 1}"

    def add(self, name, operator, operands, outputs=1, constants=(), **attributes):
        """A node. Operands: arrays or None; those whose places are in `constants` are stored in the model."""
        names = []
        for i, operand in enumerate(operands):
            if operand is None:
                names.append("")
            elif i in constants:
                names.append(f"{name}_c{i}")
                self.constants[names[-1]] = operand
            else:
                names.append(self.input(operand))
        results = [name if i == 0 else f"{name}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, names, results, name=name, **attributes))
        self.outputs += results

    def joined(self):
        """All results as one."""
        flat = []
        self.constants["flat"] = np.array([-1])
        for result in self.outputs:
            flat.append(helper.make_node("Cast", [result], [result + "_real"], to=onnx.TensorProto.FLOAT))
            flat.append(helper.make_node("Reshape", [result + "_real", "flat"], [result + "_flat"]))
        return flat + [helper.make_node("Concat", [n.output[0] for n in flat[1::2]], ["results"], axis=0)]

    def model(self, outputs, more=()):
        graph = helper.make_graph(self.nodes + list(more), self.name, [value(n, a) for n, a in self.inputs.items()], outputs,
                                  [numpy_helper.from_array(a, n) for n, a in self.constants.items()])
        domains = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid("own", 1)] * bool(self.functions)
        return helper.make_model(graph, opset_imports=domains, functions=self.functions, ir_version=8)

    def function(self, name, inputs, outputs, nodes, attributes=(), defaults=None):
        """A function; `{"to": ("from", type)}` as a node's last word: its attribute `to` is the call's attribute `from`."""
        made = []
        for *words, references in nodes:
            made.append(helper.make_node(*words, domain="own" if words[0] in [f.name for f in self.functions] else ""))
            for to, (source, kind) in references.items():
                made[-1].attribute.append(onnx.AttributeProto(name=to, ref_attr_name=source, type=kind))
        domains = [helper.make_opsetid("", self.opset), helper.make_opsetid("own", 1)]
        self.functions.append(helper.make_function("own", name, inputs, outputs, made, domains, attributes,
                                                   [helper.make_attribute(*d) for d in (defaults or {}).items()]))

    def write(self):
        untyped = [helper.make_empty_tensor_value_info(n) for n in self.outputs]
        session = onnxruntime.InferenceSession(self.model(untyped).SerializeToString(), providers=["CPUExecutionProvider"])
        results = session.run(self.outputs, dict(self.inputs))
        if self.name in sys.argv:
            at = 0
            for name, result in zip(self.outputs, results):
                print(f"{at:6} {name}")
                at += result.size
        together = np.concatenate([r.astype(np.float32).reshape(-1) for r in results])
        folder = os.path.join(FOLDER, self.name)
        os.makedirs(os.path.join(folder, "test_data_set_0"))
        onnx.save(self.model([value("results", together)], self.joined()), os.path.join(folder, "model.onnx"))
        for kind, arrays in (("input", self.inputs.items()), ("output", [("results", together)])):
            for i, (name, array) in enumerate(arrays):
                with open(os.path.join(folder, "test_data_set_0", f"{kind}_{i}.pb"), "wb") as file:
                    file.write(numpy_helper.from_array(array, name).SerializeToString())


def recurrent():
    steps, batch, inputs, hidden = 4, 3, 3, 5
    functions = {"RNN": ["Relu"], "GRU": ["HardSigmoid", "Softsign"], "LSTM": ["Sigmoid", "ScaledTanh", "Softplus"]}
    for operator, gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
        case = Case("recurrent_" + operator.lower(), 14)
        x, lengths = reals(steps, batch, inputs), np.array([4, 2, 3], np.int32)
        state = {1: reals(1, batch, hidden), 2: reals(2, batch, hidden)}
        for direction, count in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
            operands = [x, reals(count, gates * hidden, inputs), reals(count, gates * hidden, hidden),
                        reals(count, 2 * gates * hidden), lengths, state[count]]
            if operator == "LSTM":
                operands += [state[count], reals(count, 3 * hidden)]
            common = {"outputs": 3 if operator == "LSTM" else 2, "constants": (1, 2, 3, 7), "hidden_size": hidden,
                      "direction": direction}
            case.add(direction, operator, operands, **common)
            words = functions[operator] * count
            parameters = {"activation_alpha": [1.2] * count, "activation_beta": [0.6] * count} if operator == "LSTM" else {}
            case.add(direction + "_activations", operator, operands, activations=words, **parameters, **common)
            if operator == "GRU":
                case.add(direction + "_linear_before_reset", operator, operands, linear_before_reset=1, clip=0.9, **common)
            if operator == "LSTM":
                case.add(direction + "_input_forget", operator, operands, input_forget=1, **common)
        case.write()


def conv_transpose():
    forms = [{}, {"strides": 2}, {"strides": 3, "output_padding": 1}, {"dilations": 2}, {"strides": 2, "dilations": 3, "pads": 1},
             {"strides": 2, "pads": 2, "output_padding": 1}, {"strides": 2, "auto_pad": "SAME_UPPER"}, {"strides": 4}]
    for shape in ((9,), (4, 5), (2, 3, 4)):
        rank = len(shape)
        case = Case(f"conv_transpose_{rank}d", 11)
        x = reals(2, 4, *shape)
        for i, form in enumerate(forms):
            groups, kernel = 1 + i % 2, 3 if i != 7 else 2
            attributes = {k: v if isinstance(v, str) else [v] * (2 * rank if k == "pads" else rank) for k, v in form.items()}
            weights, bias = reals(4, 3, *[kernel] * rank), reals(3 * groups)
            name = "_".join([f"groups{groups}"] + [f"{k}{v}" for k, v in form.items()])
            case.add(name, "ConvTranspose", [x, weights, bias], constants=(1, 2) if i % 3 else (), group=groups, **attributes)
        case.write()


def quantised():
    """ConvTranspose and nearest Resize between DequantizeLinear and QuantizeLinear: on integers, with scales that make no ties."""
    for kernel, per_channel in ((2, False), (2, True), (4, True)):
        case = Case(f"conv_transpose_int8_{kernel}_{'channels' if per_channel else 'tensor'}", 13)
        x_scale, y_scale = np.float32(0.0487), np.float32(0.413)
        scale = (0.005 + 0.01 * random.random(6)).astype(np.float32) if per_channel else np.float32(0.0117)
        weights = random.integers(-100, 100, (8, 6, kernel, kernel)).astype(np.int8)
        bias = random.integers(-1000, 1000, 6).astype(np.int32)
        zero = np.array(3, np.int8)
        case.add("x_q", "QuantizeLinear", [reals(1, 8, 7, 5), x_scale, zero], constants=(1, 2))
        case.constants |= {"w": weights, "w_scale": scale, "b": bias, "b_scale": scale * x_scale, "x_scale": x_scale,
                           "y_scale": y_scale, "zero": zero, "scales": np.array([1, 1, 2, 2], np.float32)}

        def node(operator, operands, result, **attributes):
            case.nodes.append(helper.make_node(operator, operands, [result], name=result, **attributes))

        node("DequantizeLinear", ["x_q", "x_scale", "zero"], "x")
        node("DequantizeLinear", ["w", "w_scale"], "w_real", axis=1)
        node("DequantizeLinear", ["b", "b_scale"], "b_real", axis=0)
        node("ConvTranspose", ["x", "w_real", "b_real"], "conv", strides=[2, 2], pads=[kernel // 2 - 1] * 4)
        node("QuantizeLinear", ["conv", "y_scale", "zero"], "conv_q")
        node("DequantizeLinear", ["conv_q", "y_scale", "zero"], "conv_real")
        node("Resize", ["conv_real", "", "scales"], "larger", mode="nearest", coordinate_transformation_mode="asymmetric",
             nearest_mode="floor")
        node("QuantizeLinear", ["larger", "y_scale", "zero"], "larger_q")
        case.outputs.append("larger_q")
        case.write()


def resize():
    x = reals(1, 2, 5, 6)
    for mode in ("nearest", "linear", "cubic"):
        case = Case("resize_" + mode, 19)
        for transformation in ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                               "tf_crop_and_resize"):
            region = np.array([0, 0, 0.2, -0.1, 1, 1, 0.9, 1.1], np.float32) if transformation == "tf_crop_and_resize" else None
            # Where these round an output's extent, ONNX Runtime and the definition differ.
            exact = transformation in ("align_corners", "tf_crop_and_resize", "half_pixel_symmetric")
            for scales in ([1, 1, 2, 2],) if exact else ([1, 1, 2, 2], [1, 1, 0.6, 0.7], [1, 1, 1.7, 2.3]):
                for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil") if mode == "nearest" else (None,):
                    name = f"{transformation}_{scales[2]}" + (f"_{rounding}" if rounding else "")
                    attributes = {"nearest_mode": rounding} if rounding else {}
                    case.add(name, "Resize", [x, region, np.array(scales, np.float32)], constants=(1, 2), mode=mode,
                             coordinate_transformation_mode=transformation, extrapolation_value=3.0, **attributes)
        if mode != "nearest":
            case.add("antialias", "Resize", [x, None, np.array([1, 1, 0.6, 0.3], np.float32)], constants=(2,), mode=mode, antialias=1)
        case.write()
    for opset in (9, 10):
        case = Case(f"resize_opset_{opset}", opset)
        for mode in ("nearest", "linear"):
            case.add(mode, "Upsample" if opset == 9 else "Resize", [x, np.array([1, 1, 2.5, 2], np.float32)], constants=(1,), mode=mode)
        case.write()


def grid_sample():
    case = Case("grid_sample", 20)
    planes, volumes = reals(2, 2, 4, 5), reals(1, 2, 3, 4, 3)
    grid, deep_grid = reals(2, 3, 3, 2), reals(1, 2, 3, 2, 3)
    for mode, padding, corners in itertools.product(("linear", "nearest", "cubic"), ("zeros", "border", "reflection"), (0, 1)):
        attributes = {"mode": mode, "padding_mode": padding, "align_corners": corners}
        case.add(f"{mode}_{padding}_{corners}", "GridSample", [planes, grid], **attributes)
        if mode != "cubic":
            case.add(f"deep_{mode}_{padding}_{corners}", "GridSample", [volumes, deep_grid], **attributes)
    case.write()


def normalisations():
    case = Case("normalisations", 21)
    x, volume = reals(3, 6, 37), reals(2, 3, 2, 3, 5)
    for axis in (1, 2, -1):
        shape = x.shape[axis:]
        case.add(f"layer_{axis}", "LayerNormalization", [x, reals(*shape), reals(*shape)], constants=(1, 2), axis=axis)
    case.add("instance_1d", "InstanceNormalization", [x, reals(6), reals(6)], constants=(1, 2))
    case.add("instance_3d", "InstanceNormalization", [volume, reals(3), reals(3)])
    case.add("group", "GroupNormalization", [x, reals(6), reals(6)], num_groups=3)
    case.add("lp_1", "LpNormalization", [x], axis=1, p=1)
    case.add("lp_2", "LpNormalization", [x], axis=-1, p=2)
    case.add("mean_variance", "MeanVarianceNormalization", [x], axes=[0, 2])
    for size, beta in ((1, 0.75), (3, 0.5), (5, 1.0), (5, 0.6)):
        case.add(f"lrn_{size}_{beta}", "LRN", [volume[:, :, 0]], size=size, alpha=0.3, beta=beta, bias=1.5)
    case.write()


def selections():
    case = Case("selections", 18)
    x = (2 * reals(4, 6, 5)).round().astype(np.float32)  # with equal elements
    for axis, largest in itertools.product((0, 1, -1), (0, 1)):
        case.add(f"top_{axis}_{largest}", "TopK", [x, np.array([3])], outputs=2, constants=(1,), axis=axis, largest=largest)
    for p in (1, 2, 3):
        case.add(f"lp_pool_{p}", "LpPool", [reals(1, 2, 9, 8)], kernel_shape=[3, 2], strides=[2, 3], p=p, pads=[1, 0, 1, 1])
        case.add(f"global_lp_pool_{p}", "GlobalLpPool", [reals(1, 3, 4, 5)], p=p)
    regions = np.array([[0.5, 1, 6, 7], [2, 2, 2.5, 3], [-3, -2, 30, 40]], np.float32)
    for mode in ("half_pixel", "output_half_pixel"):
        case.add("roi_" + mode, "RoiAlign", [reals(2, 3, 9, 10), regions, np.array([0, 1, 1])], output_height=3, output_width=2,
                 sampling_ratio=2, spatial_scale=0.7, coordinate_transformation_mode=mode)
    case.write()


def einsum():
    case = Case("einsum", 13)
    for equation, shapes in (("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))), ("ij,kj->ik", ((3, 4), (5, 4))), ("i,j->ij", ((3,), (4,))),
                             ("ijk,k", ((2, 3, 4), (4,))), ("...ij,...jk->...ik", ((2, 1, 3, 4), (2, 5, 4, 2))),
                             ("ii->i", ((4, 4),)), ("iij->ji", ((3, 3, 2),)), ("abc,cd,de->abe", ((2, 3, 4), (4, 5), (5, 2))),
                             ("bhwc,hkc->bhwk", ((2, 3, 4, 5), (3, 6, 5))), ("i->", ((4,),)), ("ij,ij->", ((3, 4), (3, 4)))):
        case.add(equation, "Einsum", [reals(*shape) for shape in shapes], constants=range(1, 3), equation=equation)
    case.write()


def bodies():
    """Functions of the model, and branches whose condition is known."""
    case = Case("bodies", 17)
    number = onnx.AttributeProto.FLOAT
    x, lo, hi = reals(2, 5), np.float32(-0.5), np.float32(0.7)
    # Names inside are those outside, on purpose.
    case.function("Leaky", ["in0"], ["y"], [["LeakyRelu", ["in0"], ["leaky"], {"alpha": ("slope", number)}],
                                            ["Mul", ["leaky", "in0"], ["y"], {}]], ["slope"])
    case.function("Bounded", ["x", "lo", "hi"], ["y", "rest"], [["Clip", ["x", "lo", "hi"], ["y"], {}],
                                                                ["Sub", ["x", "y"], ["rest"], {}]])
    case.function("Both", ["a", "lo"], ["y"], [["Leaky", ["a"], ["once"], {"slope": ("first", number)}],
                                               ["Leaky", ["once"], ["twice"], {"slope": ("second", number)}],
                                               ["Bounded", ["twice", "lo", ""], ["", "y"], {}]], ["first", "second"])
    case.function("Steep", ["x"], ["y"], [["Leaky", ["x"], ["m"], {"slope": ("slope", number)}],
                                          ["Elu", ["m"], ["y"], {"alpha": ("scale", number)}]], [], {"slope": -2.5, "scale": 0.5})
    case.add("steep", "Steep", [x], domain="own")
    case.add("steeper", "Steep", [x], domain="own", slope=-4.0)
    case.add("leaky", "Leaky", [x], domain="own", slope=0.3)
    case.add("leaky_default", "Leaky", [x], domain="own")
    case.add("bounded", "Bounded", [x, lo, hi], outputs=2, constants=(1, 2), domain="own")
    case.add("bounded_below", "Bounded", [x, lo], outputs=2, constants=(1,), domain="own")
    case.add("bounded_above", "Bounded", [x, None, hi], outputs=2, constants=(2,), domain="own")
    case.add("both", "Both", [x, lo], constants=(1,), domain="own", first=0.2, second=-1.5)
    case.add("both_unbounded", "Both", [x], domain="own", first=0.2, second=-1.5)

    def branch(name, operator, operands, constants=(), more=()):
        out = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        return helper.make_graph([*more, helper.make_node(operator, operands, [name])], name, [], [out],
                                 [numpy_helper.from_array(a, n) for n, a in constants])

    for truth in (True, False):
        case.add(f"if_{truth}", "If", [np.array(truth)], constants=(0,),
                 then_branch=branch(f"then_{truth}", "Add", ["in0", f"one_{truth}"], [(f"one_{truth}", np.float32([1]))]),
                 else_branch=branch(f"else_{truth}", "Neg", ["in0"]))
        inner = helper.make_node("If", [f"if_{not truth}_c0" if f"if_{not truth}_c0" in case.constants else f"if_{truth}_c0"],
                                 [f"inner_{truth}"], then_branch=branch(f"inner_then_{truth}", "Abs", ["in0"]),
                                 else_branch=branch(f"inner_else_{truth}", "Floor", ["in0"]))
        case.add(f"nested_{truth}", "If", [np.array(truth)], constants=(0,),
                 then_branch=branch(f"outer_then_{truth}", "Exp", [f"inner_{truth}"], more=[inner]),
                 else_branch=branch(f"outer_else_{truth}", "Ceil", ["in0"]))
    # From a shape, as exporters write "drop this axis if its extent is 1".
    for axis, array in ((0, reals(1, 3, 2)), (1, reals(3, 4))):
        case.constants[f"axis_{axis}"], case.constants["one"] = np.array([axis]), np.array([1])
        source = case.input(array)
        case.nodes += [helper.make_node("Shape", [source], [f"shape_{axis}"]),
                       helper.make_node("Gather", [f"shape_{axis}", f"axis_{axis}"], [f"extent_{axis}"]),
                       helper.make_node("Equal", [f"extent_{axis}", "one"], [f"is_one_{axis}"])]
        drop = ("Neg", [source]) if axis else ("Squeeze", [source, "axis_0"])
        case.nodes.append(helper.make_node("If", [f"is_one_{axis}"], [f"squeezed_{axis}"], name=f"squeezed_{axis}",
                                           then_branch=branch(f"drop_{axis}", *drop),
                                           else_branch=branch(f"same_{axis}", "Identity", [source])))
        case.outputs.append(f"squeezed_{axis}")
    case.write()


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    for make in (recurrent, conv_transpose, resize, grid_sample, normalisations, selections, einsum, quantised, bodies):
        make()
    print(f"{sum(len(files) for _, _, files in os.walk(FOLDER))} files in {os.path.relpath(FOLDER)}", file=sys.stderr)
