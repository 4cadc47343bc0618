# /// script
# requires-python = ">=3.11"
# dependencies = ["transformers==5.24.0", "tokenizers==0.23.3"]
# ///
"""Ids of transformers where the files of a tokenizer say different things of the same added tokens.

Run by hand: `uv run scripts/oracles/text-added.py`. Writes test/data/text/added.json.gz. Every case is a small tokenizer with some of
`added_tokens` (tokenizer.json), `added_tokens_decoder` and the named tokens (tokenizer_config.json), special_tokens_map.json and
added_tokens.json rewritten by a seeded draw: other flags, other ids, other order, tokens that the vocabulary already has.
"""

import gzip
import json
import random
import shutil
import tempfile
from pathlib import Path

from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2] / "test" / "data" / "text"
BASES = ["starling-34b", "bert", "deberta-v2", "gpt2", "eurus", "grm-gemma"]
NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
FLAGS = ["lstrip", "rstrip", "normalized", "single_word"]


def flags(rng):
    return {flag: rng.random() < 0.4 for flag in FLAGS}


def contents(base, rng):
    """Tokens to say things of: those that are added, some of the vocabulary, some that are new."""
    tokenizer = json.loads((ROOT / "tokenizers" / base / "tokenizer.json").read_text())
    added = [token["content"] for token in tokenizer["added_tokens"]]
    vocab = tokenizer["model"]["vocab"]
    words = sorted(vocab) if isinstance(vocab, dict) else [word for word, _ in vocab]
    words = [word for word in words if word not in added and word.isascii() and word.isalpha() and len(word) <= 3]
    return added, rng.sample(words, 3), ["<new>", "New One", "caf\u00e9", "AB"]


def recipe(base, rng):
    added, words, new = contents(base, rng)
    pool = added + words + new
    out = {}
    if rng.random() < 0.5:
        listed = json.loads((ROOT / "tokenizers" / base / "tokenizer.json").read_text())["added_tokens"]
        listed = [{**token, **flags(rng), "special": rng.random() < 0.7} if rng.random() < 0.5 else token for token in listed]
        out["added"] = [token for token in listed if rng.random() < 0.85]
    config = {}
    if rng.random() < 0.6:
        ids = rng.sample(range(0, 400), 6)
        config["added_tokens_decoder"] = {
            str(i): {"content": rng.choice(pool), **flags(rng), "special": rng.random() < 0.5} for i in ids[: rng.randint(1, 6)]
        }
        if rng.random() < 0.3:  # an entry that leaves flags out
            config["added_tokens_decoder"][str(rng.randint(400, 500))] = {"content": rng.choice(pool)}
    for name in NAMES:
        if rng.random() < 0.25:
            content = rng.choice(pool)
            config[name] = {"__type": "AddedToken", "content": content, **flags(rng)} if rng.random() < 0.7 else content
    if rng.random() < 0.3:
        config[rng.choice(["extra_special_tokens", "additional_special_tokens"])] = [
            {"__type": "AddedToken", "content": token, **flags(rng)} if rng.random() < 0.5 else token
            for token in rng.sample(pool, 2)
        ]
    out["config"] = config
    if rng.random() < 0.5:
        out["map"] = {
            name: {"content": rng.choice(pool), **flags(rng)} if rng.random() < 0.7 else rng.choice(pool)
            for name in rng.sample(NAMES, 2)
        }
    if rng.random() < 0.3:
        out["added_json"] = {token: rng.randint(0, 400) for token in rng.sample(pool, 2)}
    return out


def token(i, content, **flags):
    return {"id": i, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **flags}


def written():
    """Cases for which a draw is too seldom."""
    first = json.loads((ROOT / "tokenizers" / "gpt2" / "tokenizer.json").read_text())["added_tokens"]
    twice = {"config": {}, "texts": ["a <t> b", "<t>", " <t>  x"]}
    yield "gpt2", {**twice, "added": [*first, token(502, "<t>", lstrip=True), token(501, "<t>")]}
    yield "gpt2", {**twice, "added": [*first, token(501, "<t>", lstrip=True), token(502, "<t>")]}
    # the end-of-turn token is plain in tokenizer.json and has a name elsewhere
    yield "gpt2", {"config": {"eos_token": "<t>"}, "texts": ["a <t> b"], "added": [*first, token(501, "<t>", special=False, normalized=True)]}
    # a name of the model's own, in both files
    yield "gpt2", {"config": {"eot_token": "<t>"}, "map": {"eot_token": {"content": "<u>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}}, "texts": ["a <t> b <u>"]}


def build(base, what, to):
    """The case's folder; the test repeats these steps in TypeScript."""
    shutil.copytree(ROOT / "tokenizers" / base, to)

    def edit(name, change):
        path = to / name
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    if "added" in what:
        edit("tokenizer.json", lambda it: {**it, "added_tokens": what["added"]})
    edit("tokenizer_config.json", lambda it: {**it, **what["config"]})
    if "map" in what:
        edit("special_tokens_map.json", lambda it: {**it, **what["map"]})
    if "added_json" in what:
        (to / "added_tokens.json").write_text(json.dumps(what["added_json"]))
    return to


def texts(base, rng):
    added, words, new = contents(base, rng)
    pool = added + words + new + ["ab", new[0].upper(), "CAFE\u0301"]
    made = ["".join(rng.choice([" ", "  ", "\n", "", "x", " y "]) + rng.choice(pool) for _ in range(rng.randint(1, 6))) + rng.choice(["", " ", "z"]) for _ in range(8)]
    return made


def main():
    cases = []

    def ask(base, what, inputs, folder):
        case = {"base": base, **what, "texts": inputs}
        try:
            tokenizer = PreTrainedTokenizerFast.from_pretrained(build(base, what, folder))
            case["ids"] = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in inputs]
            case["special"] = sorted(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
            case["named"] = {name: getattr(tokenizer, f"{name}_id") for name in NAMES}
        except Exception as error:  # the reference refuses this combination
            case["error"] = f"{type(error).__name__}: {str(error)[:80]}"
        cases.append(case)

    with tempfile.TemporaryDirectory() as tmp:
        for base in BASES:
            for i in range(50):
                rng = random.Random(f"{base} {i}")
                what = recipe(base, rng)
                inputs = texts(base, random.Random(f"{base} {i}"))
                ask(base, what, inputs, Path(tmp) / f"{base}-{i}")
        for i, (base, what) in enumerate(written()):
            ask(base, what, what["texts"], Path(tmp) / f"written-{i}")
    result = {"versions": {"transformers": "5.24.0", "tokenizers": "0.23.3"}, "cases": cases}
    with gzip.GzipFile(ROOT / "added.json.gz", "wb", mtime=0) as out:
        out.write(json.dumps(result, ensure_ascii=True, separators=(",", ":")).encode())
    print(len(cases), "cases,", sum("error" in case for case in cases), "refused:", {case["error"] for case in cases if "error" in case})


main()
