# /// script
# requires-python = ">=3.11"
# dependencies = ["tokenizers==0.23.3"]
# ///
"""Ids of the Rust `tokenizers` library for every way to split a text, and for added tokens with each of their flags.

Run by hand: `uv run scripts/oracles/text-pieces.py`. Writes test/data/text/pieces.json.gz. One byte-level model serves all: it is
trained on lines that nothing splits, so its merges run over every boundary and a piece cut elsewhere has other ids.
"""

import gzip
import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers as pre, trainers

OUT = Path(__file__).resolve().parents[2] / "test" / "data" / "text" / "pieces.json.gz"

CORPUS = [
    "Hello, world! don't I'LL we've 1,234.50 and 12 345.", "CC(=O)Oc1ccccc1C(=O)O is aspirin; CCO ethanol.", "a  b   c\n\nd\r\ne\tf",
    "na\u00efve caf\u00e9 \u03b2-lactam \u82ef\u6c34 \u0663\u0664 x\u00b2 \u00bd \u216b", "word words sword word. word", "(((a))) ...!!! ??-- _x_ $5 <b>",
    "<s>word</s> Norm norm", "\ufeffbom\u0085next\u00a0nbsp\u3000wide", "Camel CASE ABC snake_case", "\U0001f9ea\U0001f9ea \u03a3\u0391\u03a3",
]
PIECES = list("aBcZ019 .,'\"()[]=#_\n\t<>") + ["\u00e9", "\u82ef", "\U0001f9ea", "\u00b2", "\u0663", "\u216b", "\ufeff", "\u0085", "\u00a0", "  ", "'s", "<s>",
          "word", "Norm", "norm", "CCO", "\r\n", " <R> ", " <L> ", "<LR>", "12", "caf\u00e9", "\u03a3", "$&"]


def split(pattern, behavior, invert=False):
    return pre.Split(pattern, behavior=behavior, invert=invert)


def ways():
    for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
        yield f"split-{behavior}", split(Regex(r"[A-Z ]"), behavior)
        yield f"invert-{behavior}", split(Regex(r"\w+|[^\w\s]+"), behavior, True)
        yield f"string-{behavior}", split(".", behavior)
        yield f"punctuation-{behavior}", pre.Punctuation(behavior)
    yield "digits", pre.Digits(individual_digits=False)
    yield "digits-each", pre.Digits(individual_digits=True)
    yield "whitespace", pre.Whitespace()
    yield "whitespace-split", pre.WhitespaceSplit()
    yield "bert", pre.BertPreTokenizer()
    yield "fixed-length", pre.FixedLength(5)
    yield "gpt2", pre.ByteLevel(add_prefix_space=False)
    for scheme in ["always", "first", "never"]:
        for splits in [True, False]:
            yield f"metaspace-{scheme}-{splits}", pre.Metaspace(prepend_scheme=scheme, split=splits)
    yield "sequence-first", pre.Sequence([pre.WhitespaceSplit(), pre.Metaspace(prepend_scheme="first")])


ADDED = [
    AddedToken("<s>", special=True, normalized=False), AddedToken("<L>", lstrip=True), AddedToken("<R>", rstrip=True),
    AddedToken("<LR>", lstrip=True, rstrip=True, special=True, normalized=False), AddedToken("word", single_word=True),
    AddedToken("Norm", normalized=True), AddedToken("CCO", normalized=False), AddedToken("CCOC"), AddedToken("  ", normalized=False),
]


def texts():
    rng = random.Random(20261122)
    return ["", " ", "  a", *CORPUS, *("".join(rng.choice(PIECES) for _ in range(rng.randint(1, 30))) for _ in range(25))]


def main():
    base = Tokenizer(models.BPE())
    base.pre_tokenizer, base.decoder = pre.ByteLevel(add_prefix_space=False, use_regex=False), decoders.ByteLevel()
    base.train_from_iterator(CORPUS * 3, trainers.BpeTrainer(vocab_size=600, initial_alphabet=pre.ByteLevel.alphabet()))
    cases = {}

    def add(name, tokenizer):
        parts = json.loads(tokenizer.to_str())
        del parts["model"]
        cases[name] = {"parts": parts, "ids": [tokenizer.encode(text).ids for text in texts()]}

    fresh = lambda: Tokenizer.from_str(base.to_str())
    bytes_only = pre.ByteLevel(add_prefix_space=False, use_regex=False)
    for name, way in ways():
        tokenizer = fresh()
        tokenizer.pre_tokenizer = way if name == "gpt2" else pre.Sequence([way, bytes_only])
        add(name, tokenizer)
    for name, way in [("added", bytes_only), ("added-first", pre.Sequence([pre.Metaspace(prepend_scheme="first"), bytes_only]))]:
        tokenizer = fresh()
        tokenizer.pre_tokenizer = way
        tokenizer.add_tokens(ADDED)
        add(name, tokenizer)
        tokenizer = fresh()
        tokenizer.pre_tokenizer, tokenizer.normalizer = way, normalizers.Lowercase()
        tokenizer.add_tokens(ADDED)
        add(f"{name}-lowercase", tokenizer)
    tokenizer = fresh()
    tokenizer.normalizer = normalizers.Sequence([normalizers.Strip(), normalizers.Replace("a", "$&"), normalizers.Prepend(".")])
    add("normalizers", tokenizer)
    result = {"model": json.loads(base.to_str())["model"], "texts": texts(), "cases": cases}
    with gzip.GzipFile(OUT, "wb", mtime=0) as out:
        out.write(json.dumps(result, ensure_ascii=True, separators=(",", ":")).encode())
    print(len(cases), "tokenizers,", len(texts()), "texts,", OUT.stat().st_size, "bytes")


main()
