#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["transformers==5.23.0", "tokenizers==0.23.3", "torch==2.15.0"]
# ///
"""Small changes to the checkpoints' tokenizers of test/data, and the ids that transformers gives then, or that it refuses the files.

Writes test/data/text/changes.json: {texts, cases: [{name, base, changes: [[file, path, value]], ids: [[with, without special tokens]]}]};
`ids` is null where transformers refuses. A value {"delete": true} takes the key away.
Run by hand: python scripts/oracles/text-changes.py
"""
import copy
import json
import shutil
import sys
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

ROOT = Path(__file__).resolve().parents[2] / "test" / "data"
TEXTS = ["Hello world", "  two  spaces", "C1=CC=C(C=C1)O is phenol.", "日本語 😀 é", "12 345"]
DELETE = {"delete": True}
TOK, CONF = "tokenizer.json", "tokenizer_config.json"
LLAMA, MISTRAL, GEMMA, QWEN = "parity/llama-gqa", "parity/mistral-sharded", "parity/gemma2", "parity/qwen2"
DIGITS = {"type": "Digits", "individual_digits": False}
REPLACE = {"type": "Replace", "pattern": {"String": "a"}, "content": "b"}
STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}
BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
ROBERTA = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 1], "trim_offsets": True, "add_prefix_space": True}


def normalizer(part, **change):
    return [[TOK, ["normalizer"], {**part, **change}]]


def pre_tokenizer(part, **change):
    return [[TOK, ["pre_tokenizer"], {**part, **change}]]


CASES = [
    ("characters that BPE does not know, and no unknown token", LLAMA, pre_tokenizer(DIGITS)),
    ("the same, of a file of GPT-2's", "parity/gpt2", pre_tokenizer({"type": "WhitespaceSplit"}) + normalizer({**REPLACE, "pattern": {"String": " "}, "content": "▁"})),
    ("a byte that is missing where bytes stand for characters", GEMMA, [[TOK, ["model", "vocab", "<0xE6>"], DELETE]]),
    ("the same, without unknown token", GEMMA, [[TOK, ["model", "vocab", "<0xE6>"], DELETE], [TOK, ["model", "unk_token"], None]]),
    ("a normalizer that takes the beginning away, before a mark at the beginning", MISTRAL, normalizer(STRIP)),
    ("the same, with the mark split", MISTRAL, normalizer(STRIP) + pre_tokenizer(METASPACE)),
    ("one that takes nothing away", MISTRAL, normalizer({"type": "NFKC"})),
    ("extra special tokens by name", QWEN, [[CONF, ["extra_special_tokens"], {"image_token": "phenol", "audio_token": "345"}]]),
    ("extra special tokens as a list", QWEN, [[CONF, ["extra_special_tokens"], ["phenol", "345"]]]),
    ("tokens of the model's own", QWEN, [[CONF, ["image_token"], "phenol"], [CONF, ["bos_token"], "Hello"]]),
    ("tokens of the model's own and by name", QWEN, [[CONF, ["extra_special_tokens"], {"a": "phenol"}], [CONF, ["b_token"], "345"]]),
    ("flags of a token that are no flags", LLAMA, [[CONF, ["added_tokens_decoder", "4", "special"], "never"]]),
    ("a token to the left of which nothing is known", LLAMA, [[CONF, ["added_tokens_decoder", "4", "lstrip"], 1]]),
    ("null for what replaces", GEMMA, normalizer(REPLACE, content=None)),
    ("a number for what replaces", GEMMA, normalizer(REPLACE, content=4)),
    ("a pattern of nothing", GEMMA, normalizer(REPLACE, pattern={})),
    ("a pattern of both kinds", GEMMA, normalizer(REPLACE, pattern={"String": "a", "Regex": "b"})),
    ("a pattern as text", GEMMA, normalizer(REPLACE, pattern="a")),
    ("an object to prepend", GEMMA, normalizer({"type": "Prepend", "prepend": {}})),
    ("nothing to prepend", GEMMA, normalizer({"type": "Prepend"})),
    ("a side to strip that is a list", GEMMA, normalizer(STRIP, strip_right=[])),
    ("a word for true", GEMMA, normalizer(BERT, clean_text="first")),
    ("accents by default", GEMMA, normalizer({k: v for k, v in BERT.items() if k != "strip_accents"})),
    ("a sequence with null in it", GEMMA, normalizer({"type": "Sequence", "normalizers": [None]})),
    ("no list of normalizers", GEMMA, normalizer({"type": "Sequence"})),
    ("a normalizer that is a word", GEMMA, normalizer({}) and [[TOK, ["normalizer"], "NFC"]]),
    ("a mark of two characters", MISTRAL, pre_tokenizer(METASPACE, replacement="▁▁")),
    ("no mark", MISTRAL, pre_tokenizer(METASPACE, replacement=DELETE["delete"])),
    ("a scheme of no name", MISTRAL, pre_tokenizer(METASPACE, prepend_scheme="First")),
    ("schemes that contradict each other", MISTRAL, pre_tokenizer(METASPACE, add_prefix_space=False)),
    ("no scheme and no prefix", MISTRAL, pre_tokenizer({"type": "Metaspace", "replacement": "▁", "add_prefix_space": False})),
    ("no prefix twice", MISTRAL, pre_tokenizer(METASPACE, prepend_scheme="never", add_prefix_space=False)),
    ("a split without a side", QWEN, pre_tokenizer({"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated"})),
    ("a behaviour in lower case", QWEN, pre_tokenizer({"type": "Split", "pattern": {"String": " "}, "behavior": "isolated", "invert": False})),
    ("digits, each or not", QWEN, pre_tokenizer({"type": "Digits"})),
    ("a prefix that is a number", "parity/gpt2", [[TOK, ["pre_tokenizer", "add_prefix_space"], 399]]),
    ("byte level without its prefix", "parity/gpt2", [[TOK, ["pre_tokenizer", "add_prefix_space"], DELETE]]),
    ("pieces of no length", QWEN, pre_tokenizer({"type": "FixedLength", "length": "5"})),
    ("two post-processors that add tokens", MISTRAL, [[TOK, ["post_processor"], {"type": "Sequence", "processors": [ROBERTA]}]]),
]


def apply(folder: Path, changes) -> None:
    for file, path, value in changes:
        document = json.loads((folder / file).read_text())
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        if value == DELETE:
            del parent[path[-1]]
        else:
            parent[path[-1]] = copy.deepcopy(value)
        (folder / file).write_text(json.dumps(document))


def ids(folder: Path):
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # noqa: BLE001: whatever it raises, it refuses the files
        print("  refused:", type(error).__name__, str(error)[:90], file=sys.stderr)
        return None
    return [[tokenizer(text, add_special_tokens=special)["input_ids"] for special in (True, False)] for text in TEXTS]


cases = []
for name, base, changes in CASES:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for file in (TOK, CONF, "special_tokens_map.json"):
            if (ROOT / base / file).exists():
                shutil.copy(ROOT / base / file, folder)
        apply(folder, changes)
        print(name, file=sys.stderr)
        cases.append({"name": name, "base": base, "changes": changes, "ids": ids(folder)})
lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases)
(ROOT / "text" / "changes.json").write_text(f'{{\n "texts": {json.dumps(TEXTS, ensure_ascii=False)},\n "cases": [\n{lines}\n ]\n}}\n')
