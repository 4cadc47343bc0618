# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==4.57.3", "optimum==2.1.0", "optimum-onnx==0.1.0", "onnx==1.23.2", "onnxruntime==1.32.0"]
# ///
"""Ready-made ONNX exports of the tiny checkpoints, as people find them: test/data/onnx/<name>/.

Run: python scripts/oracles/onnx-exports.py test/data [name …]
optimum makes them, as `optimum-cli export onnx` does; onnxruntime's own tools quantise them, as transformers.js's script does. Doc strings and
inner shapes are taken out, so that they are small. Each has the numbers of its checkpoint, which transformers gave (golden.json of
test/data/parity); expected.json holds, for the files that have numbers of their own (quantised, half-precision), what onnxruntime's Python
package gives for each text alone.

The weights of bert/ are not in the repository: it is what a folder without safetensors looks like. They are made anew with
BERT=<folder of the checkpoint>.
"""
import gzip, json, os, sys, tempfile, warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from optimum.exporters.onnx import export as export_as, main_export
from optimum.exporters.onnx.model_configs import GPT2OnnxConfig
from optimum.onnx.graph_transformations import merge_decoders
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

warnings.filterwarnings("ignore")
data = Path(sys.argv[1])
parity, target = data / "parity", data / "onnx"


def export(source, task):
    with tempfile.TemporaryDirectory() as folder:
        main_export(str(source), output=folder, task=task, do_validation=False)
        return onnx.load(f"{folder}/model.onnx")


def slim(graph):
    del graph.value_info[:]
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                slim(attribute.g)


def save(model, path, external=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    slim(model.graph)
    if external is None:
        onnx.save(model, path)
    else:
        (path.parent / external).unlink(missing_ok=True)
        onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=external, size_threshold=64)
    print(path, path.stat().st_size)


def golden(folder):
    plain = folder / "golden.json"
    return json.loads(plain.read_text() if plain.exists() else gzip.decompress((folder / "golden.json.gz").read_bytes()))


def alone(path, cases):
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = lambda case: {"input_ids": np.array([case["input_ids"]]), "attention_mask": np.array([case["attention_mask"]])}
    return {case["id"]: session.run(["logits"], feeds(case))[0][0].tolist() for case in cases}


def expect(folder, base, names):
    cases = golden(parity / base)["cases"]
    (folder / "expected.json").write_text(json.dumps({name: alone(folder / "onnx" / name, cases) for name in names}, indent=1) + "\n")


def bert(folder):
    """optimum's layout: the export beside configuration and tokenizer, no safetensors."""
    source = os.environ["BERT"]
    save(export(source, "text-classification"), folder / "model.onnx")
    # transformers' own numbers of pairs with token types, which the golden's tokenizer class gives none of
    model = AutoModelForSequenceClassification.from_pretrained(source, attn_implementation="eager").eval()
    numbers = {}
    for case in golden(folder)["cases"]:
        if case["text_pair"] is not None:
            ids = case["input_ids"]
            types = [int(i > ids.index(3)) for i in range(len(ids))]
            with torch.no_grad():
                numbers[case["id"]] = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types])).logits[0].tolist()
    (folder / "expected.json").write_text(json.dumps({"with token types": numbers}, indent=1) + "\n")


def gpt2(folder):
    """transformers.js's layout, with its quantised files."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.float16 import convert_float_to_float16

    here = folder / "onnx"
    path = here / "model.onnx"
    save(export(parity / "gpt2", "text-classification"), path)
    quantize_dynamic(path, here / "model_quantized.onnx", weight_type=QuantType.QInt8)
    save(convert_float_to_float16(onnx.load(path)), here / "model_fp16.onnx")
    expect(folder, "gpt2", ["model_quantized.onnx", "model_fp16.onnx"])


def llama(folder):
    """Weights in a file of their own, and packed to 4 bits; and hidden states alone, whose head is in the checkpoint."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    model = export(parity / "llama-gqa", "text-classification")
    quantizer = MatMulNBitsQuantizer(onnx.ModelProto.FromString(model.SerializeToString()), block_size=32, is_symmetric=True)
    quantizer.process()
    save(quantizer.model.model, folder / "onnx" / "model_q4.onnx")
    expect(folder, "llama-gqa", ["model_q4.onnx"])
    save(model, folder / "model.onnx", external="model.onnx_data")
    save(export(parity / "llama-gqa", "feature-extraction"), folder / "onnx" / "hidden.onnx")


def dpo_llama(folder):
    """A decoder with past (cache inputs, position_ids), and one without."""
    save(export(parity / "dpo-llama" / "policy", "text-generation-with-past"), folder / "policy" / "onnx" / "model.onnx")
    save(export(parity / "dpo-llama" / "reference", "text-generation"), folder / "reference" / "model.onnx")


def dpo_gpt2(folder):
    """Both branches of a decoder in one file, chosen by use_cache_branch, as transformers.js ships older models."""
    model = AutoModelForCausalLM.from_pretrained(parity / "dpo-gpt2" / "policy").eval()
    with tempfile.TemporaryDirectory() as where:
        branches = []
        for past in (False, True):
            branches.append(Path(where) / f"{past}.onnx")
            config = GPT2OnnxConfig(model.config, task="text-generation", use_past=True, use_past_in_inputs=past)
            export_as(model=model, config=config, output=branches[-1], opset=18)
        merge_decoders(*branches, strict=False, save_path=f"{where}/merged.onnx")
        save(onnx.load(f"{where}/merged.onnx"), folder / "policy" / "onnx" / "decoder_model_merged.onnx")


MAKERS = {"bert": bert, "gpt2": gpt2, "llama-gqa": llama, "dpo-llama": dpo_llama, "dpo-gpt2": dpo_gpt2}
for name in sys.argv[2:] or MAKERS:
    MAKERS[name](target / name)
