# SPDX-License-Identifier: Apache-2.0
# requirements: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
"""Records ONNX Runtime's answers of files that `tessera quantize` wrote, and makes the sample files of the tests.

    make && python3 tests/quantize/record_quantized.py

Writes recorded/NAME.npy: probabilities (float32) of models/digits/digits_float.onnx, quantised with the options of
NAME, for test pictures 100 to 119; the first 100 are the calibration samples. Graph optimisation is off: float32
arithmetic between DequantizeLinear and QuantizeLinear. Every file must pass onnx.checker first.
samples/ holds small .npy and .npz files as NumPy writes them, some of them wrong on purpose.
"""
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
VARIANTS = {
    "standard": [],
    "minmax": ["--method", "minmax"],
    "percentile": ["--percentile", "99.9"],
    "kl": ["--method", "kl"],
    "plain": ["--no-equalise", "--no-bias-correct"],
    "per_tensor": ["--per-tensor"],
    "symmetric": ["--symmetric"],
    "uint8": ["--activations", "uint8"],
    "keep": ["--keep-float", "conv2_Conv,logits*"],
}


def record(name, options, pictures):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "int8.onnx"
        subprocess.run([TOP / "build/bin/tessera", "quantize", "models/digits/digits_float.onnx", "--calibrate",
                        "models/digits/test_images.npy", "--samples", "100", "-o", path, *options],
                       check=True, cwd=TOP, stdout=subprocess.DEVNULL)
        onnx.checker.check_model(onnx.load(path), full_check=True)
        settings = onnxruntime.SessionOptions()
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        settings.intra_op_num_threads = 1
        run = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        np.save(HERE / "recorded" / f"{name}.npy",
                np.concatenate([run.run(None, {"image": p[None]})[0] for p in pictures]))


def main():
    images = np.load(TOP / "models/digits/test_images.npy")
    pictures = (images / 255.0).astype(np.float32).reshape(-1, 1, 8, 8)
    for folder in ("recorded", "samples"):
        (HERE / folder).mkdir(exist_ok=True)
    for name, options in VARIANTS.items():
        record(name, options, pictures[100:120])
    few = pictures[:8]
    samples = HERE / "samples"
    np.savez(samples / "stored.npz", image=few)
    np.savez_compressed(samples / "packed.npz", image=few)
    np.savez(samples / "other_name.npz", picture=few, more=few)
    np.save(samples / "floats.npy", few)
    np.save(samples / "wrong_shape.npy", few[:, :, 1:])
    np.save(samples / "wrong_type.npy", few.astype(np.float64))
    bad = few.copy()
    bad[3, 0, 4, 4] = np.nan
    np.save(samples / "nan.npy", bad)


if __name__ == "__main__":
    main()
