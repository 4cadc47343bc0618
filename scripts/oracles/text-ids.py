# /// script
# requires-python = ">=3.11"
# dependencies = ["tokenizers==0.23.3", "transformers==5.23.0"]
# ///
"""What the Rust library, and transformers, make of odd ids and names in tokenizer.json and tokenizer_config.json.

Writes test/data/text/ids.json.gz: for each case the files, and the ids of each text, null where the library stops at the
text, or `refused` where it does not open the file at all.
uv run scripts/oracles/text-ids.py
"""
import copy
import gzip
import json
import os
import tempfile
from pathlib import Path

os.environ["RUST_BACKTRACE"] = "0"
from tokenizers import Tokenizer
from transformers import AutoTokenizer

BASE = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": None,
    "decoder": None,
}
MODELS = {
    "bpe": {
        "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
        "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
        "vocab": {"<unk>": 0, "a": 1, "b": 2, "c": 3, "ab": 4, "abc": 5, "d": 6}, "merges": [["a", "b"], ["ab", "c"]],
    },
    "wordpiece": {
        "type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
        "vocab": {"<unk>": 0, "a": 1, "##b": 2, "ab": 3, "c": 4, "##c": 5, "d": 6},
    },
    "unigram": {
        "type": "Unigram", "unk_id": 0, "byte_fallback": False,
        "vocab": [["<unk>", 0.0], ["a", -1.0], ["b", -2.0], ["c", -2.5], ["ab", -2.2], ["abc", -3.0], ["d", -1.5]],
    },
}
TEXTS = ["a", "ab abc", "abc d ab z", "c<x>ab", "<s>a <s> b", "", "abé☃é"]


def tok(kind="bpe", drop=(), **model):
    merged = {k: v for k, v in {**copy.deepcopy(MODELS[kind]), **model}.items() if k not in drop}
    return {**copy.deepcopy(BASE), "model": merged}


def vocab(kind, **ids):
    made = tok(kind)
    made["model"]["vocab"].update(ids)
    return made


def at(id, content, **flags):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": id, "content": content, **plain, **flags}


def added(*tokens, **model):
    return {**tok(**model), "added_tokens": list(tokens)}


def whole(tokenizer):
    return {**tokenizer, "pre_tokenizer": None}


CASES = {}


def case(name, tokenizer, config=None, special_map=None):
    assert name not in CASES, name
    CASES[name] = {
        "tokenizer": tokenizer if isinstance(tokenizer, str) else json.dumps(tokenizer, ensure_ascii=False),
        "config": config,
        "map": special_map,
    }


VALUES = {
    "text": "x", "text of digits": "1", "null": None, "a fraction": 1.5, "negative": -1, "2^31": 2**31, "2^31-1": 2**31 - 1,
    "2^32": 2**32, "2^32+1": 2**32 + 1, "2^53": 2**53, "1e300": 1e300, "true": True, "a list": [1], "an object": {},
    "another's": 6, "far": 99,
}
for kind in ("bpe", "wordpiece"):
    case(kind, tok(kind))
    for label, value in VALUES.items():
        case(f"{kind}: an id is {label}", vocab(kind, d=value) if label != "another's" else vocab(kind, d=1))
    plain = json.dumps(tok(kind))
    for raw in ("1.0", "1e0", "-0", "01", "NaN", "Infinity", "-1e0"):
        case(f"{kind}: an id is written {raw}", plain.replace('"a": 1', f'"a": {raw}'))
    case(f"{kind}: a token is there twice", plain.replace('"a": 1', '"a": 6, "a": 1'))
    case(f"{kind}: an empty token", vocab(kind, **{"": 9}))
    case(f"{kind}: vocab is a list", tok(kind, vocab=[["a", 1]]))
    case(f"{kind}: vocab is null", tok(kind, vocab=None))
    case(f"{kind}: vocab is missing", tok(kind, drop=["vocab"]))
    case(f"{kind}: the unknown token is absent", tok(kind, unk_token="<nope>"))
    case(f"{kind}: the unknown token is added only", {**tok(kind, unk_token="<nope>"), "added_tokens": [at(7, "<nope>")]})
    case(f"{kind}: the unknown token is null", tok(kind, unk_token=None))
    case(f"{kind}: the unknown token is a number", tok(kind, unk_token=3))
    case(f"{kind}: the unknown token is missing", tok(kind, drop=["unk_token"]))
    case(f"{kind}: no type", tok(kind, drop=["type"]))
case("bpe: merged tokens share an id", whole(vocab("bpe", b=1)))
case("bpe: other tokens share an id", whole(vocab("bpe", d=0)))
case("bpe: merges missing", tok(drop=["merges"]))
for label, merges in {
    "null": None, "as text": ["a b", "ab c"], "mixed": ["a b", ["ab", "c"]], "mixed the other way": [["a", "b"], "ab c"],
    "left absent": [["a", "b"], ["q", "c"]], "right absent": [["a", "b"], ["ab", "q"]], "product absent": [["a", "b"], ["b", "c"]],
    "of three": [["a", "b", "c"]], "of one": [["a"]], "text of three": ["a b c"], "text of one": ["ab"], "two spaces": ["a  b"],
    "a number": [["a", 1]], "a version line": ["#version: 0.2", "a b"], "twice": [["a", "b"], ["ab", "c"], ["a", "b"]], "empty": [],
    "an object": {},
}.items():
    case(f"bpe: merges {label}", tok(merges=merges))
for name in ("fuse_unk", "byte_fallback", "ignore_merges"):
    for label, value in {"text": "true", "null": None, "true": True}.items():
        case(f"bpe: {name} is {label}", tok(**{name: value}))
for label, value in {"text": "0", "0": 0.0, "negative": -1.0}.items():
    case(f"bpe: dropout is {label}", tok(dropout=value))
case("bpe: end_of_word_suffix is a number", tok(end_of_word_suffix=3))
case("bpe: bytes", {**tok(byte_fallback=True, vocab={**MODELS["bpe"]["vocab"], "<0xC3>": 7, "<0xA9>": 8})})
case("bpe: bytes, no unknown token", {**tok(byte_fallback=True, unk_token=None, vocab={**MODELS["bpe"]["vocab"], "<0xC3>": 7, "<0xA9>": 8})})
for label, value in {"null": None, "a number": 2}.items():
    case(f"wordpiece: the prefix is {label}", tok("wordpiece", continuing_subword_prefix=value))
for label, value in {"null": None, "text": "100", "a fraction": 1.5, "negative": -1, "0": 0, "1": 1}.items():
    case(f"wordpiece: max_input_chars_per_word is {label}", tok("wordpiece", max_input_chars_per_word=value))
UNI = MODELS["unigram"]["vocab"]
case("unigram", tok("unigram"))
for label, value in {"text": "0", "null": None, "negative": -1, "a fraction": 0.5, "just beyond": 7, "far": 99, "another": 1, "2^32": 2**32}.items():
    case(f"unigram: unk_id is {label}", tok("unigram", unk_id=value))
case("unigram: unk_id missing", tok("unigram", drop=["unk_id"]))
case("unigram: empty", tok("unigram", vocab=[]))
case("unigram: a piece twice", tok("unigram", vocab=[*UNI, ["a", -0.5]]))
for label, entry in {"a score as text": ["a", "-1"], "a score of null": ["a", None], "a whole score": ["a", -1], "three": ["a", -1.0, 3], "one": ["a"], "a number": [1, -1.0], "a text": "a"}.items():
    case(f"unigram: an entry of {label}", tok("unigram", vocab=[UNI[0], entry, *UNI[2:]]))
case("unigram: an empty piece", tok("unigram", vocab=[*UNI, ["", -1.0]]))
case("unigram: vocab is an object", tok("unigram", vocab={"a": 1}))
for label, value in {"text": "true"}.items():
    case(f"unigram: byte_fallback is {label}", tok("unigram", byte_fallback=value))
case("unigram: bytes", tok("unigram", byte_fallback=True, vocab=[*UNI, ["<0xC3>", -5.0], ["<0xA9>", -5.0]]))
case("unigram: bytes, whole texts", whole(tok("unigram", byte_fallback=True, vocab=[*UNI, ["<0xC3>", -5.0], ["<0xA9>", -5.0]])))
case("unigram: bytes, no unknown token", tok("unigram", byte_fallback=True, unk_id=None, vocab=[*UNI, ["<0xC3>", -5.0], ["<0xA9>", -5.0]]))
case("unigram: no type", tok("unigram", drop=["type"]))

# ── added tokens ──
case("added: in the vocabulary", added(at(0, "<unk>"), at(1, "a")))
case("added: in the vocabulary with another id", added(at(5, "<unk>")))
case("added: next id", added(at(7, "<s>"), at(8, "<x>")))
case("added: a gap", added(at(9, "<s>"), at(12, "<x>")))
case("added: the id of another token", added(at(1, "<s>")))
case("added: two of one id", added(at(7, "<s>"), at(7, "<x>")))
case("added: not in the order of ids", added(at(8, "<s>"), at(7, "<x>")))
case("added: twice", added(at(7, "<s>"), at(8, "<s>")))
case("added: twice, other flags", whole(added(at(7, "<s>"), at(8, "<s>", lstrip=True))))
case("added: twice, other flags first", whole(added(at(8, "<s>", lstrip=True), at(7, "<s>"))))
for label in ("text", "null", "a fraction", "negative", "2^31", "2^32", "true"):
    case(f"added: the id is {label}", added(at(VALUES[label] if label != "text" else "7", "<s>")))
for key in ("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"):
    case(f"added: no {key}", added({k: v for k, v in at(7, "<s>").items() if k != key}))
for key in ("lstrip", "special"):
    case(f"added: {key} is text", added(at(7, "<s>", **{key: "true"})))
    case(f"added: {key} is null", added(at(7, "<s>", **{key: None})))
case("added: empty", added(at(7, ""), at(8, "<s>")))
case("added: null", {**tok(), "added_tokens": None})
case("added: an object", {**tok(), "added_tokens": {}})
case("added: missing", {k: v for k, v in tok().items() if k != "added_tokens"})
case("added: does not help to spell", whole(added(at(7, "z", single_word=True), at(8, "☃", single_word=True))))
hole = {"<unk>": 0, "a": 1, "b": 2, "c": 3, "ab": 4, "abc": 5, "d": 9}
case("holes: added behind", added(at(10, "<s>"), vocab=hole))
case("holes: added inside", added(at(6, "<s>"), at(10, "<x>"), vocab=hole))
case("holes: three more", added(at(10, "<s>"), at(11, "<x>"), at(12, "☃"), vocab=hole))

# ── post-processors ──
SPECIAL = {"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}}
A = {"Sequence": {"id": "A", "type_id": 0}}
B = {"Sequence": {"id": "B", "type_id": 1}}


def name(token, type_id=0):
    return {"SpecialToken": {"id": token, "type_id": type_id}}


def template(single=(name("<s>"), A), pair=(name("<s>"), A, B), special=SPECIAL, drop=(), **more):
    made = {"type": "TemplateProcessing", "single": list(single), "pair": list(pair), "special_tokens": special, **more}
    return {k: v for k, v in made.items() if k not in drop}


def post(processor):
    return {**added(at(7, "<s>"), at(8, "</s>")), "post_processor": processor}


case("post: template", post(template()))
case("post: nothing declared", post(template(special={})))
case("post: a name that is not declared", post(template([name("nope"), A])))
case("post: as in the wild, nothing declared and no pair", post(template([name("nope"), A], [], {})))
case("post: the pair names what is not declared", post(template(pair=[name("nope"), A, B])))
case("post: ids unlike the vocabulary's", post(template(special={"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}})))
case("post: ids beyond", post(template(special={"<s>": {"id": "<s>", "ids": [99], "tokens": ["<s>"]}})))
case("post: a token that is not in the vocabulary", post(template([name("[CLS]"), A], special={"[CLS]": {"id": "[CLS]", "ids": [7], "tokens": ["[CLS]"]}})))
case("post: two ids", post(template(special={"<s>": {"id": "<s>", "ids": [7, 8], "tokens": ["<s>", "</s>"]}})))
case("post: no ids", post(template(special={"<s>": {"id": "<s>", "ids": [], "tokens": []}})))
case("post: a key unlike its id", post(template(special={"<s>": {"id": "</s>", "ids": [7], "tokens": ["<s>"]}})))
for label, ids in {"text": ["7"], "null": [None], "negative": [-1], "a fraction": [7.5], "2^31": [2**31], "2^32": [2**32], "not a list": 7}.items():
    case(f"post: ids are {label}", post(template(special={"<s>": {"id": "<s>", "ids": ids, "tokens": ["<s>"]}})))
for key in ("id", "ids", "tokens"):
    case(f"post: a special token without {key}", post(template(special={"<s>": {k: v for k, v in SPECIAL["<s>"].items() if k != key}})))
case("post: special_tokens is a list", post(template(special=[SPECIAL["<s>"]])))
for key in ("special_tokens", "pair", "single"):
    case(f"post: no {key}", post(template(drop=[key])))
case("post: pair empty", post(template(pair=[])))
case("post: single without the text", post(template([name("<s>")])))
case("post: single with the second text", post(template([name("<s>"), B])))
case("post: single twice the text", post(template([A, A])))
case("post: single as text", post(template(drop=["single"], single="<s> $A")))
case("post: single as texts", post(template(["<s>", "$A"])))
case("post: a third text", post(template([{"Sequence": {"id": "C", "type_id": 0}}])))
case("post: an unknown part", post(template([{"Foo": {"id": "A", "type_id": 0}}])))
case("post: a type that is text", post(template([name("<s>", "0"), A])))
case("post: no type", post(template([{"SpecialToken": {"id": "<s>"}}, A])))
case("post: after the text", post(template([A, name("<s>", 1)])))
for kind in ("BertProcessing", "RobertaProcessing"):
    for label, (sep, cls) in {
        "": (["</s>", 8], ["<s>", 7]), "other ids": (["</s>", 3], ["<s>", 4]), "beyond": (["</s>", 300], ["<s>", 400]),
        "unknown tokens": (["zz", 8], ["yy", 7]), "an id as text": (["</s>", "8"], ["<s>", 7]), "an id of null": (["</s>", None], ["<s>", 7]),
        "no id": (["</s>"], ["<s>", 7]), "the wrong way round": ([8, "</s>"], ["<s>", 7]), "texts": ("</s>", "<s>"), "2^32": (["</s>", 2**32], ["<s>", 7]),
    }.items():
        case(f"post: {kind} {label}".strip(), post({"type": kind, "sep": sep, "cls": cls, "trim_offsets": True, "add_prefix_space": True}))
    case(f"post: {kind} without sep", post({"type": kind, "cls": ["<s>", 7], "trim_offsets": True, "add_prefix_space": True}))
BYTES = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
BERT = {"type": "BertProcessing", "sep": ["</s>", 8], "cls": ["<s>", 7]}
case("post: a sequence", post({"type": "Sequence", "processors": [BYTES, template()]}))
case("post: a sequence of Bert and bytes", post({"type": "Sequence", "processors": [BERT, BYTES]}))
case("post: a sequence of nothing", post({"type": "Sequence", "processors": []}))
case("post: a sequence of null", post({"type": "Sequence", "processors": [None]}))
case("post: a sequence that is null", post({"type": "Sequence", "processors": None}))
for label, value in {"unknown": {"type": "Foo"}, "text": "x", "an empty object": {}}.items():
    case(f"post: {label}", post(value))

# ── other sections ──
TRUNCATION = {"direction": "Right", "max_length": 300, "strategy": "LongestFirst", "stride": 0}
PADDING = {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"}
case("truncation", {**tok(), "truncation": TRUNCATION})
for label, value in {"text": "x", "true": True, "other keys": {"x": 1}, "negative": {**TRUNCATION, "max_length": -1}, "a length as text": {**TRUNCATION, "max_length": "3"}, "a strategy unknown": {**TRUNCATION, "strategy": "x"}}.items():
    case(f"truncation is {label}", {**tok(), "truncation": value})
case("padding", {**tok(), "padding": PADDING})
for label, value in {"text": "x", "other keys": {"x": 1}, "an id as text": {**PADDING, "pad_id": "0"}, "a negative id": {**PADDING, "pad_id": -1}, "a token that is a number": {**PADDING, "pad_token": 0}}.items():
    case(f"padding is {label}", {**tok(), "padding": value})
for key in ("version", "truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"):
    case(f"no {key}", {k: v for k, v in tok().items() if k != key})
case("version 2.0", {**tok(), "version": "2.0"})
case("another key", {**tok(), "foo": 1})

# ── tokenizer_config.json, through transformers ──
S = {"content": "<s>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
X = {**S, "content": "<x>"}
case("config: nothing", added(at(7, "<s>")), {})
case("config: decoder agrees", added(at(7, "<s>")), {"added_tokens_decoder": {"7": S}})
case("config: decoder has another id", added(at(7, "<s>")), {"added_tokens_decoder": {"3": S, "5": X}})
case("config: decoder has a gap", added(at(9, "<s>")), {"added_tokens_decoder": {"9": S, "20": X}})
case("config: decoder has other flags", whole(added(at(7, "<s>"))), {"added_tokens_decoder": {"7": {**S, "lstrip": True}}})
case("config: decoder has fewer flags", whole(added(at(7, "<s>", lstrip=True))), {"added_tokens_decoder": {"7": S}})
case("config: decoder id is text", added(at(7, "<s>")), {"added_tokens_decoder": {"x": X}})
case("config: decoder id is a fraction", added(at(7, "<s>")), {"added_tokens_decoder": {"8.5": X}})
case("config: decoder id is negative", added(at(7, "<s>")), {"added_tokens_decoder": {"-8": X}})
case("config: decoder token is text", added(at(7, "<s>")), {"added_tokens_decoder": {"8": "<x>"}})
case("config: decoder token is nothing", added(at(7, "<s>")), {"added_tokens_decoder": {"8": {"lstrip": False}}})
case("config: decoder is a list", added(at(7, "<s>")), {"added_tokens_decoder": [X]})
case("config: tokens that tokenizer.json lacks", tok(), {"bos_token": "<s>", "pad_token": "<x>", "eos_token": "a"})
case("config: a token that is a number", tok(), {"bos_token": 5})
case("config: a token that is a list", tok(), {"bos_token": ["a"]})
case("config: an empty token", tok(), {"bos_token": ""})
case("config: padding section's token", {**tok(), "padding": {**PADDING, "pad_token": "<x>"}}, {})
case("config: padding section beside pad_token", {**tok(), "padding": {**PADDING, "pad_token": "<x>"}}, {"pad_token": "a"})
case("config: padding section beside a null", {**tok(), "padding": {**PADDING, "pad_token": "<x>"}}, {"pad_token": None})
case("config: padding section beside the map", {**tok(), "padding": {**PADDING, "pad_token": "<x>"}}, {}, {"pad_token": "b"})
case("config: truncation section", {**tok(), "truncation": {**TRUNCATION, "max_length": 2}}, {})


def ids(encode, text):
    try:
        return encode(text)
    except BaseException:
        return None


def outcome(files):
    """The ids of every text, or `refused`."""
    if files["config"] is None:
        try:
            tokenizer = Tokenizer.from_str(files["tokenizer"])
        except BaseException:
            return "refused"
        return [ids(lambda t: tokenizer.encode(t).ids, text) for text in TEXTS]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.json").write_text(files["tokenizer"])
        config = {"tokenizer_class": "PreTrainedTokenizerFast", **files["config"]}
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(config))
        if files["map"] is not None:
            (Path(folder) / "special_tokens_map.json").write_text(json.dumps(files["map"]))
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
        except BaseException:
            return "refused"
        return {
            "ids": [ids(lambda t: tokenizer(t, padding=False, truncation=False).input_ids, text) for text in TEXTS],
            "bos": tokenizer.bos_token_id,
            "pad": tokenizer.pad_token_id,
        }


made = {"texts": TEXTS, "cases": {name: {**files, "expected": outcome(files)} for name, files in CASES.items()}}
target = Path(__file__).parent.parent.parent / "test" / "data" / "text" / "ids.json.gz"
target.write_bytes(gzip.compress(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode(), mtime=0))
print(len(CASES), "cases,", sum(case["expected"] == "refused" for case in made["cases"].values()), "refused")
