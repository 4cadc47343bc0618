# /// script
# requires-python = ">=3.11"
# dependencies = ["transformers==5.23.0", "tokenizers==0.23.3", "jinja2==3.1.6"]
# ///
"""Ids, token types and decoded texts of transformers for the small tokenizers under test/data/text/tokenizers.

Run by hand: `uv run scripts/oracles/text-tokenizers.py`. Writes test/data/text/tokenizers.json.gz. Texts are fixed, the random
ones seeded. `variants` rewrite a tokenizer's config the ways the hub's repositories do; the test builds the same folders.
"""

import gzip
import json
import random
import shutil
import tempfile
from pathlib import Path

from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2] / "test" / "data" / "text"
TOKENIZERS = ROOT / "tokenizers"

TEXTS = [
    "", " ", "  ", "\n", "\n\n", "\t", "a", " a", "a ", "  a  b  ", "Hello, world!", "don't we'll I'M can't",
    "CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "N#Cc1ccc(cc1)[N+](=O)[O-]", "C9H8O4", "1234567890 12 345",
    "The quick brown fox.", "line one\nline two\r\nline three\rend", "tabs\tand\x0bvertical\x0cform",
    "na\u00efve caf\u00e9 cafe\u0301 \u212b", "\u03b2-lactam \u2014 \u82ef \U0001f9ea\U0001f468\u200d\U0001f52c", "\u00a0nbsp\u3000wide\u200bzero",
    "\uff21\uff22\uff23 \ufb01ne \u2460 \u00bd", "\u0130stanbul \u00dfTRASSE \u03a3\u03a3", "\ufffd \x00 \x7f \x1f", "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "<s>", "</s>", "<s></s>", " <s> ", "a<s>b</s>c", "<unk><pad>", "<bos><eos>", "[CLS] x [SEP] y [MASK]z [UNK]",
    "<|begin_of_text|>a<|eot_id|>", " <|im_start|> user\n<|im_end|>\n", "<|endoftext|><|endoftext|>", "<mask> a <mask>b",
    "<|think_start|>why<|think_end|><|answer_start|>CCO<|answer_end|>", "<|user|>\nHi<|end|>\n<|assistant|>\n",
    "<|im_start", "|endoftext|", "<|eot_id|><|eot_id|>  \n", "<\n<|", "\u2581a \u2581\u2581b", "##a b##c", "\u0120a \u010a",
    "x" * 300, "ab " * 60, "(((((((((((((((", "====----....", "snake_case CamelCase kebab-case", "http://example.org/a?b=c&d=%20",
    "\ufeffbom \ufeff x", "a\x85next \x85", "\u180e mvs", "a\x1cb \x1f c", "...\u2026 \u2025", "\u2460\u2461 \u00b2\u00b3 \ufb01\ufb02", "A\u030a \u212b", "\u200e\u200f\u202a dir", "\u2028 ls \u2029 ps",
    "a\u0301\u0327b", "\U0001d400\U0001d401", "\u1e9b\u0323", "Zwo\u0308lf Boxka\u0308mpfer", "e\u0301e\u0301", "\uac00\u1100\u1161",
]
PAIRS = [("a", "b"), ("", "b"), ("a", ""), ("", ""), ("Name CCO.", "It is ethanol."), ("x [SEP] y", "<s> z"), ("  a ", "\n b")]

VARIANTS = {
    "add-bos-false": {"config": {"add_bos_token": False}},
    "add-bos-true": {"config": {"add_bos_token": True}},
    "add-eos-true": {"config": {"add_bos_token": True, "add_eos_token": True}},
    "eos-only": {"config": {"add_eos_token": True}},
    "new-special": {"config": {"pad_token": "[NEWPAD]", "extra_special_tokens": ["<extra_a>"]}},
    "added-token-objects": {
        "config": {
            "bos_token": {"__type": "AddedToken", "content": "<<b>>", "lstrip": False, "rstrip": False, "normalized": False, "single_word": False},
            "eos_token": {"__type": "AddedToken", "content": "<<e>>", "lstrip": True, "rstrip": True, "normalized": False, "single_word": False},
        },
        "drop_map": True,
    },
    "map-wins": {"config": {"bos_token": "<<config>>"}, "map": {"bos_token": "<<map>>"}},
    "decoder-wins": {
        "config": {
            "bos_token": "<<config>>",
            "added_tokens_decoder": {
                "900": {"content": "<<config>>", "lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True},
                "901": {"content": "plain added", "lstrip": False, "rstrip": False, "normalized": True, "single_word": False, "special": False},
            },
        },
        "map": {"bos_token": "<<map>>"},
    },
    "xlnet-keys": {"config": {"remove_space": True, "do_lowercase_and_remove_accent": True, "do_lower_case": True}},
    "no-unk": {"model": {"unk_token": None}},
}
VARIANT_BASES = ["armorm", "bert", "beaver-cost", "starling-34b", "oasst-pythia", "deberta-v2"]
VARIANT_TEXTS = [t for t in TEXTS if len(t) < 60] + [
    "[NEWPAD] <extra_a> x", "a <<b>> c <<e>> d", "<<map>><<config>>", "plain added plain  added", "a\n\nb  c",
]


def build(base: Path, variant: dict, to: Path) -> Path:
    """The variant's folder; the test repeats these steps in TypeScript."""
    shutil.copytree(base, to)
    config = json.loads((to / "tokenizer_config.json").read_text())
    config.update(variant.get("config", {}))
    (to / "tokenizer_config.json").write_text(json.dumps(config))
    tokens_map = to / "special_tokens_map.json"
    if variant.get("drop_map"):
        tokens_map.unlink()
    elif "map" in variant:
        tokens_map.write_text(json.dumps({**json.loads(tokens_map.read_text()), **variant["map"]}))
    if "model" in variant:
        tokenizer = json.loads((to / "tokenizer.json").read_text())
        tokenizer["model"].update(variant["model"])
        (to / "tokenizer.json").write_text(json.dumps(tokenizer))
    return to


def ids(tokenizer, *texts, special=True):
    out = tokenizer(*texts, add_special_tokens=special, return_token_type_ids=len(texts) == 2)
    return [out["input_ids"], out.get("token_type_ids")] if len(texts) == 2 else out["input_ids"]


def describe(folder: Path, texts, pairs) -> dict:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    cases = [
        {"text": t, "with": ids(tokenizer, t), "without": ids(tokenizer, t, special=False)} for t in texts
    ]
    for case in cases:
        case["decoded"] = tokenizer.decode(case["without"], clean_up_tokenization_spaces=False)
    return {
        "size": len(tokenizer),
        "bos": [tokenizer.bos_token, tokenizer.bos_token_id],
        "eos": [tokenizer.eos_token, tokenizer.eos_token_id],
        "pad": [tokenizer.pad_token, tokenizer.pad_token_id],
        "cases": cases,
        "pairs": [{"texts": p, "with": ids(tokenizer, *p), "without": ids(tokenizer, *p, special=False)} for p in pairs],
    }


def random_texts(n: int) -> list[str]:
    rng = random.Random(20261121)
    pieces = [
        "a", "B", "cc", " ", "  ", "\n", "\t", ".", ",", "1", "23", "(", ")", "=", "O", "N", "\u00e9", "\u03b2", "\u82ef", "\U0001f9ea", "'", "\"",
        "'s", "<s>", "</s>", "<|eot_id|>", "<|im_end|>", "[SEP]", "<pad>", "the", " formula", "#", "@", "/", "\\", "\u0301", "\u200d", "\r\n", "_",
    ]
    return ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 25))) for _ in range(n)]


def main() -> None:
    result = {"versions": {"transformers": "5.23.0", "tokenizers": "0.23.3"}, "tokenizers": {}, "variants": {}, "recipes": VARIANTS}
    for folder in sorted(TOKENIZERS.iterdir()):
        if folder.is_dir():
            result["tokenizers"][folder.name] = describe(folder, TEXTS + random_texts(60), PAIRS)
    with tempfile.TemporaryDirectory() as tmp:
        for base in VARIANT_BASES:
            for name, variant in VARIANTS.items():
                try:
                    folder = build(TOKENIZERS / base, variant, Path(tmp) / f"{base}-{name}")
                    result["variants"][f"{base}/{name}"] = describe(folder, VARIANT_TEXTS, PAIRS)
                except Exception as error:  # the reference refuses this combination
                    print("left out", base, name, type(error).__name__, str(error)[:100])
    with gzip.GzipFile(ROOT / "tokenizers.json.gz", "wb", mtime=0) as out:
        out.write(json.dumps(result, ensure_ascii=True, separators=(",", ":")).encode())


main()
