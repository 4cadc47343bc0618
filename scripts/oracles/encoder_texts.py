# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "jinja2==3.1.6", "safetensors"]
# ///
"""Scores of encoders from texts on: pairs with token types and cut to a limit, texts that bring their own first token.

    python scripts/oracles/encoder_texts.py > test/data/text/encoder-texts.json

Every case takes a golden model of test/data/parity, with changes of tokenizer_config.json, through transformers: AutoTokenizer, then
AutoModelForSequenceClassification in float32, eager attention, one text at a time. Of two [CLS] or BOS at the start the first is
left out: what the tokenizer gives for the text without its own.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

GOLDENS = Path(__file__).parents[2] / "test/data/parity"
PAIRS = [
    ("Hi", "Hello."),
    ("Which SMILES is aspirin?", "It is CC(=O)Oc1ccccc1C(=O)O."),
    ("Name a molecule with nine carbons, eight hydrogens and four oxygens in it, please, as SMILES.", "CC(=O)Oc1ccccc1C(=O)O"),
    ("How is ethanol oxidised?", "First to acetaldehyde, then to acetic acid. " * 6),
    ("Why? " * 30, "Because " * 30),
    ("Say nothing.", ""),
]
LONG = [("Count.", "1 2 3 4 5 6 7 8 9 " * 90), ("Hi", "Hello.")]
STARTED = lambda start: {"chat_template": start + "{% for m in messages %}{{ m['role'] + ': ' + m['content'] }}\n{% endfor %}"}
TYPES = {"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
BERT = {"tokenizer_class": "BertTokenizerFast"}

CASES = [
    dict(name="pair, types by class", model="bert", config=BERT, pair=True),
    dict(name="pair, types by model_input_names", model="bert", config=TYPES, pair=True),
    dict(name="pair, no types", model="bert", config={}, pair=True),
    dict(name="pair, types, cut on the right", model="bert", config=BERT, pair=True, max_length=40, side="right"),
    dict(name="pair, types, cut on the left, odd room", model="bert", config=BERT, pair=True, max_length=32, side="left"),
    dict(name="pair, cut on the left", model="roberta", config={}, pair=True, max_length=33, side="left"),
    dict(name="pair, types without a table", model="deberta-v2", config=TYPES, pair=True, max_length=64, side="right"),
    dict(name="pair", model="modernbert", config={}, pair=True),
    dict(name="pair", model="distilbert", config={}, pair=True),
    dict(name="longer than the positions, cut", model="roberta", config={}, rows=LONG, max_length=512, side="right"),
    dict(name="longer than the positions, cut", model="distilbert", config={}, rows=LONG, max_length=512, side="left"),
    dict(name="two [CLS]", model="bert", config=STARTED("[CLS]"), double=True),
    dict(name="two BOS", model="roberta", config=STARTED("<s>"), double=True),
    dict(name="two BOS", model="deberta-v2", config=STARTED("[CLS]"), double=True),
    dict(name="two [CLS], the mean", model="modernbert", config=STARTED("[CLS]"), double=True),
]


def ids_of(tokenizer, case, prompt, answer):
    cut = dict(truncation=True, max_length=case["max_length"]) if "max_length" in case else {}
    if case.get("pair"):
        return tokenizer(prompt, answer, **cut)
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    encoded = tokenizer(tokenizer.apply_chat_template(messages, tokenize=False), **cut)
    if not case.get("double"):
        return encoded
    ids = encoded["input_ids"]
    assert ids[0] == ids[1]
    return {"input_ids": ids[1:]}


for case in CASES:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(GOLDENS / case["model"], folder, dirs_exist_ok=True)
        path = Path(folder) / "tokenizer_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | case["config"]))
        tokenizer = AutoTokenizer.from_pretrained(folder, truncation_side=case.get("side", "right"))
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    rows = []
    for prompt, answer in case.pop("rows", PAIRS):
        encoded = ids_of(tokenizer, case, prompt, answer)
        ids, types = encoded["input_ids"], encoded.get("token_type_ids")
        x = torch.tensor([ids])
        inputs = dict(attention_mask=torch.ones_like(x))
        if types is not None and case["model"] != "distilbert":
            inputs["token_type_ids"] = torch.tensor([types])
        with torch.inference_mode():
            score = model(x, **inputs).logits[0].tolist()
        rows.append({"prompt": prompt, "answer": answer, "ids": ids, "types": types, "scores": score})
    case["rows"] = rows
    print(case["model"], case["name"], [round(r["scores"][0], 4) for r in rows], file=sys.stderr)
print(json.dumps(CASES, separators=(",", ":")))
