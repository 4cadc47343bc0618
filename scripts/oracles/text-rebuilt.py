# /// script
# requires-python = ">=3.11"
# dependencies = ["transformers==5.24.0", "tokenizers==0.23.3", "sentencepiece==0.2.3"]
# ///
"""What transformers 5 opens a tokenizer as, and the ids that it then gives.

Run by hand: `uv run scripts/oracles/text-rebuilt.py`. Writes test/data/text/rebuilt.json.gz.
`dispatch`: which class AutoTokenizer opens for a model_type and a tokenizer_class. `cases`: ids of the small tokenizers under
test/data/text/tokenizers when a class builds them anew from vocabulary and merges; `error` where it cannot.
"""

import gzip
import json
import shutil
import tempfile
from pathlib import Path

from transformers import AutoTokenizer, logging

logging.set_verbosity_error()
ROOT = Path(__file__).resolve().parents[2] / "test" / "data" / "text"
CLASSES = [
    "LlamaTokenizer", "GemmaTokenizer", "GPT2Tokenizer", "Qwen2Tokenizer", "GPTNeoXTokenizer", "BertTokenizer", "DistilBertTokenizer",
    "RobertaTokenizer", "XLMRobertaTokenizer", "AlbertTokenizer", "DebertaV2Tokenizer", "DebertaTokenizer", "CohereTokenizer",
]
OPTIONS = [
    ("LlamaTokenizer", {"add_prefix_space": False}), ("LlamaTokenizer", {"legacy": True}), ("GPT2Tokenizer", {"add_prefix_space": True}),
    ("BertTokenizer", {"do_lower_case": False}), ("BertTokenizer", {"tokenize_chinese_chars": False, "strip_accents": False}),
    ("DebertaV2Tokenizer", {"do_lower_case": True, "split_by_punct": True}), ("AlbertTokenizer", {"keep_accents": True, "do_lower_case": False}),
    ("XLMRobertaTokenizer", {"add_prefix_space": False}), ("Qwen2Tokenizer", {"add_prefix_space": True}), ("RobertaTokenizer", {"add_prefix_space": True}),
    ("GPT2Tokenizer", {"bos_token": None, "unk_token": None, "pad_token": "<|endoftext|>"}),
]
BASES = sorted(path.name for path in (ROOT / "tokenizers").iterdir() if path.is_dir())
OPTION_BASES = ["starling-34b", "bert", "deberta-v2", "gpt2", "qwen2-rm", "eurus", "grm-gemma", "oasst-pythia", "roberta"]
TYPES = [
    "llama", "mistral", "mixtral", "ministral", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "gemma", "gemma2", "gemma3_text", "phi", "phi3", "gpt2",
    "gpt_neox", "opt", "falcon", "olmo", "olmo2", "olmo3", "olmoe", "cohere", "cohere2", "granite", "stablelm", "starcoder2", "smollm3", "bert",
    "roberta", "xlm-roberta", "distilbert", "electra", "albert", "deberta", "deberta-v2", "modernbert",
]
NAMES = [None, "PreTrainedTokenizerFast", "LlamaTokenizerFast", "LlamaTokenizer", "GPT2Tokenizer", "Qwen2TokenizerFast", "BertTokenizerFast", "NoSuchTokenizer", "ElectraTokenizerFast", "TokenizersBackend"]
TEXTS = [
    "Hello, world! 1234567", "a  b\n\nc\td", " leading", "trailing ", "na\u00efve caf\u00e9 \ufb01ne \u212b", "CC(=O)Oc1ccccc1C(=O)O", "I'M sure they're HERE", "\u6f22\u5b57 \ud55c\uad6d\uc5b4", "x\r\ny",
    "<s>Hi</s> there", "a <s> b", "[CLS] a [SEP]b", "<|endoftext|>Hi <|im_end|>\n", "<bos>a<eos> b", "", " ",
]


def folder(tmp, base, name, model_type, options=None):
    to = Path(tempfile.mkdtemp(dir=tmp)) / "m"
    shutil.copytree(ROOT / "tokenizers" / base, to)
    config = {**json.loads((to / "tokenizer_config.json").read_text()), **(options or {}), "tokenizer_class": name}
    if name is None:
        del config["tokenizer_class"]
    (to / "tokenizer_config.json").write_text(json.dumps(config))
    (to / "config.json").write_text(json.dumps({"model_type": model_type}))
    return to


def main():
    dispatch, cases = [], []
    with tempfile.TemporaryDirectory() as tmp:
        for base in ("gpt2", "starling-34b"):
            for model_type in TYPES:
                for name in NAMES:
                    try:
                        opened = type(AutoTokenizer.from_pretrained(folder(tmp, base, name, model_type))).__name__
                    except Exception as error:
                        opened = f"error: {type(error).__name__}"
                    dispatch.append([base, model_type, name, opened])
        asked = [(base, name, {}) for base in BASES for name in CLASSES] + [(base, name, options) for base in OPTION_BASES for name, options in OPTIONS]
        for base, name, options in asked:
            case = {"base": base, "class": name, "options": options}
            try:
                tokenizer = AutoTokenizer.from_pretrained(folder(tmp, base, name, "llama", options))
                case["opened"] = type(tokenizer).__name__
                case["ids"] = [tokenizer(text)["input_ids"] for text in TEXTS]
            except BaseException as error:
                case["error"] = f"{type(error).__name__}: {str(error)[:90]}"
            cases.append(case)
    result = {"versions": {"transformers": "5.24.0", "tokenizers": "0.23.3"}, "texts": TEXTS, "dispatch": dispatch, "cases": cases}
    with gzip.GzipFile(ROOT / "rebuilt.json.gz", "wb", mtime=0) as out:
        out.write(json.dumps(result, ensure_ascii=True, separators=(",", ":")).encode())
    errors = {}
    for case in cases:
        if "error" in case:
            errors.setdefault(case["error"][:60], []).append((case["base"], case["class"]))
    print(len(dispatch), len(cases), {error: (len(where), where[:3]) for error, where in errors.items()})


main()
