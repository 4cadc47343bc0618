"""ether0's own rewards on the corpus of rewards.ts, in one process. Run by it: python rewards-python.py CORPUS.json ETHER0/src BLOOMS."""

import json
import logging
import os
import sys
import time

corpus_path, source, blooms = sys.argv[1:4]
os.environ.setdefault("ETHER0_REMOTES_API_BASE_URL", "http://127.0.0.1:9")
os.environ.setdefault("ETHER0_REMOTES_API_TOKEN", "none")
sys.path.insert(0, source)
logging.disable(logging.CRITICAL)

from molbloom import BloomFilter  # noqa: E402
from rdkit import RDLogger  # noqa: E402

RDLogger.DisableLog("rdApp.*")
import ether0.data  # noqa: E402
from ether0.rewards import EVAL_FUNCTIONS  # noqa: E402

for name in ("rings", "fingerprints"):
    ether0.data.bloom_filters[name] = BloomFilter(os.path.join(blooms, f"{name}.bloom"))

result = {}
for name, cases in json.load(open(corpus_path)).items():
    function = EVAL_FUNCTIONS[name]
    values = []
    for answer, target in cases[:20]:
        function(answer, target, metadata={})
    start = time.process_time()
    for answer, target in cases:
        try:
            values.append(function(answer, target, metadata={}))
        except Exception:
            values.append(None)
    result[name] = {"seconds": time.process_time() - start, "values": values}
json.dump(result, sys.stdout)
