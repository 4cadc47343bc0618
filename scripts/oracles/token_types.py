# /// script
# requires-python = ">=3.11"
# dependencies = ["transformers==5.23.0", "tokenizers==0.23.3"]
# ///
"""Which tokenizers give token types for a pair of texts, by transformers' AutoTokenizer.

    python scripts/oracles/token_types.py > test/data/text/token-types.json

Every case is a folder with tokenizer_config.json and config.json changed as it says. A class that rebuilds its vocabulary takes
only files of its own kind, so each case is tried on the tokenizers of several golden models, until one is taken.
"""

import itertools
import json
import shutil
import sys
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

GOLDENS = Path(__file__).parents[2] / "test/data/parity"
SOURCES = ["bert", "deberta-v2", "roberta"]
CLASSES = [None, "PreTrainedTokenizerFast", "PreTrainedTokenizer", "TokenizersBackend", "BertTokenizer", "BertTokenizerFast",
           "ElectraTokenizer", "ElectraTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast", "DebertaTokenizerFast",
           "DebertaV2Tokenizer", "DebertaV2TokenizerFast", "AlbertTokenizer", "AlbertTokenizerFast", "RobertaTokenizer",
           "RobertaTokenizerFast", "XLMRobertaTokenizer", "XLMRobertaTokenizerFast", "CamembertTokenizerFast",
           "MPNetTokenizerFast", "ConvBertTokenizerFast", "MobileBertTokenizerFast", "SqueezeBertTokenizerFast",
           "FunnelTokenizerFast", "NoSuchTokenizer", "NoSuchTokenizerFast"]
MODELS = [None, "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "modernbert", "roberta", "xlm-roberta"]
NAMES = [["input_ids", "attention_mask"], ["input_ids", "token_type_ids", "attention_mask"]]


def gives(source, config, model):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copy(GOLDENS / source / "tokenizer.json", folder)
        own = json.loads((GOLDENS / source / "tokenizer_config.json").read_text())
        del own["tokenizer_class"]
        (folder / "tokenizer_config.json").write_text(json.dumps(own | config))
        if model is not None:
            (folder / "config.json").write_text(json.dumps(model))
        encoded = AutoTokenizer.from_pretrained(folder)("One", "two three")
        return "token_type_ids" in encoded


def cases():
    for model_type, name in itertools.product(MODELS, CLASSES):
        yield {} if name is None else {"tokenizer_class": name}, None if model_type is None else {"model_type": model_type}
    for names, name in itertools.product(NAMES, ["BertTokenizer", "PreTrainedTokenizerFast"]):
        yield {"tokenizer_class": name, "model_input_names": names}, {"model_type": "bert"}
    yield {"model_input_names": NAMES[1]}, {"model_type": "modernbert"}
    for name in ["BertTokenizerFast", "PreTrainedTokenizerFast"]:
        yield {}, {"model_type": "bert", "tokenizer_class": name}
        yield {}, {"model_type": "roberta", "tokenizer_class": name}
        yield {"tokenizer_class": "DistilBertTokenizer"}, {"model_type": "bert", "tokenizer_class": name}


found, refused = [], []
for config, model in cases():
    for source in SOURCES:
        try:
            found.append({"config": config, "model": model, "gives": gives(source, config, model)})
            break
        except Exception as error:  # noqa: BLE001 another kind of vocabulary
            reason = error
    else:
        refused.append([config, model])
        print("no vocabulary fits:", config, model, str(reason)[:100], file=sys.stderr)
print(json.dumps({"cases": found, "refused": refused}, separators=(",", ":")))
