# /// script
# requires-python = ">=3.11"
# dependencies = ["onnx==1.23.2"]
# ///
"""ONNX's own checker on graphs that were written to files: python onnx_check.py MODEL.onnx …

Operators of ai.onnx are checked against their schemas with shape inference in strict mode; those of com.microsoft, which ONNX does not
know, are skipped as custom operators, and so is SimplifiedLayerNormalization, which ONNX Runtime keeps in ONNX's domain without its being
there. The weights' files lie beside the graph. Exit code 1 where a graph is not valid.
"""

import os
import sys

import onnx

failed = False
for path in sys.argv[1:]:
    try:
        model = onnx.load(path, load_external_data=False)
        for node in model.graph.node:
            if node.op_type == "SimplifiedLayerNormalization":
                node.domain = "com.microsoft"
        changed = path + ".checked"
        onnx.save(model, changed)
        try:
            onnx.checker.check_model(changed, full_check=True)
        finally:
            os.remove(changed)
        nodes = {node.op_type for node in model.graph.node}
        print(f"{path}: valid; {', '.join(sorted(nodes))}")
    except Exception as error:
        failed = True
        print(f"{path}: {error}")
print(f"onnx {onnx.__version__}")
sys.exit(1 if failed else 0)
