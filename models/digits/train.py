# SPDX-License-Identifier: Apache-2.0
# requirements: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.31.1 pillow==13.0.0 scikit-learn==1.9.1 torch==2.15.0
"""Trains the digits network and writes everything in this folder except the README.

    python3 models/digits/train.py

One to two minutes on one core. Deterministic: fixed seeds, one thread. Another CPU or another PyTorch may
still round differently and end in slightly different weights; the committed files are the reference.
"""
import pathlib
import sys

import numpy as np
import onnx
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import qdq_builder as qdq  # noqa: E402

SEED = 20
EPOCHS = 70
BATCH = 32
TEST = 360  # held back: the last 360 pictures of the data set
PICTURES = 16


def load():
    """Pictures as uint8 0..255, N x 8 x 8. The data set's 0..16 is spread as round(pixel * 255 / 16)."""
    data = load_digits()
    pixels = np.floor(data.images * 255.0 / 16.0 + 0.5).astype(np.uint8)
    labels = data.target.astype(np.uint8)
    order = np.random.default_rng(SEED).permutation(TEST)  # so that any first N of the test set hold every class
    test = np.arange(len(labels) - TEST, len(labels))[order]
    train = np.arange(len(labels) - TEST)
    return pixels[train], labels[train], pixels[test], labels[test]


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.depthwise = nn.Conv2d(32, 32, 3, padding=1, groups=32)
        self.dense = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(x + self.conv3(x))
        x = F.avg_pool2d(F.relu(self.depthwise(x)), 2)
        return self.dense(F.dropout(x.flatten(1), 0.2, self.training))


def distort(x, generator):
    """Small random rotation, scaling, shear and shift of a batch."""
    n = len(x)
    r = lambda low, high: torch.empty(n).uniform_(low, high, generator=generator)  # noqa: E731
    angle, shear = r(-0.22, 0.22), r(-0.2, 0.2)
    sx, sy = r(0.85, 1.12), r(0.85, 1.12)
    dx, dy = r(-0.2, 0.2), r(-0.2, 0.2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([torch.stack([sx * cos, -sin + shear, dx], 1), torch.stack([sin, sy * cos, dy], 1)], 1)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


def train(pixels, labels):
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(SEED)
    x = torch.from_numpy(pixels.astype(np.float32) / 255).unsqueeze(1)
    y = torch.from_numpy(labels.astype(np.int64))
    net = Digits()
    steps = EPOCHS * ((len(x) + BATCH - 1) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for epoch in range(EPOCHS):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(x), generator=generator).split(BATCH):
            loss = F.cross_entropy(net(distort(x[batch], generator)), y[batch], label_smoothing=0.03)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}/{EPOCHS}: loss {total / len(x):.4f}", flush=True)
    net.eval()
    return {k: v.detach().numpy() for k, v in net.state_dict().items()}


def network(graph, w):
    """The network that Digits is, for the ONNX files. Tensors keep readable names."""
    conv = dict(pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1])
    # 1/255 and -128 make the first QuantizeLinear exact: q = pixel - 128.
    x = graph.input("image", [1, 1, 8, 8], scale=np.float32(1) / np.float32(255), zero_point=-128)
    x = graph.conv("conv1", x, w["conv1.weight"], w["conv1.bias"], relu=True, **conv)
    x = graph.conv("conv2", x, w["conv2.weight"], w["conv2.bias"], relu=True, **conv)
    x = graph.activation(graph.node("MaxPool", [x.name], "maxpool", kernel_shape=[2, 2], strides=[2, 2]), like=x)
    y = graph.conv("conv3", x, w["conv3.weight"], w["conv3.bias"], **conv)
    x = graph.activation(graph.node("Relu", [graph.node("Add", [x.name, y.name], "add")], "add_relu"))
    x = graph.conv("depthwise", x, w["depthwise.weight"], w["depthwise.bias"], relu=True, group=32, **conv)
    x = graph.activation(graph.node("AveragePool", [x.name], "avgpool", kernel_shape=[2, 2], strides=[2, 2]))
    x = graph.activation(graph.node("Flatten", [x.name], "flatten", axis=1), like=x)
    x = graph.gemm("logits", x, w["dense.weight"], w["dense.bias"], transB=1)
    graph.nodes.append(onnx.helper.make_node("Softmax", [x.name], ["probabilities"], name="probabilities_Softmax", axis=1))
    graph.output("probabilities", [1, 10])


def accuracy(model, pixels, labels):
    run = qdq.session(model)
    answers = [run.run(None, {"image": feed})[0].argmax() for feed in feeds(pixels)]
    return sum(int(a == l) for a, l in zip(answers, labels)), len(labels)


def feeds(pixels):
    return [(p.astype(np.float32) / np.float32(255)).reshape(1, 1, 8, 8) for p in pixels]


def main():
    train_pixels, train_labels, test_pixels, test_labels = load()
    weights = train(train_pixels, train_labels)

    float_graph = qdq.Graph()
    network(float_graph, weights)
    float_model = float_graph.model("digits_float")
    ranges = qdq.calibrate(float_graph, float_model, [{"image": f} for f in feeds(train_pixels)])
    qdq_graph = qdq.Graph(ranges)
    network(qdq_graph, weights)
    qdq_model = qdq_graph.model("digits_qdq")

    onnx.save(float_model, HERE / "digits_float.onnx")
    onnx.save(qdq_model, HERE / "digits_qdq.onnx")
    for name, model in (("float", float_model), ("int8", qdq_model)):
        right, of = accuracy(model, test_pixels, test_labels)
        right_train, of_train = accuracy(model, train_pixels, train_labels)
        print(f"{name}: test {right}/{of} = {right / of:.4f}, training {right_train}/{of_train} = "
              f"{right_train / of_train:.4f}")

    np.save(HERE / "test_images.npy", test_pixels.reshape(-1, 8, 8, 1))
    np.save(HERE / "test_labels.npy", test_labels)
    (HERE / "images").mkdir(exist_ok=True)
    for old in (HERE / "images").glob("*.png"):
        old.unlink()
    for i in range(PICTURES):
        Image.fromarray(test_pixels[i]).save(HERE / "images" / f"{i:02d}_is_{test_labels[i]}.png", optimize=True)
    (HERE / "digits.txt").write_text("".join(f"{d}\n" for d in
        "zero one two three four five six seven eight nine".split()))


if __name__ == "__main__":
    main()
