"""Writes the seeds of fuzz_onnx: small models that together use every part of the format that the reader knows.

    python make_onnx_seeds.py [FOLDER]

Needs onnx. The files are in the repository; this says how they came about."""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def weight(name, *shape):
    return numpy_helper.from_array((np.arange(np.prod(shape)).reshape(shape) % 7 - 3).astype(np.float32), name)


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def value(name, *shape, dtype=FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(name, nodes, inputs, outputs, initializers, opset=17, functions=(), domains=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=8)


def convolutions():
    n = helper.make_node
    return model("convolutions", [
        n("Conv", ["x", "k", "b"], ["c"], "stem", pads=[1, 1, 1, 1], strides=[2, 2]),
        n("BatchNormalization", ["c", "s", "b", "m", "v"], ["d"], "norm", epsilon=1e-5),
        n("Relu", ["d"], ["e"], "relu"),
        n("MaxPool", ["e"], ["f"], "pool", kernel_shape=[2, 2], strides=[1, 1], ceil_mode=1),
        n("Conv", ["f", "g"], ["h"], "grouped", group=2, dilations=[1, 1], auto_pad="SAME_UPPER"),
        n("GlobalAveragePool", ["h"], ["i"], "mean"),
        n("Flatten", ["i"], ["j"], "flat"),
        n("Gemm", ["j", "w", "w.b"], ["y"], "head", transB=1)],
        [value("x", "batch", 3, 8, 8)], [value("y", "batch", 2)],
        [weight("k", 4, 3, 3, 3), weight("b", 4), weight("s", 4), weight("m", 4), weight("v", 4),
         weight("g", 4, 2, 2, 2), weight("w", 2, 4), weight("w.b", 2)])


def attention():
    n = helper.make_node
    return model("attention", [
        n("Gather", ["wte", "tokens"], ["x"], "embed"),
        n("LayerNormalization", ["x", "ln.w", "ln.b"], ["a"], "ln", axis=-1),
        n("MatMul", ["a", "qkv"], ["p"], "qkv"),
        n("Split", ["p", "sizes"], ["q", "k", "v"], "split", axis=-1),
        n("Reshape", ["q", "heads"], ["q4"]), n("Transpose", ["q4"], ["qt"], perm=[0, 2, 1, 3]),
        n("Reshape", ["k", "heads"], ["k4"]), n("Transpose", ["k4"], ["kt"], perm=[0, 2, 3, 1]),
        n("Reshape", ["v", "heads"], ["v4"]), n("Transpose", ["v4"], ["vt"], perm=[0, 2, 1, 3]),
        n("MatMul", ["qt", "kt"], ["s"], "scores"), n("Trilu", ["ones"], ["tri"], upper=0),
        n("Where", ["tri", "s", "low"], ["masked"]), n("Softmax", ["masked"], ["w"], axis=-1),
        n("MatMul", ["w", "vt"], ["o"]), n("Gelu", ["o"], ["y"], approximate="tanh")],
        [value("tokens", "batch", 4, dtype=INT64)], [value("y", "batch", 2, 4, 2)],
        [weight("wte", 11, 4), weight("ln.w", 4), weight("ln.b", 4), weight("qkv", 4, 12), integers("sizes", 4, 4, 4),
         integers("heads", 0, 0, 2, 2), numpy_helper.from_array(np.ones((4, 4), bool), "ones"),
         numpy_helper.from_array(np.array(-1e9, np.float32), "low")], opset=20)


def shapes():
    n = helper.make_node
    return model("shapes", [
        n("Shape", ["x"], ["dims"]), n("Gather", ["dims", "zero"], ["rows"]), n("Concat", ["rows", "minus"], ["to"], axis=0),
        n("Reshape", ["x", "to"], ["r"]), n("Slice", ["r", "zero", "two", "one", "one"], ["s"]),
        n("Unsqueeze", ["s", "zero"], ["u"]), n("Squeeze", ["u", "zero"], ["q"]), n("Expand", ["q", "to2"], ["e"]),
        n("Pad", ["e", "pads"], ["p"], mode="constant"), n("CumSum", ["p", "axis"], ["c"]),
        n("TopK", ["c", "two"], ["t", "ti"], axis=-1), n("ConstantOfShape", ["to2"], ["z"]),
        n("ScatterND", ["z", "at", "row"], ["sc"]), n("Einsum", ["sc", "sc"], ["g"], equation="ij,kj->ik"),
        n("ReduceMean", ["g", "one"], ["m"], keepdims=1), n("Cast", ["m"], ["y"], to=FLOAT)],
        [value("x", "N", 2, 3)], [value("y", 2, 1)],
        [integers("zero", 0), integers("one", 1), integers("two", 2), integers("minus", -1), integers("to2", 2, 2),
         integers("pads", 0, 1, 0, 1), numpy_helper.from_array(np.array(1, np.int64), "axis"),
         integers("at", [0]), weight("row", 1, 2)], opset=18)


def branches():
    n = helper.make_node
    then = helper.make_graph([n("Relu", ["x"], ["yt"])], "then", [], [value("yt", 2, 3)])
    other = helper.make_graph([n("own.Twice", ["x"], ["yo"], domain="own")], "other", [], [value("yo", 2, 3)])
    twice = helper.make_function("own", "Twice", ["a"], ["b"], [n("Add", ["a", "a"], ["b"])],
                                 [helper.make_opsetid("", 17)])
    other.node[0].op_type = "Twice"
    return model("branches", [
        n("Constant", [], ["c"], value=numpy_helper.from_array(np.array(False), "c")),
        n("If", ["c"], ["r"], then_branch=then, else_branch=other),
        n("Resize", ["r", "", "scales"], ["z"], mode="nearest", coordinate_transformation_mode="asymmetric"),
        n("Unknown", ["z"], ["u"], "odd", domain="own"), n("Add", ["z", "u"], ["y"])],
        [value("x", 2, 3)], [value("y", 4, 6)],
        [numpy_helper.from_array(np.array([2, 2], np.float32), "scales")], functions=[twice], domains=["own"])


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx")
    for make in (convolutions, attention, shapes, branches):
        made = make()
        if make is not branches:
            onnx.checker.check_model(made)
        if make is branches:
            made.graph.value_info.append(value("u", 4, 6))
        onnx.save(made, os.path.join(folder, make.__name__ + ".onnx"))


if __name__ == "__main__":
    main()
