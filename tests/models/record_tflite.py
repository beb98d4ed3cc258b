# SPDX-License-Identifier: Apache-2.0
# requirements: ai-edge-litert==2.3.0 numpy==2.4.6 pillow==13.0.0
"""Records what the TFLite interpreter's reference kernels answer for the models that lie outside this repo.

    python3 tests/models/record_tflite.py [MODELS_FOLDER]        default: ../shared/models beside the repo

Writes tests/models/recorded/<model>/<case>.npy (the output tensor) and recorded/<model>/tensors.txt (CRC-32 of
the input and of every operator's output, all cases), recorded/default_kernels.txt. README.md describes the inputs and both kinds of file.
"""
import pathlib
import sys
import zlib

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
VERSION = "ai-edge-litert 2.3.0"
PHOTOGRAPHS = ("cat", "grace_hopper")
MODELS = {  # recorded name: (file, takes photographs)
    "resnet8": ("mlperf_tiny/ic_resnet8_int8.tflite", True),
    "dscnn": ("mlperf_tiny/kws_dscnn_int8.tflite", False),
    "autoencoder": ("mlperf_tiny/ad_autoencoder_int8.tflite", False),
    "mobilenet_v1_0.25_128": ("imagenet/mobilenet_v1_0.25_128_uint8.tflite", True),
    "mobilenet_v2_1.0_224": ("imagenet/mobilenet_v2_1.0_224_int8.tflite", True),
}


# ---- inputs: each of these is reproduced in C, so inputs are not stored
def xorshift64star(seed, count):
    """`count` bytes: the top byte of each output of xorshift64* (Vigna 2016, shifts 12, 25, 27)."""
    mask = (1 << 64) - 1
    x, out = seed, bytearray(count)
    for i in range(count):
        x ^= x >> 12
        x ^= (x << 25) & mask
        x ^= x >> 27
        out[i] = ((x * 0x2545F4914F6CDD1D) & mask) >> 56
    return np.frombuffer(bytes(out), np.uint8)


def box_resize(image, height, width):
    """Integer box filter: the rounded mean of the source pixels that an output pixel covers."""
    source = np.asarray(image, np.int64)
    h, w = source.shape[:2]
    out = np.empty((height, width, source.shape[2]), np.uint8)
    for y in range(height):
        y0 = y * h // height
        y1 = max((y + 1) * h // height, y0 + 1)
        for x in range(width):
            x0 = x * w // width
            x1 = max((x + 1) * w // width, x0 + 1)
            n = (y1 - y0) * (x1 - x0)
            out[y, x] = (source[y0:y1, x0:x1].sum(axis=(0, 1)) + n // 2) // n
    return out


def cases(detail, photographs, folder):
    """(case name, unsigned bytes) in recording order; an int8 tensor takes unsigned byte b as b - 128 for
    photographs and ramps, and as the same bit pattern for random bytes."""
    shape, count = detail["shape"], int(np.prod(detail["shape"]))
    signed = detail["dtype"] == np.int8

    def offset(bytes_):
        return (bytes_ ^ 0x80) if signed else bytes_

    if photographs:
        for name in PHOTOGRAPHS:
            image = Image.open(folder / "imagenet" / f"{name}.bmp").convert("RGB")
            yield name, offset(box_resize(image, shape[1], shape[2]).reshape(-1))
    i = np.arange(count, dtype=np.int64)
    yield "ramp", offset(((i * 5 + i // 64 * 3) % 256).astype(np.uint8))
    yield "lowest", offset(np.zeros(count, np.uint8))
    yield "highest", offset(np.full(count, 255, np.uint8))
    for seed in (1, 2, 3):
        yield f"random_{seed}", xorshift64star(seed * 0x9E3779B97F4A7C15 % (1 << 64), count)


# ---- recording
def operators(data):
    """(operator name, output tensor index, tensor name) in execution order."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    graph = model.subgraphs[0]
    for op in graph.operators:
        code = model.operatorCodes[op.opcodeIndex]
        code = max(code.builtinCode, code.deprecatedBuiltinCode)
        for t in op.outputs:
            yield names[code], t, graph.tensors[t].name.decode()


def interpreter(path, kind):
    run = Interpreter(model_path=str(path), experimental_op_resolver_type=kind, num_threads=1,
                      experimental_preserve_all_tensors=True)
    run.allocate_tensors()
    return run


def shape_text(array):
    return "x".join(str(d) for d in array.shape)


def record(name, path, photographs, folder, out):
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    reference = interpreter(path, OpResolverType.BUILTIN_REF)
    fast = interpreter(path, OpResolverType.AUTO)
    source = reference.get_input_details()[0]
    result = reference.get_output_details()[0]
    ops = list(operators(path.read_bytes()))
    rows, names, differing = {}, [], []

    for case, raw in cases(source, photographs, folder):
        names.append(case)
        tensor = raw.view(source["dtype"]).reshape(source["shape"])
        rows.setdefault(("-", "INPUT", source["index"], shape_text(tensor), str(tensor.dtype), source["name"]),
                        []).append(zlib.crc32(tensor.tobytes()))
        for run in (reference, fast):
            run.set_tensor(source["index"], tensor)
            run.invoke()
        for number, (op, index, tensor_name) in enumerate(ops):
            value = np.ascontiguousarray(reference.get_tensor(index))
            key = (str(number), op, index, shape_text(value), str(value.dtype), tensor_name)
            rows.setdefault(key, []).append(zlib.crc32(value.tobytes()))
        answer = np.ascontiguousarray(reference.get_tensor(result["index"]))
        np.save(out / f"{case}.npy", answer)
        delta = np.abs(fast.get_tensor(result["index"]).astype(int) - answer.astype(int))
        top = np.argsort(-answer.reshape(-1).astype(int), kind="stable")[:3]
        differing.append(f"{name}\t{case}\t{(delta > 0).sum()}\t{delta.size}\t{delta.max()}")
        print(f"{name:24} {case:14} top {top.tolist()} = {answer.reshape(-1)[top].tolist()}; "
              f"default kernels differ in {(delta > 0).sum()} of {delta.size}, by at most {delta.max()}")

    lines = [f"# {path.name}, {path.stat().st_size} bytes, CRC-32 {zlib.crc32(path.read_bytes()):08x}",
             f"# {VERSION}, OpResolverType.BUILTIN_REF",
             "# operator number, operator, tensor index, shape, type, CRC-32 of the bytes in each case, tensor name",
             "op\toperator\ttensor\tshape\ttype\t" + "\t".join(names) + "\tname"]
    for (number, op, index, shape, dtype, tensor_name), crcs in rows.items():
        lines.append("\t".join([number, op, str(index), shape, dtype, *(f"{c:08x}" for c in crcs), tensor_name]))
    (out / "tensors.txt").write_text("\n".join(lines) + "\n")
    return differing


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1].parent / "shared" / "models"
    if not folder.is_dir():
        sys.exit(f"record_tflite.py: no folder {folder}; give the folder that holds mlperf_tiny/ and imagenet/")
    lines = ["# how far the interpreter's default kernels (XNNPACK) lie from its reference kernels; for information",
             "model\tcase\tdiffering\tof\tlargest"]
    for name, (path, photographs) in MODELS.items():
        lines += record(name, folder / path, photographs, folder, HERE / "recorded" / name)
    (HERE / "recorded" / "default_kernels.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
