# /// script
# requires-python = ">=3.11"
# dependencies = ["pyarrow==26.0.1"]
# ///
"""Writes the example files of test/data/pairs: every row form as JSON lines, and the pairs in the other formats.

Run by hand from the repository's root: python scripts/oracles/pair_files.py
Also: what Python's `re` says about the patterns of test/data/pairs/python-regex.json.
"""
import csv
import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path("test/data/pairs")
FORMS = OUT / "forms"
FORMATS = OUT / "formats"
for folder in (FORMS, FORMATS):
    folder.mkdir(parents=True, exist_ok=True)

U = lambda text: {"role": "user", "content": text}
A = lambda text: {"role": "assistant", "content": text}
S = lambda text: {"role": "system", "content": text}
Q = "Propose a molecule with the formula C2H6O."
SOLUTION = "formula_eval!:!CCO!:!molecule-formula"

forms = {
    "pair-text": [{"prompt": Q, "chosen": "CCO", "rejected": "CCC"}],
    "pair-messages": [{"id": "a", "subset": "formula", "problem_type": "molecule-formula", "prompt": [S("Answer in SMILES."), U(Q)], "chosen": [A("CCO")], "rejected": [A("CCC")], "solution": SOLUTION, "reject_kind": "wrong"}],
    "pair-best-of-n": [{"id": "a", "prompt": [U(Q)], "chosen": "CCO", "rejected": ["CCC", "", "CCO"]}],
    "trl-explicit-text": [{"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}],
    "trl-explicit-conversation": [{"prompt": [U("What color is the sky?")], "chosen": [A("It is blue.")], "rejected": [A("It is green.")]}],
    "trl-implicit-text": [{"chosen": "The sky is blue.", "rejected": "The sky is green."}],
    "trl-implicit-conversation": [{"chosen": [U("What color is the sky?"), A("It is blue.")], "rejected": [U("What color is the sky?"), A("It is green.")]}],
    "trl-implicit-with-prompt": [{"prompt": "What color is the sky?", "prompt_id": "5f2a", "chosen": [U("What color is the sky?"), A("It is blue.")], "rejected": [U("What color is the sky?"), A("It is green.")], "score_chosen": 8.5, "messages": [U("What color is the sky?"), A("It is blue.")]}],
    "trl-prompt-completion": [{"prompt": [U("What color is the sky?")], "completion": [A("It is blue.")]}],
    "rewardbench-1": [{"prompt": "What color is the sky?", "chosen": "Blue.", "chosen_model": "gpt-4", "rejected": "Green.", "rejected_model": "llama", "subset": "alpacaeval-easy", "id": 0}],
    "rewardbench-2": [
        {"id": "12", "prompt": "What color is the sky?", "chosen": ["Blue."], "rejected": ["Green.", "Red.", "Pink."], "num_correct": 1, "num_incorrect": 3, "total_completions": 4, "models": ["m", "n"], "subset": "Factuality", "additional_metadata": {"category": None}},
        {"id": "tied:0", "prompt": "Name a color of the rainbow.", "chosen": ["Red.", "Green."], "rejected": ["Pink."], "num_correct": 2, "num_incorrect": 1, "total_completions": 3, "subset": "Ties"},
    ],
    "messages": [{"messages": [S("Answer in SMILES."), U(Q), A("CCO")]}],
    "group-text": [{"id": "g", "prompt": [U(Q)], "completions": ["CCO", "CCC"], "rewards": [1.0, 0.0], "solution": SOLUTION}],
    "group-messages": [{"prompt": [U(Q)], "completions": [[A("CCO")], [A("CCC")]]}],
    "group-objects": [{"prompt": [U(Q)], "completions": [{"completion": "CCO", "source": "policy", "reward": 1.0}, {"completion": [A("CCC")], "source": "built"}]}],
    "ether0": [{"id": "e", "problem": Q, "problem_type": "molecule-formula", "solution": SOLUTION, "ideal": "CCO", "unformatted": None}],
    "ether0-object": [{"id": "e", "prompt": Q, "solution": {"fxn_name": "formula_eval", "answer_info": "CCO", "problem_type": "molecule-formula"}, "ideal": "CCO"}],
    "content-parts": [{"prompt": [{"role": "user", "content": [{"type": "text", "text": "What color "}, {"type": "text", "text": "is the sky?"}]}], "chosen": "Blue.", "rejected": "Green."}],
}
for name, rows in forms.items():
    (FORMS / f"{name}.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")

# the same three pairs in every format
pairs = [
    {"id": "p1", "subset": "s", "prompt": [S("Answer in SMILES."), U(Q)], "chosen": "CCO", "rejected": ["CCC", "=C\n\"x\", y"], "solution": SOLUTION},
    {"id": "p2", "subset": "s", "prompt": [U("Grüße, 你好 🧪")], "chosen": "", "rejected": ["'=1", "[Na+].[Cl-]"], "solution": None},
    {"id": "p3", "subset": "t", "prompt": [U("a\tb\r\nc")], "chosen": "-CC", "rejected": ["+1", "@"], "solution": None},
]
lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in pairs)
(FORMATS / "pairs.jsonl").write_text(lines, encoding="utf-8", newline="")
(FORMATS / "pairs-bom-crlf.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.replace("\n", "\r\n").encode() + b"\r\n\r\n")
(FORMATS / "pairs.json").write_text(json.dumps(pairs, ensure_ascii=False, indent=2), encoding="utf-8")
(FORMATS / "pairs-compact.json").write_text(json.dumps(pairs, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
(FORMATS / "pairs-data.json").write_text(json.dumps({"version": {"a": [1, "]"]}, "data": pairs}), encoding="utf-8")
(FORMATS / "pairs-splits.json").write_text(json.dumps({"train": pairs[:1], "test": pairs[1:]}, indent=1), encoding="utf-8")
(FORMATS / "pairs-lines.json").write_text(lines, encoding="utf-8", newline="")
for name in ("pairs.jsonl", "pairs.json"):
    with gzip.GzipFile(FORMATS / f"{name}.gz", "wb", mtime=0) as f:
        f.write((FORMATS / name).read_bytes())

def guarded(text):
    """The documented prefix for cells that a spreadsheet would run."""
    return "'" + text if re.match(r"'*[=+\-@\t\r]", text) else text

def write_csv(path, delimiter=","):
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f, delimiter=delimiter, lineterminator="\n")
        out.writerow(["id", "subset", "prompt", "chosen", "rejected", "solution"])
        for row in pairs:
            out.writerow([row["id"], row["subset"], json.dumps(row["prompt"], ensure_ascii=False), guarded(row["chosen"]), json.dumps(row["rejected"], ensure_ascii=False), row["solution"] or ""])

write_csv(FORMATS / "pairs.csv")
write_csv(FORMATS / "pairs.tsv", "\t")
write_csv(FORMATS / "pairs-semicolon.csv", ";")
with gzip.GzipFile(FORMATS / "pairs.csv.gz", "wb", mtime=0) as f:
    f.write((FORMATS / "pairs.csv").read_bytes())

table = pa.Table.from_pylist(pairs)
for compression in ("snappy", "zstd", "gzip", "brotli", "lz4", "none"):
    pq.write_table(table, FORMATS / f"pairs-{compression}.parquet", compression=compression, row_group_size=2)
pq.write_table(table, FORMATS / "pairs-checksums.parquet", row_group_size=2, write_page_checksum=True)
with gzip.GzipFile(FORMATS / "pairs-none.parquet.gz", "wb", mtime=0) as f:
    f.write((FORMATS / "pairs-none.parquet").read_bytes())
conversations = [{"id": 2**40 + i, "chosen": [U(f"q{i}"), A("a")], "rejected": [U(f"q{i}"), A("b")], "large": 2**60 + i, "score": 0.5} for i in range(5)]
pq.write_table(pa.Table.from_pylist(conversations), FORMATS / "conversations.parquet", row_group_size=2)

texts = ["property-cat-safety/ghs", "simple-formula", "Ünïcode_9 x", "a\nb", "a.b", "", " lead", "9 lives", "AbC", "a-]b", "x\n", "\u00e9t\u00e9", "a\u2028b", "{2}", "aaa", "tab\there", "١٢", "_x", "foo bar foo"]
patterns = [r"property", r".*formula$", r"(?i)PROP", r"\w+-\w+$", r"(?P<x>simple).*", r"(?P<q>a)(?P=q)", r"\s", r"\d", r"\D", r"\S+\Z", r"\Aa", r"a.b", r"(?s)a.b", r"(?m)a$", r"a$", r"x$", r"[^\W\d]", r"[]a-]+", r"[\w-]+$", r"a-\]b", r"(?#comment)a", r"a{2,}", r"a{,2}$", r"\{2\}", r"{2}", r"(foo) bar \1", r"\bfoo\b", r"(?:a|b)+?", r"(?=a)a", r"(?!a)\w", r"\x61", r"\u00e9", r"\0", r"[\x00-\x7f]+$", r"(?a)\w+$", r"[a-zA-Z]+", r".*(?<=b)$", r"\.", r"a\.b", r"[.]", r"[^a]", r"[a\-b]+", r"[\d.]+", r"(", r"[", r"a**", r"*a", r"\q", r"a{3}", r"", r"|a", r"(?i)[a-c]+$", r"a|simple", r".\B", r"[\s]", r"[\S]+$", r"\t", r"tab\t", r"[\t]", r"'", r"!", r"/", r".*/", r"&&", r"[&&]", r"[--a]", r"~", r"(a)(b)?\2?"]
answers = []
for pattern in patterns:
    try:
        regex = re.compile(pattern)
        answers.append({"pattern": pattern, "matches": [i for i, text in enumerate(texts) if regex.match(text)]})
    except re.error as error:
        answers.append({"pattern": pattern, "error": str(error)})
(OUT / "python-regex.json").write_text(json.dumps({"texts": texts, "answers": answers}, ensure_ascii=True, indent=0), encoding="utf-8")
