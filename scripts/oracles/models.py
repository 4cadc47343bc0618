# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.24.0", "safetensors", "numpy"]
# ///
"""Tiny random checkpoints with transformers' numbers: variants of the supported families that few tests meet.

    python scripts/oracles/models.py test/data/models [case …]

Writes <case>/config.json, model.safetensors (or shards) and golden.json. Seeded; CPU, float32, eager attention, batch of
one. Half-precision checkpoints are upcast before they are run, as our CPU path does. Token ids are random: text plays no
part here. Kinds and fields as in test/data/parity.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

torch.set_num_threads(2)
VOCAB = 96
LENGTHS = [3, 17, 40, 90, 150]
PREFIX = 24  # the longer sequences share their first ids, so that trees have something to share

ROTARY = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, max_position_embeddings=256, pad_token_id=0, bos_token_id=1, eos_token_id=2,
              tie_word_embeddings=False)
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "rope_theta": 10000.0}

DISTANCES = dict(relative_attention=True, pos_att_type=["p2c", "c2p"])


def layout4(folder):
    """Rewrites config.json as transformers 4 wrote it; the scores are computed from the rewritten file."""
    config = json.loads((folder / "config.json").read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = {"type" if key == "rope_type" else key: value for key, value in rope.items()}
    config["torch_dtype"] = config.pop("dtype")
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def layers4(local=None):
    """The same for families with a rope for each kind of layer; `local` is the sliding layers' key."""
    def patch(folder):
        config = json.loads((folder / "config.json").read_text())
        rope = config.pop("rope_parameters")
        full, sliding = rope["full_attention"], rope["sliding_attention"]
        config["rope_theta"] = full.pop("rope_theta")
        if local:
            config[local] = sliding["rope_theta"]
        config["rope_scaling"] = None if full["rope_type"] == "default" else full
        config["torch_dtype"] = config.pop("dtype")
        (folder / "config.json").write_text(json.dumps(config, indent=2))
    return patch


def edit_config(change):
    def patch(folder):
        config = json.loads((folder / "config.json").read_text())
        change(config)
        (folder / "config.json").write_text(json.dumps(config, indent=2))
    return patch


def both_layouts(config):
    """`rope_scaling` wins over `rope_parameters`, and takes its base from beside it."""
    config |= {"rope_scaling": {"type": "linear", "factor": 3.0}, "rope_theta": 500.0}


def original_beside(config):
    """A length beside the parameters wins over the one inside."""
    config["original_max_position_embeddings"] = 32


def common_names(config):
    """GPT2Config's attribute_map, and a default left out."""
    for alias, own in [("hidden_size", "n_embd"), ("num_hidden_layers", "n_layer"), ("num_attention_heads", "n_head")]:
        config[alias] = config.pop(own)
    del config["activation_function"]


def edit_tensors(change):
    def patch(folder):
        tensors = load_file(folder / "model.safetensors")
        save_file(change(tensors), folder / "model.safetensors", metadata={"format": "pt"})
    return patch


def with_mask_buffers(tensors):
    """GPT-2's causal mask as old checkpoints carry it."""
    mask = torch.tril(torch.ones(1, 1, 256, 256, dtype=torch.uint8))
    extra = {f"transformer.h.{l}.attn.bias": mask.clone() for l in range(3)}
    return tensors | extra | {f"transformer.h.{l}.attn.masked_bias": torch.tensor(-1e4) for l in range(3)}


def duplicate_head(tensors):
    return tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"].clone()}


def other_head(tensors):
    """config.json says tied, the file has another head: transformers 5 uses the file's."""
    generator = torch.Generator().manual_seed(77)
    return tensors | {"lm_head.weight": torch.randn(VOCAB, 32, generator=generator) * 0.3}


def head_alone(tensors):
    """Tied tensors share memory; this writer kept the other of the two names."""
    return {"lm_head.weight" if name == "transformer.wte.weight" else name: x for name, x in tensors.items()}


def distilbert_common_names(config):
    """DistilBertConfig's attribute_map."""
    for alias, own in [("hidden_size", "dim"), ("num_hidden_layers", "n_layers"), ("num_attention_heads", "n_heads")]:
        config[alias] = config.pop(own)


def old_position_types(config):
    config["pos_att_type"] = "C2P|p2c"


def both(*patches):
    def patch(folder):
        for one in patches:
            one(folder)
    return patch


INTERNLM2 = {"model.embed_tokens": "model.tok_embeddings", "lm_head": "output", "self_attn.o_proj": "attention.wo",
             "mlp.gate_proj": "feed_forward.w1", "mlp.up_proj": "feed_forward.w3", "mlp.down_proj": "feed_forward.w2",
             "input_layernorm": "attention_norm", "post_attention_layernorm": "ffn_norm"}


def internlm2(folder):
    """A Llama as InternLM2 (whose class is code on the hub) stores it: for each key head its queries, key and value together."""
    config = json.loads((folder / "config.json").read_text())
    tensors = load_file(folder / "model.safetensors")
    head_dim = config["hidden_size"] // config["num_attention_heads"]
    stored = {}
    for name, x in tensors.items():
        if ".self_attn." not in name or ".o_proj." in name:
            for ours, theirs in INTERNLM2.items():
                name = name.replace(ours, theirs)
            stored[name] = x
        elif ".q_proj." in name:
            q, k, v = (tensors[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj"))
            by_head = lambda y: y.reshape(config["num_key_value_heads"], -1, head_dim, *y.shape[1:])
            stored[name.replace("self_attn.q_proj", "attention.wqkv")] = torch.cat(
                [by_head(q), by_head(k), by_head(v)], 1).flatten(0, 2).contiguous()
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    bias, rope = config["attention_bias"], config["rope_parameters"]
    for key in ("attention_bias", "mlp_bias", "head_dim", "rope_parameters", "pretraining_tp"):
        config.pop(key, None)
    config |= {"model_type": "internlm2", "bias": bias, "rope_theta": rope["rope_theta"],
               "rope_scaling": None if rope["rope_type"] == "default" else {"type": rope["rope_type"], "factor": rope["factor"]},
               "architectures": [config["architectures"][0].replace("Llama", "InternLM2")]}
    (folder / "config.json").write_text(json.dumps(config, indent=2))


OLMO = {"model.embed_tokens": "model.transformer.wte", "lm_head": "model.transformer.ff_out", "self_attn.o_proj": "attn_out",
        "mlp.down_proj": "ff_out", "model.layers": "model.transformer.blocks"}


def hf_olmo(folder):
    """An Olmo as its own library (allenai/OLMo) stores it: q, k, v in one matrix, up and gate in another."""
    config = json.loads((folder / "config.json").read_text())
    tensors = load_file(folder / "model.safetensors")
    stored = {}
    for name, x in tensors.items():
        if ".q_proj." in name:
            name, x = name.replace("self_attn.q_proj", "att_proj"), torch.cat(
                [tensors[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")])
        elif ".up_proj." in name:
            name, x = name.replace("mlp.up_proj", "ff_proj"), torch.cat([x, tensors[name.replace("up_proj", "gate_proj")]])
        elif any(part in name for part in ("k_proj", "v_proj", "gate_proj")):
            continue
        for ours, theirs in OLMO.items():
            name = name.replace(ours, theirs)
        stored[name] = x
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    config = {"model_type": "hf_olmo", "architectures": ["OLMoForCausalLM"], "d_model": config["hidden_size"],
              "n_heads": config["num_attention_heads"], "n_kv_heads": config["num_key_value_heads"],
              "n_layers": config["num_hidden_layers"], "mlp_hidden_size": 2 * config["intermediate_size"], "mlp_ratio": 4,
              "activation_type": "swiglu", "block_type": "sequential", "rope": True, "alibi": False,
              "rope_theta": config["rope_parameters"]["rope_theta"], "clip_qkv": config["clip_qkv"], "include_bias": False,
              "layer_norm_type": "default", "layer_norm_with_affine": False, "attention_layer_norm": False,
              "multi_query_attention": None, "scale_logits": False, "vocab_size": config["vocab_size"] - 5,
              "embedding_size": config["vocab_size"], "max_sequence_length": config["max_position_embeddings"],
              "weight_tying": config["tie_word_embeddings"], "pad_token_id": 1, "eos_token_id": 2}
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def minicpm(folder):
    """A Granite or a Llama with MiniCPM's factors (whose class is code on the hub) as MiniCPM stores it. Granite has these factors itself;
    of a Llama, whose class has a head of rewards, they are taken out of the weights again."""
    config = json.loads((folder / "config.json").read_text())
    rope = config.pop("rope_parameters")
    if config["model_type"] == "granite":
        depth = config.pop("residual_multiplier") * config["num_hidden_layers"] ** 0.5
        scales = {"scale_emb": config.pop("embedding_multiplier"), "scale_depth": depth,
                  "dim_model_base": config["hidden_size"] / config.pop("logits_scaling")}
        config.pop("attention_multiplier")
    else:
        scales = {"scale_emb": 4.0, "scale_depth": 1.4, "dim_model_base": 8}
        added = scales["scale_depth"] / config["num_hidden_layers"] ** 0.5
        tensors = load_file(folder / "model.safetensors")
        factor = lambda name: scales["scale_emb"] if "embed" in name else added if "o_proj" in name or "down_proj" in name else 1.0
        save_file({name: x / factor(name) for name, x in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    for key in ("mlp_bias", "head_dim", "pretraining_tp"):
        config.pop(key, None)
    config |= {"model_type": "minicpm", "rope_theta": rope["rope_theta"], "rope_scaling": None, **scales,
               "architectures": ["MiniCPM" + config["architectures"][0].removeprefix("Granite").removeprefix("Llama")]}
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def longrope(dim, **more):
    """Factors for every pair of `dim` rotated elements, far apart, so that the wrong set shows."""
    half = dim // 2
    return {"rope_type": "longrope", "short_factor": [1 + 0.2 * i for i in range(half)],
            "long_factor": [2 + 1.5 * i for i in range(half)], **more}


def window_by_pattern(config):
    """Gemma 3 as it was first released: no layer_types."""
    config["sliding_window_pattern"] = 2
    for key in ("layer_types", "_sliding_window_pattern"):
        config.pop(key, None)


def modernbert4(config):
    """ModernBERT as transformers 4 wrote it: a base for each kind of layer, and a scaling of both."""
    del config["rope_parameters"]
    config |= {"global_rope_theta": 700.0, "local_rope_theta": 50.0, "rope_scaling": {"rope_type": "linear", "factor": 2.0}}


def small_embedding(tensors):
    """Tied to logits: with unit variance their rounding alone would fill the bound."""
    name = "model.embed_tokens.weight"
    return tensors | {name: tensors[name] * 0.3}


def neox_buffers(tensors):
    """GPT-NeoX's causal mask and frequencies as old checkpoints carry them."""
    mask = torch.tril(torch.ones(1, 1, 64, 64, dtype=torch.uint8))
    extra = {}
    for l in range(2):
        at = f"gpt_neox.layers.{l}.attention"
        extra |= {f"{at}.bias": mask.clone(), f"{at}.masked_bias": torch.tensor(-1e9),
                  f"{at}.rotary_emb.inv_freq": torch.ones(2)}
    return tensors | extra


GEMMA3_ROPE = {"full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 50000.0},
               "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}}
SIGLIP = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=28, patch_size=14)
GEMMA3_TEXT = ROTARY | dict(head_dim=8, sliding_window=20, layer_types=["sliding_attention", "full_attention"],
                            tie_word_embeddings=True)


def prefix_of_4(tensors):
    """The names of some versions of transformers 4."""
    new = lambda name: name.replace("language_model.model.", "model.language_model.") if name.startswith("language") \
        else "model." + name
    return {new(name): x for name, x in tensors.items()}


EDGE = [3, 40, 64, 65, 90, 150]  # 64 is where these models begin to turn otherwise


CASES = {
    "llama-yarn": dict(config="Llama", rope_parameters=YARN),
    "llama-yarn-mscale": dict(config="Llama", rope_parameters=YARN | {"mscale": 1.0, "mscale_all_dim": 0.7,
                                                                     "beta_fast": 16, "beta_slow": 2, "truncate": False}),
    "llama-yarn-attention-factor": dict(config="Llama", rope_parameters=YARN | {"attention_factor": 1.3}),
    "llama-linear": dict(config="Llama", rope_parameters={"rope_type": "linear", "factor": 3.0, "rope_theta": 5000.0},
                         patch=layout4),
    "llama-yarn-layout4": dict(config="Llama", rope_parameters=YARN | {"mscale": 1.2}, patch=layout4),
    "llama-llama3-default-original": dict(config="Llama", rope_parameters={
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "rope_theta": 10000.0,
        "original_max_position_embeddings": 32}),
    "llama-gelu": dict(config="Llama", hidden_act="gelu_pytorch_tanh", num_key_value_heads=1),
    "llama-f16": dict(config="Llama", dtype=torch.float16),
    "llama-wide-heads": dict(config="Llama", head_dim=16, num_key_value_heads=4),
    "mistral-head-dim": dict(config="Mistral", head_dim=20, sliding_window=None),
    "mistral-window-1": dict(config="Mistral", sliding_window=1),
    "mistral-window-long": dict(config="Mistral", sliding_window=100),
    "gpt2-inverse-layer": dict(config="GPT2", scale_attn_by_inverse_layer_idx=True),
    "gpt2-mask-buffers": dict(config="GPT2", patch=edit_tensors(with_mask_buffers)),
    "gpt2-gelu-unscaled": dict(config="GPT2", activation_function="gelu", scale_attn_weights=False, n_inner=40),
    "gpt2-relu-bf16": dict(config="GPT2", activation_function="relu", dtype=torch.bfloat16),
    "qwen2-window": dict(config="Qwen2", use_sliding_window=True, sliding_window=20, max_window_layers=1,
                         num_hidden_layers=3),
    "qwen2-sharded-bf16": dict(config="Qwen2", dtype=torch.bfloat16, shard="12KB"),
    "llama-causal-f16": dict(config="Llama", head="causal", dtype=torch.float16),
    "llama-causal-tied": dict(config="Llama", head="causal", tie_word_embeddings=True, rope_parameters=YARN),
    "llama-causal-tied-duplicate": dict(config="Llama", head="causal", tie_word_embeddings=True,
                                        patch=edit_tensors(duplicate_head)),
    "llama-causal-tied-differs": dict(config="Llama", head="causal", tie_word_embeddings=True,
                                      patch=edit_tensors(other_head)),
    "qwen2-causal-large-vocab": dict(config="Qwen2", head="causal", vocab_size=5000, hidden_size=16, num_attention_heads=2,
                                     num_key_value_heads=1, tie_word_embeddings=True),
    "gpt2-causal-untied": dict(config="GPT2", head="causal", tie_word_embeddings=False),
    "mistral-causal-window": dict(config="Mistral", head="causal", sliding_window=12, tie_word_embeddings=True),
    "llama-rope-both-layouts": dict(config="Llama", rope_parameters=YARN, hidden_act="gelu_accurate",
                                    patch=edit_config(both_layouts)),
    "mistral-original-beside": dict(config="Mistral", hidden_size=34, rope_parameters=YARN, sliding_window=None,
                                    dtype=torch.float64, patch=edit_config(original_beside)),
    "gpt2-causal-common-names": dict(config="GPT2", head="causal",
                                     patch=both(edit_config(common_names), edit_tensors(head_alone))),
    "bert-types": dict(config="Bert", num_labels=3, hidden_act="gelu_new", types=2),
    "xlm-roberta-pads": dict(config="XLMRoberta", num_labels=2, type_vocab_size=1, pad_token_id=1, pads=True),
    "electra-narrow": dict(config="Electra", embedding_size=16, types=2),
    "electra-wide": dict(config="Electra", embedding_size=32, num_labels=2),
    "albert-groups": dict(config="Albert", embedding_size=16, num_hidden_layers=4, num_hidden_groups=2, inner_group_num=2,
                          hidden_act="gelu_new", types=2),
    "distilbert-common-names": dict(config="DistilBert", sinusoidal_pos_embds=True, activation="relu",
                                    patch=edit_config(distilbert_common_names)),
    "deberta-v2-buckets": dict(config="DebertaV2", **DISTANCES, max_relative_positions=64, position_buckets=32,
                               share_att_key=True, norm_rel_ebd="layer_norm", position_biased_input=False, num_labels=2),
    "deberta-v2-own-keys": dict(config="DebertaV2", **DISTANCES, max_relative_positions=20, position_biased_input=True,
                                type_vocab_size=2, types=2, patch=edit_config(old_position_types)),
    "deberta-v2-c2p": dict(config="DebertaV2", relative_attention=True, pos_att_type=["c2p"], position_buckets=8,
                           max_relative_positions=-1, pooler_hidden_act="tanh"),
    "deberta-v2-p2c-convolution": dict(config="DebertaV2", relative_attention=True, pos_att_type=["p2c"], position_buckets=16,
                                       norm_rel_ebd="none|layer_norm", share_att_key=True, conv_kernel_size=3, conv_act="gelu",
                                       position_biased_input=False),
    "deberta-v2-absolute": dict(config="DebertaV2", relative_attention=False, pos_att_type=["c2p", "p2c"],
                                conv_kernel_size=5, conv_groups=2, num_hidden_layers=1),
    "modernbert-biases": dict(config="ModernBert", num_hidden_layers=3, classifier_pooling="cls", norm_bias=True,
                              attention_bias=True, mlp_bias=True, classifier_bias=True, local_attention=21,
                              classifier_activation="relu", num_labels=2,
                              layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                              rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 5000.0},
                                               "sliding_attention": {"rope_type": "default"}}),
    "deberta-distances": dict(config="Deberta", **DISTANCES, max_relative_positions=20, position_biased_input=False,
                              type_vocab_size=2, types=2, num_labels=2),
    "deberta-c2p": dict(config="Deberta", relative_attention=True, pos_att_type=["c2p"], max_relative_positions=-1),
    "camembert": dict(config="Camembert", type_vocab_size=1, pad_token_id=1, pads=True),
    "opt-post-norm": dict(config="OPT", seed=200, do_layer_norm_before=False, word_embed_proj_dim=24),
    "opt-causal-post-norm": dict(config="OPT", seed=201, head="causal", do_layer_norm_before=False, word_embed_proj_dim=40),
    "opt-causal-galactica": dict(config="OPT", seed=202, head="causal", enable_bias=False, activation_function="gelu",
                                 layer_norm_elementwise_affine=False),
    "opt-no-final-norm": dict(config="OPT", seed=203, _remove_final_layer_norm=True),
    "opt-causal-untied": dict(config="OPT", seed=204, head="causal", tie_word_embeddings=False, word_embed_proj_dim=24),
    "opt-masked-bos": dict(config="OPT", seed=205, masked=True, dtype=torch.float16),
    "falcon-multi-query": dict(config="Falcon", seed=210),
    "falcon-multi-query-sequential": dict(config="Falcon", seed=211, parallel_attn=False, masked=True),
    "falcon-all-heads": dict(config="Falcon", seed=212, multi_query=False, bias=True, ffn_hidden_size=40),
    "falcon-causal": dict(config="Falcon", seed=213, head="causal", dtype=torch.bfloat16),
    "falcon-causal-grouped": dict(config="Falcon", seed=214, head="causal", new_decoder_architecture=True, num_kv_heads=2,
                                  patch=edit_tensors(lambda tensors: tensors | {
                                      "lm_head.weight": tensors["transformer.word_embeddings.weight"].clone()})),
    "falcon-grouped-one-norm": dict(config="Falcon", seed=215, new_decoder_architecture=True, num_kv_heads=2,
                                    num_ln_in_parallel_attn=1, bias=True, activation="gelu_pytorch_tanh",
                                    rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 500.0}),
    "falcon-alibi": dict(config="Falcon", seed=216, alibi=True, multi_query=False, parallel_attn=False, bias=True,
                         hidden_size=48, num_attention_heads=12, masked=True, lengths=[3, 17, 90, 300], dtype=torch.float16),
    "falcon-causal-alibi-multi-query": dict(config="Falcon", seed=217, head="causal", alibi=True, lengths=[3, 40, 300]),
    "falcon-alibi-grouped": dict(config="Falcon", seed=218, alibi=True, new_decoder_architecture=True, num_kv_heads=2,
                                 num_attention_heads=8, lengths=[3, 40, 300]),
    "internlm2-causal": dict(config="Llama", seed=220, head="causal", after=internlm2),
    "internlm2-score-bias-linear": dict(config="Llama", seed=221, attention_bias=True, after=internlm2, rope_parameters={
        "rope_type": "linear", "factor": 3.0, "rope_theta": 5000.0}),
    "mixtral": dict(config="Mixtral", seed=230, num_local_experts=5, intermediate_size=24),
    "mixtral-causal": dict(config="Mixtral", seed=231, head="causal", num_local_experts=4, num_experts_per_tok=3,
                           intermediate_size=24, dtype=torch.bfloat16, head_dim=16),
    "mixtral-one-expert-window": dict(config="Mixtral", seed=232, num_local_experts=4, num_experts_per_tok=1,
                                      intermediate_size=24, sliding_window=20),
    "qwen3-moe": dict(config="Qwen3Moe", seed=233, num_experts=12, num_experts_per_tok=4, moe_intermediate_size=8,
                      norm_topk_prob=True, head_dim=16, attention_bias=True),
    "qwen3-moe-causal-mixed": dict(config="Qwen3Moe", seed=234, head="causal", num_experts=6, num_experts_per_tok=2,
                                   dtype=torch.bfloat16, moe_intermediate_size=8, num_hidden_layers=4, mlp_only_layers=[1], decoder_sparse_step=2,
                                   use_sliding_window=True, sliding_window=20, tie_word_embeddings=True),
    "qwen2-moe": dict(config="Qwen2Moe", seed=235, num_experts=6, num_experts_per_tok=3, moe_intermediate_size=8,
                      shared_expert_intermediate_size=20, norm_topk_prob=True),
    "qwen2-moe-causal-window": dict(config="Qwen2Moe", seed=236, head="causal", num_experts=5, num_experts_per_tok=2,
                                    moe_intermediate_size=8, shared_expert_intermediate_size=20, num_hidden_layers=3,
                                    use_sliding_window=True, sliding_window=20, qkv_bias=False, mlp_only_layers=[2]),
    "olmoe-causal": dict(config="Olmoe", seed=237, head="causal", num_experts=6, num_experts_per_tok=2, intermediate_size=16,
                         dtype=torch.float16),
    "olmoe-causal-normalised": dict(config="Olmoe", seed=238, head="causal", num_experts=6, num_experts_per_tok=3,
                                    intermediate_size=16, norm_topk_prob=True, attention_bias=True, hidden_act="gelu"),
    "llama-dynamic": dict(config="Llama", seed=300, masked=True, max_position_embeddings=64, lengths=EDGE, rope_parameters={
        "rope_type": "dynamic", "factor": 2.5, "rope_theta": 10000.0}, patch=layout4),
    "llama-longrope": dict(config="Llama", seed=301, head="causal", lengths=EDGE, rope_parameters=longrope(
        8, original_max_position_embeddings=64, rope_theta=10000.0)),
    "llama-proportional": dict(config="Llama", seed=302, rope_parameters={
        "rope_type": "proportional", "factor": 2.0, "partial_rotary_factor": 0.6, "rope_theta": 10000.0}),
    "gemma": dict(config="Gemma", seed=303, head_dim=12, num_key_value_heads=1, hidden_act="gelu"),
    "gemma-causal": dict(config="Gemma", seed=304, head="causal", head_dim=8, attention_bias=True, tie_word_embeddings=True,
                         patch=edit_tensors(small_embedding)),
    "gemma3-layout4": dict(config="Gemma3Text", seed=305, head_dim=8, query_pre_attn_scalar=6, num_hidden_layers=3, sliding_window=20,
                           layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                           rope_parameters=GEMMA3_ROPE,
                           patch=lambda folder: (layers4("rope_local_base_freq")(folder),
                                                 edit_config(window_by_pattern)(folder))),
    "gemma3-causal-dynamic": dict(config="Gemma3Text", seed=306, head="causal", head_dim=8, lengths=EDGE, max_position_embeddings=64,
                                  final_logit_softcapping=3.0, sliding_window=30, attention_bias=True,
                                  layer_types=["sliding_attention", "full_attention"], tie_word_embeddings=True,
                                  rope_parameters={"full_attention": {"rope_type": "dynamic", "factor": 3.0, "rope_theta": 900.0},
                                                   "sliding_attention": {"rope_type": "default"}}),
    "gemma3-eyes": dict(config="Gemma3", seed=307, text=GEMMA3_TEXT, vision=SIGLIP),
    "gemma3-causal-eyes": dict(config="Gemma3", seed=308, head="causal", text=GEMMA3_TEXT, vision=SIGLIP,
                               patch=edit_tensors(prefix_of_4)),
    "phi3-longrope": dict(config="Phi3", seed=309, lengths=EDGE, original_max_position_embeddings=64, num_attention_heads=2,
                          num_key_value_heads=1, rope_parameters=longrope(
                              8, rope_theta=10000.0, partial_rotary_factor=0.5), patch=layout4),
    "phi3-causal-tied": dict(config="Phi3", seed=310, head="causal", tie_word_embeddings=True, sliding_window=25, lengths=EDGE,
                             original_max_position_embeddings=64, rope_parameters=longrope(
                                 8, rope_theta=10000.0, attention_factor=1.2), rms_norm_eps=1e-3),
    "olmo2-causal": dict(config="Olmo2", seed=311, head="causal", attention_bias=True, tie_word_embeddings=True,
                         num_key_value_heads=1, rope_parameters=YARN),
    "olmo3": dict(config="Olmo3", seed=312, num_hidden_layers=4, sliding_window=20, rope_parameters={
        "full_attention": YARN | {"rope_theta": 500000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 500000.0}}, patch=layers4()),
    "stablelm": dict(config="StableLm", seed=313, num_attention_heads=2, num_key_value_heads=2, use_qkv_bias=True),
    "stablelm-causal-12b": dict(config="StableLm", seed=314, head="causal", head_dim=None, num_attention_heads=4,
                                qk_layernorm=True, use_parallel_residual=True, rope_parameters={
                                    "rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5}),
    "gpt-neox-sequential": dict(config="GPTNeoX", seed=315, attention_bias=False, use_parallel_residual=False, hidden_act="gelu_new",
                                num_attention_heads=2, lengths=EDGE, max_position_embeddings=64, rope_parameters={
                                    "rope_type": "dynamic", "factor": 2.0, "rope_theta": 500.0, "partial_rotary_factor": 1.0}),
    "gpt-neox-causal-buffers": dict(config="GPTNeoX", seed=316, head="causal", tie_word_embeddings=False,
                                    patch=edit_tensors(neox_buffers)),
    "cohere-causal": dict(config="Cohere", seed=317, head="causal", use_qk_norm=True, logit_scale=0.5, layer_norm_eps=1e-3,
                          tie_word_embeddings=True),
    "cohere2-causal": dict(config="Cohere2", seed=318, head="causal", attention_bias=True, sliding_window=20, tie_word_embeddings=True,
                           layer_types=["sliding_attention", "full_attention"]),
    "granite-causal": dict(config="Granite", seed=319, head="causal", embedding_multiplier=3.0, attention_multiplier=0.2,
                           residual_multiplier=0.4, logits_scaling=2.5, tie_word_embeddings=True, mlp_bias=True),
    "ministral": dict(config="Ministral", seed=320, head_dim=12, sliding_window=20, layer_types=["sliding_attention", "full_attention"]),
    "smollm3": dict(config="SmolLM3", seed=321, no_rope_layer_interval=2, use_sliding_window=True, sliding_window=20),
    "starcoder2": dict(config="Starcoder2", seed=322, sliding_window=30),
    "starcoder2-causal-no-bias": dict(config="Starcoder2", seed=323, head="causal", use_bias=False, hidden_act="gelu",
                                      tie_word_embeddings=True, norm_epsilon=1e-3),
    "phi": dict(config="Phi", seed=324, num_key_value_heads=4),
    "phi-causal": dict(config="Phi", seed=325, head="causal", qk_layernorm=True),
    "olmo": dict(config="Olmo", seed=330, clip_qkv=1.5),
    "olmo-causal": dict(config="Olmo", seed=331, head="causal", attention_bias=True, tie_word_embeddings=True, num_key_value_heads=1,
                        patch=edit_tensors(small_embedding)),
    "hf-olmo-causal": dict(config="Olmo", seed=332, head="causal", clip_qkv=1.0, num_key_value_heads=4, after=hf_olmo),
    "hf-olmo-causal-tied": dict(config="Olmo", seed=333, head="causal", tie_word_embeddings=True, dtype=torch.bfloat16,
                                patch=edit_tensors(small_embedding), after=hf_olmo),
    "olmoe-causal-clipped": dict(config="Olmoe", seed=334, head="causal", num_experts=6, num_experts_per_tok=2, intermediate_size=16, clip_qkv=0.8),
    "minicpm": dict(config="Llama", seed=335, after=minicpm),
    "minicpm-causal": dict(config="Granite", seed=336, head="causal", embedding_multiplier=12.0, attention_multiplier=8 ** -0.5,
                           residual_multiplier=1.4 / 2 ** 0.5, logits_scaling=4.0, tie_word_embeddings=True,
                           patch=edit_tensors(small_embedding), after=minicpm),
    "modernbert-layout4": dict(config="ModernBert", seed=326, num_hidden_layers=2, patch=edit_config(modernbert4)),
    "modernbert-dynamic": dict(config="ModernBert", seed=327, num_hidden_layers=2, lengths=EDGE, max_position_embeddings=64,
                               local_attention=20, rope_parameters={
                                   "full_attention": {"rope_type": "dynamic", "factor": 3.0, "rope_theta": 900.0},
                                   "sliding_attention": longrope(8, original_max_position_embeddings=60, factor=4.0)}),
}
# Besides a config's own keys: `seed` (else the place in the table), `head`, `dtype`, `shard`; `lengths`; `masked`: the first token
# of half of the cases is masked, as that of a double BOS; `types`: the second half of a text has token type 1; `pads`: pad tokens
# inside the text; `patch`: changes the files before they are read, `after`: afterwards.
OPTIONS = ("config", "head", "dtype", "shard", "patch", "after", "seed", "lengths", "masked", "types", "pads")
OTHER_BASES = {
    "GPT2": dict(n_embd=32, n_layer=3, n_head=4, n_positions=256),
    "OPT": dict(hidden_size=32, ffn_dim=48, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=256),
    "Falcon": dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=256),
    "DistilBert": dict(dim=32, hidden_dim=48, n_layers=2, n_heads=4, max_position_embeddings=256),
}
ENCODER = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=256)
ENCODERS = ("Bert", "XLMRoberta", "Electra", "Albert", "DistilBert", "Camembert", "Deberta", "DebertaV2", "ModernBert")


def config_of(options):
    kind, head = options["config"], options.get("head", "score")
    if kind == "Gemma3":
        base = dict(text_config=options["text"], vision_config=options["vision"], mm_tokens_per_image=4)
        return transformers.Gemma3Config(**base, **({"num_labels": 1} if head == "score" else {}))
    tokens = dict(vocab_size=VOCAB, pad_token_id=0, bos_token_id=1, eos_token_id=2)
    if kind in ENCODERS:
        tokens = dict(vocab_size=VOCAB) if kind == "DistilBert" else dict(vocab_size=VOCAB, pad_token_id=0)
    base = (tokens | OTHER_BASES.get(kind, ENCODER)) if kind in OTHER_BASES or kind in ENCODERS else dict(ROTARY)
    if head == "score":
        base |= dict(num_labels=1)
    own = {key: value for key, value in options.items() if key not in OPTIONS}
    return getattr(transformers, f"{kind}Config")(**(base | own))


def randomise(model, seed):
    """Weights with an effect: norms and biases away from 1 and 0, projections at about unit gain."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() == 1:
            parameter.data = 0.2 * noise + (0.0 if "bias" in name else 1.0)
        else:
            inputs = parameter[0].numel() if "conv." in name else parameter.shape[-1]
            parameter.data = noise * (1.0 if "embed" in name or "wte" in name else 1.3 / inputs ** 0.5)


def attention_of(options):
    """Falcon's eager attention of transformers 5 adds ALiBi twice, its own default once, as the model was trained."""
    return "sdpa" if options.get("alibi") else "eager"


def sequences(vocab, seed, lengths):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda n: torch.randint(3, vocab, (n,), generator=generator).tolist()
    prefix = draw(PREFIX)
    return [(prefix + draw(n - PREFIX)) if n > PREFIX else prefix[:n - 1] + draw(1) for n in lengths]


def with_pads(ids, pad):
    """A pad token inside the text and one at its end, which RoBERTa's positions pass over."""
    return ids[:2] + [pad] + ids[2:] + [pad]


def main(out, wanted):
    for place, (name, options) in enumerate(CASES.items()):
        if wanted and name not in wanted:
            continue
        seed = options.get("seed", place)
        encoder = options["config"] in ENCODERS
        causal = options.get("head") == "causal"
        auto = AutoModelForCausalLM if causal else AutoModelForSequenceClassification
        folder = out / name
        model = auto.from_config(config_of(options))
        randomise(model, seed)
        if causal and model.config.get_text_config().tie_word_embeddings:
            model.tie_weights()
        model.to(options.get("dtype", torch.float32)).save_pretrained(folder, max_shard_size=options.get("shard", "1GB"))
        (folder / "generation_config.json").unlink(missing_ok=True)
        if "patch" in options:
            options["patch"](folder)
        load = lambda: auto.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention_of(options)).eval()
        cases = []
        vocab = model.config.get_text_config().vocab_size
        with torch.inference_mode():
            for i, ids in enumerate(sequences(vocab, 100 + seed, options.get("lengths", LENGTHS))):
                model = load()  # a dynamic rope remembers the longest sequence before
                if options.get("pads"):
                    ids = with_pads(ids, model.config.pad_token_id)
                x = torch.tensor([ids])
                types = [int(t >= len(ids) // 2) for t in range(len(ids))]
                typed = {"token_type_ids": torch.tensor([types])} if options.get("types") else {}
                masked = options.get("masked", False) and i % 2 == 1
                # every token counts, pad tokens inside a text too
                mask = torch.ones_like(x)
                mask[0, 0] = 0 if masked else 1
                logits = model(x, attention_mask=mask, **typed).logits
                if causal:
                    start = max(1, len(ids) // 3)
                    logps = torch.log_softmax(logits[0, :-1].float(), -1)
                    picked = logps.gather(1, x[0, 1:, None])[:, 0].tolist()[start - 1:]
                    cases.append({"id": f"length-{len(ids)}", "template": {
                        "input_ids": ids, "n_prompt_tokens": start, "policy_logps": picked}})
                elif encoder:
                    case = {"id": f"length-{len(ids)}", "input_ids": ids, "scores": logits[0].tolist()}
                    cases.append(case | ({"token_type_ids": types} if typed else {}))
                else:
                    cases.append({"id": f"length-{len(ids)}", "input_ids": ids, "scores": logits[0].tolist(),
                                  "read_index": len(ids) - 1} | ({"double_bos": True} if masked else {}))
        advice = {"per_token_atol": 1e-4} if causal else {"atol": 2e-5, "rtol": 1e-5}
        golden = {"kind": "causal-lm" if causal else "sequence-classification", "tolerance_advice": advice,
                  "versions": {"torch": torch.__version__, "transformers": transformers.__version__}, "cases": cases}
        (folder / "golden.json").write_text(json.dumps(golden))
        if "after" in options:
            options["after"](folder)
        print(name, [round(c["scores"][0], 3) if "scores" in c else round(sum(c["template"]["policy_logps"]), 2) for c in cases])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
