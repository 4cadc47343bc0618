"""RewardBench 0.1.4's own command on a CPU without network: rewardbench-cpu.py ARGUMENTS OF rewardbench …

Its code is unmodified but for what a CPU makes necessary: its pipeline moves every batch to "cuda", and it asks for 8-bit weights
of bitsandbytes for DPO whatever --not_quantized says; and a tokenizer without a class of its own gives token types, which a Llama
refuses. OMP_NUM_THREADS sets the threads.
"""

import os
import sys

import torch
import transformers

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

move = transformers.BatchEncoding.to
transformers.BatchEncoding.to = lambda self, device, **more: move(
    self, "cpu" if str(device).startswith("cuda") else device, **more)

load = transformers.AutoModelForCausalLM.from_pretrained.__func__
transformers.AutoModelForCausalLM.from_pretrained = classmethod(
    lambda cls, *args, **more: load(cls, *args, **{name: value for name, value in more.items() if name != "load_in_8bit"}))

transformers.PreTrainedTokenizerFast.model_input_names = ["input_ids", "attention_mask"]

from rewardbench.rewardbench import main  # noqa: E402

sys.argv = ["rewardbench", *sys.argv[1:]]
main()
