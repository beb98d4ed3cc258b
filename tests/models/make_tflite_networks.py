# SPDX-License-Identifier: Apache-2.0
# requirements: ai-edge-litert==2.3.0 numpy==2.4.6 tensorflow-cpu==2.21.0
"""Public TFLite architectures with random weights, quantised by TensorFlow's own converter.

    python3 tests/models/make_tflite_networks.py                        writes tests/models/tflite_networks/ (small ones)
    python3 tests/models/make_tflite_networks.py --check FOLDER [NAME...]

The second form builds the networks in FOLDER at full width, as float32, float16, int8 and uint8 models, runs each on the
interpreter's reference kernels and with build/bin/tessera on cpu and func, and prints how far the answers lie apart.
The recordings have the form that make_tflite_ops.py describes.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType

HERE = pathlib.Path(__file__).resolve().parent
K = tf.keras
L = K.layers


def settle(model):
    """Random statistics, biases and wider weights, so that answers vary."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            n = layer.get_weights()[0].shape
            layer.set_weights([random.uniform(0.8, 1.2, n), random.normal(0, 0.1, n), random.normal(0, 0.1, n),
                               random.uniform(0.5, 1.5, n)])
        elif isinstance(layer, (L.Conv2D, L.DepthwiseConv2D, L.Dense)) and layer.use_bias:
            kernel, bias = layer.get_weights()
            layer.set_weights([3 * kernel, random.normal(0, 0.1, bias.shape)])
    return model


def mobilenet_v3(size, alpha, small=True, minimalistic=False, top=True):
    make = K.applications.MobileNetV3Small if small else K.applications.MobileNetV3Large
    more = {"classes": 100, "classifier_activation": None} if top else {"include_top": False, "pooling": "avg"}
    return settle(make(input_shape=(size, size, 3), alpha=alpha, minimalistic=minimalistic, weights=None,
                       include_preprocessing=False, **more))


def efficientnet_lite(size):
    def normal(x):
        return L.ReLU(6.0)(L.BatchNormalization()(x))

    def block(x, c, out, kernel, stride, expand):
        y = x if expand == 1 else normal(L.Conv2D(c * expand, 1, use_bias=False)(x))
        y = normal(L.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False)(y))
        y = L.BatchNormalization()(L.Conv2D(out, 1, use_bias=False)(y))
        return L.Add()([x, y]) if stride == 1 and c == out else y

    image = K.Input((size, size, 3))
    x, c = normal(L.Conv2D(32, 3, strides=2, padding="same", use_bias=False)(image)), 32
    for expand, kernel, stride, out, repeats in ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3),
                                                 (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)):
        for n in range(repeats):
            x, c = block(x, c, out, kernel, stride if n == 0 else 1, expand), out
    x = L.GlobalAveragePooling2D()(normal(L.Conv2D(1280, 1, use_bias=False)(x)))
    return settle(K.Model(image, L.Dense(100)(x)))


def backbone(size, alpha):
    return K.applications.MobileNetV2(input_shape=(size, size, 3), alpha=alpha, include_top=False, weights=None)


def bilinear(size, align_corners):
    return L.Lambda(lambda t: tf.compat.v1.image.resize_bilinear(t, size, align_corners=align_corners))


def deeplab(size, alpha, width=32):
    base = backbone(size, alpha)
    x = base.get_layer("block_6_expand_relu").output
    branches = [L.Conv2D(width, 1, activation="relu")(x)]
    for rate in (2, 4):
        branches.append(L.Conv2D(width, 3, dilation_rate=rate, padding="same", activation="relu")(x))
    branches.append(L.Conv2D(width, 1, activation="relu")(L.DepthwiseConv2D(3, dilation_rate=2, padding="same")(x)))
    pooled = L.Conv2D(width, 1, activation="relu")(L.GlobalAveragePooling2D(keepdims=True)(x))
    branches.append(bilinear(x.shape[1:3], True)(pooled))
    y = bilinear((size, size), True)(L.Conv2D(21, 1)(L.Concatenate()(branches)))
    return settle(K.Model(base.input, L.Lambda(lambda t: tf.argmax(t, axis=-1, output_type=tf.int32))(y)))


def ssd(size, alpha, widths=(64, 32)):
    base = backbone(size, alpha)
    x, features = base.output, [base.get_layer("block_13_expand_relu").output, base.output]
    for c in widths:
        x = L.Conv2D(c, 3, strides=2, padding="same", activation="relu6")(L.Conv2D(c // 2, 1, activation="relu6")(x))
        features.append(x)
    boxes, scores = [], []
    for f in features:
        count = f.shape[1] * f.shape[2] * 3
        boxes.append(L.Reshape((count, 4))(L.Conv2D(12, 3, padding="same")(f)))
        scores.append(L.Reshape((count, 11))(L.Conv2D(33, 1)(f)))
    return settle(K.Model(base.input, [L.Concatenate(axis=1)(boxes), L.Activation("sigmoid")(L.Concatenate(axis=1)(scores))]))


def movenet(size, alpha, width=48, last="block_16_project_BN"):
    """Heat maps of 17 joints, and their decoding: the person nearest to the centre, then each joint near its regressed place."""
    base = backbone(size, alpha)
    x = base.get_layer(last).output
    x = L.Conv2D(width, 1)(x)
    for name in ("block_13_expand_relu", "block_6_expand_relu", "block_3_expand_relu"):
        skip = base.get_layer(name).output
        if skip.shape[1] <= x.shape[1]:
            continue
        x = L.UpSampling2D(2, interpolation="bilinear")(x)
        x = L.Add()([L.Conv2D(width, 1)(skip), x])
        x = L.Conv2D(width, 1, activation="relu")(L.DepthwiseConv2D(3, padding="same", activation="relu")(x))

    def head(channels, activation=None):
        return L.Conv2D(channels, 1, activation=activation)(L.Conv2D(width // 2, 3, padding="same", activation="relu")(x))

    n = x.shape[1]

    def decode(heads):
        heat, centre, regressed, offset = heads
        rows, columns = tf.meshgrid(tf.range(n, dtype=tf.float32), tf.range(n, dtype=tf.float32), indexing="ij")
        weight = 1.0 / (tf.sqrt((rows - n / 2) ** 2 + (columns - n / 2) ** 2) + 1.8)
        best = tf.argmax(tf.reshape(centre * weight[None, :, :, None], (1, -1)), axis=1, output_type=tf.int32)
        y, x = tf.math.floordiv(best, n), tf.math.floormod(best, n)
        joints = tf.reshape(tf.gather_nd(regressed, tf.stack([tf.zeros_like(y), y, x], axis=-1)), (1, 17, 2))
        joint_y = joints[:, :, 0] + tf.cast(y, tf.float32)[:, None]
        joint_x = joints[:, :, 1] + tf.cast(x, tf.float32)[:, None]
        distance = tf.sqrt(tf.math.squared_difference(tf.reshape(rows, (1, n, n, 1)), joint_y[:, None, None, :]) +
                           (tf.reshape(columns, (1, n, n, 1)) - joint_x[:, None, None, :]) ** 2) + 1.8
        best = tf.argmax(tf.reshape(heat / distance, (1, n * n, 17)), axis=1, output_type=tf.int32)
        y, x = tf.math.floordiv(best, n), tf.math.floormod(best, n)
        at = tf.stack([tf.zeros_like(y), y, x, tf.range(17)[None]], axis=-1)
        offset = tf.reshape(offset, (1, n, n, 17, 2))
        y = (tf.cast(y, tf.float32) + tf.gather_nd(offset[..., 0], at)) / n
        x = (tf.cast(x, tf.float32) + tf.gather_nd(offset[..., 1], at)) / n
        return tf.stack([y, x, tf.gather_nd(heat, at)], axis=-1)[:, None]

    heads = [head(17, "sigmoid"), head(1, "sigmoid"), head(34), head(34)]
    return settle(K.Model(base.input, L.Lambda(decode)(heads)))


NETWORKS = {
    "mobilenet_v3_small": lambda: mobilenet_v3(96, 0.75),
    "mobilenet_v3_small_minimalistic": lambda: mobilenet_v3(96, 0.75, minimalistic=True),
    "mobilenet_v3_large": lambda: mobilenet_v3(96, 0.75, small=False),
    "efficientnet_lite": lambda: efficientnet_lite(96),
    "deeplab": lambda: deeplab(65, 0.35),
    "ssd": lambda: ssd(96, 0.35),
    "movenet": lambda: movenet(96, 0.35),
}
RECORDED = {  # name: (network, kind)
    "mobilenet_v3_int8": (lambda: mobilenet_v3(32, 0.15, top=False), "int8"),
    "deeplab_uint8": (lambda: deeplab(33, 0.1, 8), "uint8"),
    "movenet_int8": (lambda: movenet(32, 0.1, 8, "block_13_expand_relu"), "int8"),
}


def convert(model, kind, real_output):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind in ("int8", "uint8"):
        random = np.random.default_rng(3)
        shape = (1, *model.input_shape[1:])
        converter.representative_dataset = lambda: ([random.uniform(-1, 1, shape).astype(np.float32)] for _ in range(4))
        converter.inference_input_type = tf.int8 if kind == "int8" else tf.uint8
        if not real_output:
            converter.inference_output_type = converter.inference_input_type
    return converter.convert()


def answers(data):
    """Inputs of random numbers, and the reference kernels' outputs; both in the model's order."""
    run = Interpreter(model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
    run.allocate_tensors()
    random = np.random.default_rng(5)
    inputs = []
    for detail in run.get_input_details():
        if detail["dtype"] == np.float32:
            value = random.uniform(-1, 1, detail["shape"]).astype(np.float32)
        else:
            info = np.iinfo(detail["dtype"])
            value = random.integers(info.min, info.max + 1, detail["shape"]).astype(detail["dtype"])
        run.set_tensor(detail["index"], value)
        inputs.append(value)
    run.invoke()
    return inputs, [run.get_tensor(d["index"]) for d in run.get_output_details()]


def distance(want, got):
    if want.dtype == np.float32:
        return f"largest difference {np.abs(want - got).max():.1e} of {np.abs(want).max():.1e}"
    return f"{(want != got).sum()} of {want.size} differ ({len(np.unique(want))} different values)"


def check(path, inputs, outputs):
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for n, value in enumerate(inputs):
            np.save(f"{folder}/in{n}.npy", value)
            arguments += ["--input", f"{folder}/in{n}.npy"]
        for device in ("cpu", "func"):
            subprocess.run(["build/bin/tessera", "run", path, *arguments, "--device", device, "--output", f"{folder}/out"], check=True,
                           stdout=subprocess.DEVNULL, cwd=HERE.parents[1])
            texts = [distance(want, np.load(f"{folder}/out{n}.npy")) for n, want in enumerate(outputs)]
            print(f"{path.stem} on {device}: {'; '.join(texts)}", flush=True)


def main():
    tf.random.set_seed(1)
    np.random.seed(1)
    if len(sys.argv) > 2 and sys.argv[1] == "--check":
        folder = pathlib.Path(sys.argv[2]).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in sys.argv[3:] or NETWORKS:
            model = NETWORKS[name]()
            for kind in ("float32", "float16", "int8", "uint8"):
                data = convert(model, kind, name in ("movenet", "deeplab"))
                path = folder / f"{name}_{kind}.tflite"
                path.write_bytes(data)
                check(path, *answers(data))
        return
    out = HERE / "tflite_networks"
    out.mkdir(exist_ok=True)
    for name, (make, kind) in RECORDED.items():
        data = convert(make(), kind, not name.startswith("mobilenet"))
        inputs, outputs = answers(data)
        (out / f"{name}.tflite").write_bytes(data)
        (out / f"{name}.bin").write_bytes(b"".join(np.ascontiguousarray(v).tobytes() for v in [*inputs, *outputs]))
        print(name, len(data), "bytes;", [len(np.unique(v)) for v in outputs], "different values")


if __name__ == "__main__":
    main()
