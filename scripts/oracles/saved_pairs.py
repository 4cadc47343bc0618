# /// script
# requires-python = ">=3.11"
# dependencies = ["datasets", "pandas", "pyarrow"]
# ///
"""Writes test/data/pairs/saved: pairs as `datasets`, pandas and pyarrow save them.

Run by hand from the repository's root: python scripts/oracles/saved_pairs.py
"""
import json
import shutil
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import datasets
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

OUT = Path("test/data/pairs/saved")
shutil.rmtree(OUT, ignore_errors=True)
OUT.mkdir(parents=True)
datasets.disable_progress_bars()

U = lambda text: {"role": "user", "content": text}
A = lambda text: {"role": "assistant", "content": text}
messages = [
    {"id": 2**60 + i, "question": [U(f"Name alcohol {i}, e.g. Grüße 🧪")], "chosen": [A("C" * i + "O")], "rejected": [A("N" * i)], "subset": "s", "score": float("nan") if i == 1 else 0.5}
    for i in range(5)
]
texts = [{"prompt": f"q{i}", "chosen": f"c{i}", "rejected": f"r{i}"} for i in range(3)]

# datasets
ds = datasets.Dataset.from_list(messages)
ds.save_to_disk(str(OUT / "dataset"), num_shards=2)
datasets.DatasetDict({"train": ds.select(range(2)), "test": datasets.Dataset.from_list(texts)}).save_to_disk(str(OUT / "dict"))
for state in OUT.rglob("state.json"):
    state.write_text(json.dumps(json.loads(state.read_text()) | {"_fingerprint": "0"}, indent=2))
# what map() leaves beside the data
shutil.copy(OUT / "dict/test/data-00000-of-00001.arrow", OUT / "dataset/cache-0123456789abcdef.arrow")

# Arrow's own files: several batches, and the types that files have
schema = pa.schema([
    ("id", pa.int64()), ("prompt", pa.large_string()), ("chosen", pa.large_list(pa.struct([("role", pa.string()), ("content", pa.string())]))),
    ("rejected", pa.dictionary(pa.int32(), pa.string())), ("when", pa.timestamp("us", "UTC")), ("day", pa.date32()), ("cost", pa.decimal128(9, 2)), ("none", pa.null()), ("flags", pa.list_(pa.bool_())), ("small", pa.int8()),
])
typed = pa.table({
    "id": [2**60 + 1, 2, 3], "prompt": ["q1", "q2", "q3"], "chosen": [[A("a")], [A("b")], [A("c")]], "rejected": ["x", "y", "x"],
    "when": [datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)] * 3, "day": [datetime(2024, 1, 2).date()] * 3, "cost": [Decimal("1.25")] * 3, "none": [None] * 3, "flags": [[True, None]] * 3, "small": [1, None, -1],
}, schema=schema)
with pa.ipc.new_file(OUT / "typed.arrow", schema) as out:
    out.write_table(typed, max_chunksize=2)
with pa.ipc.new_stream(OUT / "typed-stream.arrow", schema) as out:
    out.write_table(typed, max_chunksize=2)
feather.write_feather(pa.Table.from_pylist(texts), OUT / "lz4.feather", compression="lz4")
feather.write_feather(pa.Table.from_pylist(texts), OUT / "plain.feather", compression="uncompressed")
pq.write_table(pa.Table.from_pylist([{"prompt": json.dumps(m["question"]), "chosen": json.dumps(m["chosen"]), "rejected": json.dumps(m["rejected"])} for m in messages]), OUT / "json-text.parquet")

# pandas
frame = pd.DataFrame(texts)
for orient in ("columns", "split", "table", "values", "index", "records"):
    frame.to_json(OUT / f"pandas-{orient}.json", orient=orient)
(OUT / "to-dict.json").write_text(json.dumps(frame.to_dict(orient="list")))
frame.to_csv(OUT / "pandas.tsv", sep="\t", index=False)
lists = pd.DataFrame([{"prompt": m["question"], "chosen": m["chosen"], "rejected": m["rejected"]} for m in messages])
lists.to_csv(OUT / "python-lists.csv", index=False)
ds.to_parquet(str(OUT / "lists.parquet"))
pd.read_parquet(OUT / "lists.parquet")[["question", "chosen", "rejected"]].to_csv(OUT / "numpy-lists.csv", index=False)
(OUT / "lists.parquet").unlink()
