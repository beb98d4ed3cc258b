# SPDX-License-Identifier: Apache-2.0
# requirements: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.31.1
"""Records ONNX Runtime's answers of models/digits/digits_qdq.onnx to the shipped test pictures.

    python3 tests/models/record_digits.py

Writes tests/models/digits/: logits_int8.npy (what the last QuantizeLinear gives), probabilities.npy (float32,
after Softmax), float_logits.npy (of digits_float.onnx) and tensors.txt (CRC-32 of every quantised tensor).
Graph optimisation is off and one thread is used: float32 arithmetic between DequantizeLinear and QuantizeLinear.
"""
import pathlib
import sys
import zlib

import numpy as np
import onnx
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parents[1] / "models"
sys.path.insert(0, str(MODELS))
import qdq_builder as qdq  # noqa: E402


def main():
    out = HERE / "digits"
    out.mkdir(exist_ok=True)
    images = np.load(MODELS / "digits" / "test_images.npy")
    labels = np.load(MODELS / "digits" / "test_labels.npy")
    model = onnx.load(MODELS / "digits" / "digits_qdq.onnx")
    quantised = [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]
    scales = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    names = quantised + ["probabilities"]
    run = qdq.session(qdq.with_outputs(model, names))
    feeds = [(p.astype(np.float32) / np.float32(255)).reshape(1, 1, 8, 8) for p in images]
    answers = [dict(zip(names, run.run(names, {"image": f}))) for f in feeds]
    logits = np.concatenate([a[quantised[-1]] for a in answers])
    probabilities = np.concatenate([a["probabilities"] for a in answers])
    float_model = onnx.load(MODELS / "digits" / "digits_float.onnx")
    float_run = qdq.session(qdq.with_outputs(float_model, ["logits"]))
    float_logits = np.concatenate([float_run.run(None, {"image": f})[0] for f in feeds])
    np.save(out / "logits_int8.npy", logits)
    np.save(out / "probabilities.npy", probabilities)
    np.save(out / "float_logits.npy", float_logits)

    count = 16
    lines = [f"# digits_qdq.onnx, ONNX Runtime {onnxruntime.__version__}, no graph optimisation",
             f"# CRC-32 of the bytes of each QuantizeLinear's output, channel first, for test pictures 0 to {count - 1}",
             "tensor\tshape\ttype\tscale\tzero_point\t" + "\t".join(f"image_{i:02d}" for i in range(count))]
    for node in (n for n in model.graph.node if n.op_type == "QuantizeLinear"):
        name = node.output[0]
        first = answers[0][name]
        crcs = (f"{zlib.crc32(np.ascontiguousarray(a[name]).tobytes()):08x}" for a in answers[:count])
        lines.append("\t".join([name, "x".join(map(str, first.shape)), str(first.dtype),
                                f"{float(scales[node.input[1]]):.9g}", str(int(scales[node.input[2]])), *crcs]))
    (out / "tensors.txt").write_text("\n".join(lines) + "\n")

    # The same model through the runtime's own integer kernels, to see how far two right answers may lie apart.
    fused = onnxruntime.InferenceSession(qdq.with_outputs(model, [quantised[-1]]).SerializeToString(),
                                         providers=["CPUExecutionProvider"])
    other = np.concatenate([fused.run(None, {"image": f})[0] for f in feeds])
    delta = np.abs(other.astype(int) - logits.astype(int))
    print(f"int8 {np.mean(logits.argmax(1) == labels):.4f}, float {np.mean(float_logits.argmax(1) == labels):.4f}; "
          f"optimised kernels differ in {(delta > 0).sum()} of {delta.size} logits, by at most {delta.max()}")
    print("wrong:", [(int(i), int(labels[i]), int(logits[i].argmax()))
                     for i in np.flatnonzero(logits.argmax(1) != labels)])
    print("accuracy of the first 100:", np.mean(logits[:100].argmax(1) == labels[:100]))


if __name__ == "__main__":
    main()
