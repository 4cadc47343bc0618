# /// script
# requires-python = ">=3.11"
# dependencies = ["fschat==0.2.36"]
# ///
"""Texts of FastChat's own conversation templates, and of RewardBench's three, for the built-in chat templates.

Run by hand: `uv run --no-project scripts/oracles/text-fastchat.py` (only fastchat/conversation.py is loaded, nothing it
depends on). Writes test/data/templates/fastchat.json. RewardBench's registrations are those of rewardbench/conversation.py.
"""

import importlib.util
import itertools
import json
import sys
from importlib.metadata import distribution
from pathlib import Path

path = Path(distribution("fschat").locate_file("fastchat/conversation.py"))
spec = importlib.util.spec_from_file_location("conversation", path)
conversation = importlib.util.module_from_spec(spec)
sys.modules["conversation"] = conversation
spec.loader.exec_module(conversation)
Conversation, Style = conversation.Conversation, conversation.SeparatorStyle

for template in [
    Conversation(name="pku-align", system_message="BEGINNING OF CONVERSATION:", roles=("USER", "ASSISTANT"),
                 sep_style=Style.ADD_COLON_SPACE_SINGLE, sep=" "),
    Conversation(name="openbmb", system_message="", roles=("User: ", "Assistant: "), sep_style=Style.NO_COLON_SINGLE, sep="\n\n"),
    Conversation(name="Ziya", roles=("Human", "Assistant"), sep_style=Style.ADD_COLON_SPACE_SINGLE, sep="\n\n"),
]:
    conversation.register_conv_template(template)

NAMES = ["raw", "tulu", "oasst_pythia", "oasst_llama", "openbmb", "pku-align", "Ziya", "llama-2", "mistral", "Yi-34b-chat",
         "zephyr", "Robin", "vicuna_v1.1"]
CONVERSATIONS = [
    ["Name CCO."], ["Name CCO.", "ethanol"], ["Name CCO.", ""], ["a", "b", "c"], ["a", "b", "c", "d"],
    [" padded \n", "\n\nanswer 'quoted' \"twice\" \\n \\\\ {{ x }} {% raw %}"], ["\u03b2", "\u82ef \U0001f9ea"], ["", "b"],
]
SYSTEMS = [None, "Be brief.", "line\nline"]

cases = []
for name, system, contents, pending in itertools.product(NAMES, SYSTEMS, CONVERSATIONS, [False, True]):
    if pending and len(contents) % 2 == 0:
        continue
    template = conversation.get_conv_template(name)
    if system is not None:
        template.set_system_message(system)
    template.messages = [[template.roles[i % 2], content] for i, content in enumerate(contents)]
    if pending:
        template.messages.append([template.roles[1], None])
    cases.append({"name": name, "system": system, "contents": contents, "add_generation_prompt": pending, "text": template.get_prompt()})

out = Path(__file__).resolve().parents[2] / "test" / "data" / "templates" / "fastchat.json"
out.write_text(json.dumps({"versions": {"fschat": "0.2.36"}, "cases": cases}, ensure_ascii=True, indent=0) + "\n")
print(len(cases))
