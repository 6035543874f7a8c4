"""What one step of Adam must leave behind, from the gradients that JAX computed for the model itself."""
import numpy as np

LEARNING_RATE, BETA1 = 1e-3, 0.9


def part_of(whole, name):
    """The part "w[0:64]" of a tensor: along its last dimension."""
    if "[" not in name:
        return whole
    begin, end = (int(n) for n in name[name.index("[") + 1:name.index("]")].split(":"))
    return whole[..., begin:end]


def check_step(parameters, moments, reference, tolerance):
    """Compares updated parameters and first moments (by the plan's names: "fc.kernel", "qkv.kernel[0:64]") with
    param:* and grad:* of the reference. Returns how many tensors agree; raises an AssertionError that names the first
    that does not."""
    checked = 0
    for name, value in parameters.items():
        whole = name.split("[")[0]
        if "grad:" + whole not in reference:
            continue
        gradient = np.asarray(part_of(reference["grad:" + whole], name), np.float64)
        before = np.asarray(part_of(reference["param:" + whole], name), np.float64)
        # Of the whole projection: the gradient of a key's bias is nothing but rounding.
        scale = max(np.abs(np.asarray(reference["grad:" + whole], np.float64)).max(), 1e-12)
        moment = np.asarray(moments[name], np.float64).reshape(gradient.shape)
        off = np.abs(moment / (1 - BETA1) - gradient).max() / scale
        assert off <= tolerance, f"{name}: gradient differs by {off:.2g} of its largest"
        # The first step of Adam is a sign for all but tiny gradients, whose sign rounding decides.
        expected = before - LEARNING_RATE * gradient / (np.abs(gradient) + 1e-8)
        is_clear = np.abs(gradient) > 20 * tolerance * scale
        value = np.asarray(value, np.float64).reshape(gradient.shape)
        assert np.abs(value - expected)[is_clear].max(initial=0) <= 0.02 * LEARNING_RATE + 1e-7, f"{name}: update differs"
        assert np.abs(value - before).max() <= 1.02 * LEARNING_RATE + 1e-7, f"{name}: moved too far"
        checked += 1
    assert checked == len(parameters), f"the reference has gradients of {checked} of {len(parameters)} tensors"
    return checked


def read_safetensors(path):
    import json
    import ml_dtypes
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    names = {"F32": np.float32, "BF16": ml_dtypes.bfloat16, "F16": np.float16, "I32": np.int32, "I64": np.int64}
    return {name: np.frombuffer(data[8 + size + e["data_offsets"][0]:8 + size + e["data_offsets"][1]],
                                names[e["dtype"]]).reshape(e["shape"])
            for name, e in json.loads(data[8:8 + size]).items() if name != "__metadata__"}
