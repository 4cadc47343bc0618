# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0"]
# ///
"""DeBERTa v2's buckets of distances, by transformers' own function.

    python scripts/oracles/log_buckets.py > test/data/models/log-buckets.json

For each table, the smallest distance from 0 of every bucket: buckets never fall as the distance grows.
"""

import json

import torch
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

FARTHEST_DISTANCE = 4096
TABLES = [(256, 512), (256, 1024), (32, 64), (16, 512), (16, 256), (8, 256), (7, 100), (64, 512), (128, 512), (512, 2048), (320, 640)]


def starts(count, farthest):
    distances = torch.arange(FARTHEST_DISTANCE + 1)
    buckets = make_log_bucket_position(distances, count, farthest).to(torch.long)
    negative = make_log_bucket_position(-distances, count, farthest).to(torch.long)
    assert torch.equal(negative, -buckets) and bool((buckets[1:] >= buckets[:-1]).all())
    return [[d, b] for d, b in enumerate(buckets.tolist()) if d == 0 or b != buckets[d - 1]]


tables = [{"count": c, "farthest": f, "starts": starts(c, f)} for c, f in TABLES]
print(json.dumps({"last": FARTHEST_DISTANCE, "tables": tables}, separators=(",", ":")))
