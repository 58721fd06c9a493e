"""A stored network as an ONNX graph: b [count, m] → x [count, n]."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR = 17, 10


class Graph:
    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, value, kind=np.float32):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, kind), name))
        return name

    def add(self, kind, *inputs, **attributes):
        name = f"value{len(self.nodes)}"
        outputs = [name, name + "_indices"] if kind == "TopK" else [name]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return name


def shrink(graph, v, theta):
    """v − clip(v, −θ, θ): two passes, where the runtime's operator Shrink is slower. A θ below 0, which training can lead to, grows."""
    if theta < 0:
        return graph.add("Sub", v, graph.add("Mul", graph.add("Sign", v), graph.constant(theta)))
    return graph.add("Sub", v, graph.add("Clip", v, graph.constant(-theta), graph.constant(theta)))


def select(graph, v, theta, selected):
    """The `selected` largest entries of each row pass unshrunk, and all that tie with the least of them."""
    shrunk = shrink(graph, v, theta)
    if theta <= 0 or selected == 0:
        return shrunk
    magnitude = graph.add("Abs", v)
    largest = graph.add("TopK", magnitude, graph.constant([selected], np.int64))
    cutoff = graph.add("Gather", largest, graph.constant([selected - 1], np.int64), axis=1)
    passes = graph.add("And", graph.add("Greater", magnitude, graph.constant(theta)), graph.add("GreaterOrEqual", magnitude, cutoff))
    return graph.add("Where", passes, v, shrunk)


def mix(graph, network, layer, outputs):
    """(operand, factor) of the layer's product: the one origin and its coefficient, or the sum of several."""
    origins = network.origins(layer)
    coefficient = lambda i: float(network.coefficient[layer - 1, i - 1])
    if len(origins) == 1:
        return outputs[origins[0] - 1], coefficient(origins[0])
    terms = [graph.add("Mul", outputs[i - 1], graph.constant(coefficient(i))) for i in origins]
    mixed = terms[0]
    for term in terms[1:]:
        mixed = graph.add("Add", mixed, term)
    return mixed, 1.0


def build(network):
    """The serialised model."""
    network.need_soft_thresholds()
    graph = Graph()
    n, m = network.w_b.shape
    side = graph.add("MatMul", "b", graph.constant(network.w_b.T / network.scale))
    w_xt = graph.constant(network.w_x.T)
    outputs = [select(graph, side, network.theta[0], network.selected[0])]
    for layer in range(2, network.layers + 1):
        operand, factor = mix(graph, network, layer, outputs)
        v = graph.add("Gemm", operand, w_xt, side, alpha=factor)
        outputs.append(select(graph, v, network.theta[layer - 1], network.selected[layer - 1]))
    graph.nodes.append(helper.make_node("Mul", [outputs[-1], graph.constant(network.scale)], ["x"]))
    tensor = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["count", width])
    model = helper.make_model(helper.make_graph(graph.nodes, "network", [tensor("b", m)], [tensor("x", n)], graph.constants),
                              opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    return model.SerializeToString()
