# /// script
# dependencies = ["numpy==2.4.6", "onnxruntime==1.32.0"]
# ///
"""Weights rounded to 8 and 4 bits in blocks: test/data/quantised/blocks.json.gz.

    python scripts/oracles/quantised.py

numpy rounds every block in float64, by the definition in src/model/quantised/blocks.ts. Where ONNX Runtime's own quantiser has the scheme
(zero points; its symmetric one takes another scale), its packed bytes must stand for the same numbers, but for values that lie halfway
between two: it rounds in float32.
"""

import base64
import gzip
import json
from pathlib import Path

import numpy as np
from onnxruntime.capi import _pybind_state as ort

random = np.random.default_rng(5)


def by_definition(values, bits, block, symmetric):
    rows, inputs = values.shape
    top, out = 2**bits - 1, np.zeros_like(values)
    for r in range(rows):
        for first in range(0, inputs, block):
            part = values[r, first : first + block].astype(np.float64)
            low, high = min(part.min(), 0.0), max(part.max(), 0.0)
            if symmetric:
                scale = np.float64(np.float32(max(high, -low) / (2 ** (bits - 1) - 1)))
                zero = 2 ** (bits - 1)
            else:
                scale = np.float64(np.float32((high - low) / top))
                zero = 0.0 if scale == 0 else min(top, np.floor(-low / scale + 0.5))
            q = np.zeros_like(part) if scale == 0 else np.clip(np.floor(part / scale + zero + 0.5), 0, top) - zero
            out[r, first : first + block] = (q * scale).astype(np.float32)
    return out


def by_onnxruntime(values, bits, block):
    rows, inputs = values.shape
    blocks = -(-inputs // block)
    packed = np.zeros((rows, blocks, block * bits // 8), dtype=np.uint8)
    scales = np.zeros(rows * blocks, dtype=np.float32)
    zeros = np.zeros(rows * (-(-blocks * bits // 8)), dtype=np.uint8)
    quantise = ort.quantize_matmul_4bits if bits == 4 else ort.quantize_matmul_8bits
    quantise(packed, np.ascontiguousarray(values.T), scales, zeros, block, rows, inputs, False)
    spread = lambda bytes_, width: (
        np.stack([bytes_ & 15, bytes_ >> 4], -1).reshape(rows, -1)[:, :width] if bits == 4 else bytes_.reshape(rows, -1)
    )
    q = spread(packed.reshape(rows, -1), blocks * block).reshape(rows, blocks, block).astype(np.float64)
    zero = spread(zeros.reshape(rows, -1), blocks).reshape(rows, blocks, 1)
    scale = scales.reshape(rows, blocks, 1).astype(np.float64)
    return ((q - zero) * scale).reshape(rows, -1)[:, :inputs].astype(np.float32), scale


def weights(rows, inputs):
    values = random.normal(0, 0.05, (rows, inputs)).astype(np.float32)
    values[0, : min(32, inputs)] = 0  # a block of zeros
    values[1] = np.abs(values[1])  # all of one sign
    values[2] = -np.abs(values[2]) - 0.01
    values[3, ::17] *= 40  # outliers
    return values


encode = lambda array: base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()
cases = []
for bits in (8, 4):
    for symmetric in (True, False):
        for block, inputs in ((32, 96), (32, 80), (64, 128), (16, 24), (128, 20)):
            values = weights(6, inputs)
            expected = by_definition(values, bits, block, symmetric)
            kind = "symmetric" if symmetric else "zero points"
            note = "numpy"
            if not symmetric:
                theirs, scale = by_onnxruntime(values, bits, block)
                steps = np.abs(theirs - expected) / np.maximum(np.repeat(scale[..., 0], block, 1)[:, :inputs], 1e-30)
                differing = (steps > 1e-3).mean()
                assert differing < 0.02 and steps.max() < 1.001, (bits, block, inputs, differing, steps.max())
                note = f"numpy; ONNX Runtime differs in {int((steps > 1e-3).sum())} of {steps.size} values, by one step"
            cases.append(
                {"name": f"{bits} bits, block {block}, {inputs} inputs, {kind}", "bits": bits, "block": block,
                 "symmetric": symmetric, "rows": 6, "inputs": inputs, "oracle": note, "values": encode(values),
                 "dequantised": encode(expected)}
            )
            print(cases[-1]["name"], "–", note)
out = Path("test/data/quantised")
out.mkdir(parents=True, exist_ok=True)
with open(out / "blocks.json.gz", "wb") as file:
    file.write(gzip.compress(json.dumps(cases).encode(), mtime=0))
