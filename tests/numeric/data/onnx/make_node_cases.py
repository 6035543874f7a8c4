"""Packs ONNX's own conformance cases of single operators, and what they must give, into one file.

python make_node_cases.py node_cases.safetensors      (needs the Python packages onnx and safetensors)

Per case: NAME/model (the file's bytes), NAME/input:x and NAME/output:y. Integer inputs that only say
shapes, axes and the like become initializers, as exporters write them.
"""
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases
from safetensors.numpy import save_file

FAMILIES = """Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift Cast CastLike Ceil
Celu Clip Concat ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div
DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu
Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish If
InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop
LpNormalization MatMul Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow
QuantizeLinear RMSNormalization RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round Scan ScatterElements ScatterND
Selu Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish
Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor""".split()
# What an operator reads as numbers of shapes and places rather than as data.
SETTINGS = {"Reshape": [1], "Expand": [1], "Tile": [1], "Slice": [1, 2, 3, 4], "Pad": [1, 2, 3], "Squeeze": [1],
            "Unsqueeze": [1], "Split": [1], "Resize": [1, 2, 3], "TopK": [1], "OneHot": [1], "CumSum": [1],
            "Trilu": [1], "Range": [0, 1, 2], "Clip": [1, 2], "ConstantOfShape": [0], "Loop": [0, 1], "If": [0]}
SETTINGS.update({op: [1] for op in FAMILIES if op.startswith("Reduce")})
DTYPES = {np.dtype(t) for t in ("float32", "float64", "int32", "int64", "bool", "uint8", "int8", "int16", "uint16",
                                "uint32", "uint64", "float16")}


# Expanded cases spell an operator out in others.
ALL = [c for c in collect_testcases() if c.model is not None and len(c.model.graph.node) == 1]


def cases():
    for op in FAMILIES:
        seen = 0
        for case in [c for c in ALL if c.model.graph.node[0].op_type == op]:
            model = case.model
            if not case.data_sets:
                continue
            # Later versions of these operators only take more element types.
            model.opset_import[0].version = min(model.opset_import[0].version, 21)
            node = model.graph.node[0]
            inputs, outputs = case.data_sets[0]
            arrays = [a for a in (*inputs, *outputs)]
            if not all(isinstance(a, np.ndarray) and a.dtype in DTYPES and a.size < 20000 for a in arrays):
                continue
            names = [i.name for i in model.graph.input]
            settings = {node.input[k] for k in SETTINGS.get(op, []) if k < len(node.input)}
            kept = {}
            for name, array in zip(names, inputs):
                if name in settings:
                    model.graph.initializer.append(numpy_helper.from_array(array, name))
                else:
                    kept[name] = array
            for value in [v for v in model.graph.input if v.name in settings]:
                model.graph.input.remove(value)
            yield case.name, model, kept, dict(zip([o.name for o in model.graph.output], outputs))
            seen += 1
        if seen == 0:
            print("no case of", op, file=sys.stderr)


tensors = {}
for name, model, inputs, outputs in cases():
    tensors[f"{name}/model"] = np.frombuffer(model.SerializeToString(), np.uint8)
    tensors.update({f"{name}/input:{n}": np.array(a, order="C", copy=True) for n, a in inputs.items()})
    tensors.update({f"{name}/output:{n}": np.array(a, order="C", copy=True) for n, a in outputs.items()})
save_file(tensors, sys.argv[1])
print(sum(n.endswith("/model") for n in tensors), "cases")
