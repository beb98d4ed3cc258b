#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole networks on device cpu beside ONNX Runtime, one thread each, taking turns in one run.

networks.py [--program bench-cpu-network] [--rounds N] [--csv FILE] [--commit ID] NAME=MODEL.onnx ...

NAME is WORKLOAD:DTYPE. Each turn lets one side run for a fraction of a second; the least CPU time of all runs of a side counts, which
other load on the machine disturbs least. Without ONNX Runtime (PyPI: onnxruntime) the peer's columns stay empty.
"""
import argparse
import subprocess
import sys
import time

try:
    import numpy
    import onnxruntime
except ImportError as missing:
    onnxruntime = None
    print(f"no ONNX Runtime beside it: {missing}; `pip install onnxruntime` and PYTHON=... make bench-cpu")

TURN_SECONDS = 0.3
MOST_RUNS = 100000  # as bench-cpu-network takes


class Tessera:
    def __init__(self, program, model):
        self.process = subprocess.Popen([program, model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def least_ms(self, count):
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("bench-cpu-network ended early")
        return float(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class OnnxRuntime:
    def __init__(self, model):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        generator = numpy.random.default_rng(0)
        self.inputs = {
            i.name: generator.standard_normal([d if isinstance(d, int) else 1 for d in i.shape]).astype(numpy.float32)
            for i in self.session.get_inputs()
        }

    def least_ms(self, count):
        times = []
        for _ in range(count):
            begin = time.process_time()
            self.session.run(None, self.inputs)
            times.append(time.process_time() - begin)
        return 1e3 * min(times)

    def close(self):
        pass


def measure(sides, rounds):
    best = [side.least_ms(2) for side in sides]
    for _ in range(rounds):
        for i, side in enumerate(sides):
            runs = int(1e3 * TURN_SECONDS / max(best[i], 1e-3))
            best[i] = min(best[i], side.least_ms(min(max(1, runs), MOST_RUNS)))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/bin/bench-cpu-network")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--csv")
    parser.add_argument("--commit", default="unknown")
    parser.add_argument("models", nargs="+", metavar="WORKLOAD:DTYPE=MODEL.onnx")
    arguments = parser.parse_args()
    csv = open(arguments.csv, "a", encoding="utf-8") if arguments.csv else None
    print(f"{'network':<16} {'dtype':<6} {'Tessera ms':>11} {'ONNX Runtime ms':>16} {'ratio':>6}")
    for model in arguments.models:
        name, path = model.split("=", 1)
        workload, dtype = name.split(":", 1)
        sides = [Tessera(arguments.program, path)] + ([OnnxRuntime(path)] if onnxruntime else [])
        times = measure(sides, arguments.rounds)
        for side in sides:
            side.close()
        peer = times[1] if len(times) > 1 else None
        print(f"{workload:<16} {dtype:<6} {times[0]:>11.2f} " + (f"{peer:>16.2f} {peer / times[0]:>6.2f}" if peer else f"{'-':>16} {'-':>6}"), flush=True)
        if csv and peer:
            csv.write(f"{arguments.commit},cpu,{workload},{dtype},1,onnxruntime-{onnxruntime.__version__},{times[0]:.3f},{peer:.3f},{peer / times[0]:.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
