# SPDX-License-Identifier: Apache-2.0
# requirements: numpy==2.4.6 onnxruntime==1.31.1 (models/requirements.txt)
"""Records what ONNX Runtime gives for the zoo's networks on one input: tests/zoo/record.py build/bin/zoo

Inputs come from the zoo's own generator (models/zoo/random.h), written here a second time.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime as ort

SIZE, CLASSES = 64, 10  # as in test_zoo.c
SEED = 1
FOLDER = pathlib.Path(__file__).parent / "recorded"
MASK = (1 << 64) - 1


def normal(count):
    state, out = SEED, np.empty(count, np.float32)
    for i in range(count):
        total = 0
        for _ in range(2):
            state = (state + 0x9E3779B97F4A7C15) & MASK
            z = state
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            z ^= z >> 31
            total += sum(z >> (16 * j) & 0xFFFF for j in range(4))
        out[i] = (total / 65536 - 4) * 1.2247448713915890
    return out


def main(zoo):
    FOLDER.mkdir(exist_ok=True)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # the operators one by one
    for name in subprocess.run([zoo, "-l"], check=True, capture_output=True, text=True).stdout.split():
        for form, flags in (("", []), ("_int8", ["-q"])):
            with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
                subprocess.run([zoo, *flags, "-s", str(SIZE), "-c", str(CLASSES), name, file.name], check=True)
                session = ort.InferenceSession(file.name, options)
            source = session.get_inputs()[0]
            x = normal(int(np.prod(source.shape))).reshape(source.shape)
            for i, y in enumerate(session.run(None, {source.name: x})):
                # Large outputs: every 7th element is enough.
                flat = y.reshape(-1)
                np.save(FOLDER / f"{name}{form}.{i}.npy", flat if flat.size <= 64 else flat[::7])
            print(name + form)


if __name__ == "__main__":
    main(sys.argv[1])
