# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0"]
# ///
"""ALiBi's biases as transformers makes them for Falcon (`build_alibi_tensor`), for several numbers of heads.

    python scripts/oracles/alibi.py test/data/alibi/biases.json

Some positions of each: small ones, and those beyond 256 where bfloat16 no longer holds every integer.
"""

import json
import sys
from pathlib import Path

import torch
from transformers.models.falcon.modeling_falcon import build_alibi_tensor

HEADS = [1, 4, 12, 32, 71]
POSITIONS = [0, 1, 2, 3, 7, 100, 255, 257, 258, 259, 511, 1027, 2047, 4090]


def main(out):
    mask = torch.ones(1, max(POSITIONS) + 1, dtype=torch.long)
    tables = {heads: build_alibi_tensor(mask, heads, torch.float32)[:, 0, POSITIONS].T.tolist() for heads in HEADS}
    Path(out).write_text(json.dumps({"positions": POSITIONS, "biases": tables}))


if __name__ == "__main__":
    main(sys.argv[1])
