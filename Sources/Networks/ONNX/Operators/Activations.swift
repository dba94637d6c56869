import Graph
import Tensor

extension ONNXOperators {
  static let activations: [ONNXOperator] = [
    .real("Relu") { try $1.relu($0.value(0, &$1)) },
    .real("LeakyRelu") { try $1.relu($0.value(0, &$1), slope: $0.float("alpha", 0.01)) },
    .real("Sigmoid") { try $1.sigmoid($0.value(0, &$1)) },
    .real("Tanh") { try $1.tanh($0.value(0, &$1)) },
    .real("Softplus") { try $1.softplus($0.value(0, &$1)) },
    .real("Elu") { try $1.elu($0.value(0, &$1), alpha: $0.float("alpha", 1)) },
    .real("Selu") {
      try $1.elu(
        $0.value(0, &$1), alpha: $0.float("alpha", 1.673_263_2), scale: $0.float("gamma", 1.050_701))
    },
    .real("Celu", opsets: 12...opsets.upperBound) { node, graph in
      let alpha = try node.float("alpha", 1)
      return try graph.elu(node.value(0, &graph), alpha: alpha, rate: 1 / alpha)
    },
    .real("ThresholdedRelu") {
      try $1.thresholdedReLU($0.value(0, &$1), threshold: $0.float("alpha", 1))
    },
    .real("HardSigmoid") {
      try $1.hardSigmoid($0.value(0, &$1), alpha: $0.float("alpha", 0.2), beta: $0.float("beta", 0.5))
    },
    .real("HardSwish", opsets: 14...opsets.upperBound) { try $1.hardSwish($0.value(0, &$1)) },
    .real("Gelu", opsets: 20...opsets.upperBound) {
      try $1.gelu($0.value(0, &$1), tanhApproximation: $0.string("approximate", "none") == "tanh")
    },
    .real("Swish", opsets: 24...opsets.upperBound) { node, graph in
      try swish(node.value(0, &graph), alpha: node.float("alpha", 1), &graph)
    },
    .real("SwiGLU", opsets: 28...opsets.upperBound) { node, graph in
      // The gate and what it lets through.
      let (gate, x) = (try node.value(0, &graph), try node.value(1, &graph))
      guard graph.shape(of: gate) == graph.shape(of: x) else {
        throw node.failure("the gate has shape \(graph.shape(of: gate)), expected \(graph.shape(of: x))")
      }
      return try graph.multiply(swish(gate, alpha: node.float("alpha", 1), &graph), x)
    },
    .real("Mish", opsets: 18...opsets.upperBound) { try $1.mish($0.value(0, &$1)) },
    .real("Softsign") { try $1.softsign($0.value(0, &$1)) },
    .real("PRelu") { try $1.prelu($0.value(0, &$1), slope: $0.value(1, &$1)) },
    .real("Shrink", opsets: 9...opsets.upperBound) {
      try $1.shrink($0.value(0, &$1), threshold: $0.float("lambd", 0.5), bias: $0.float("bias", 0))
    },
    .real("Softmax") { try softmax($0, &$1) { try $0.softmax($1) } },
    .real("LogSoftmax") { try softmax($0, &$1) { try $0.logSoftmax($1) } },
    // Only training draws from it.
    ONNXOperator("Dropout", integers: .moves(data: [0])) { node, graph in
      if node.opset >= 12, node.has(2), try node.floats(2, graph).contains(where: { $0 != 0 }) {
        throw node.failure("is in training mode; export the model after model.eval()")
      }
      let x = try node.input(0)
      guard node.outputCount > 1 else { return [x] }
      let shape = x.shape(in: graph)
      guard shape.count < 1 << 24 else { throw node.failure("makes a mask of \(shape.count) elements") }
      let ones = [Int](repeating: 1, count: shape.count)
      return [x, .integers(IntegerTensor(shape: shape, values: ones, kind: .boolean))]
    },
  ]

  private static func swish(_ x: Graph.Value, alpha: Float, _ graph: inout Graph) throws -> Graph.Value {
    if alpha == 1 { return try graph.silu(x) }
    return try graph.multiply(x, graph.sigmoid(graph.multiply(x, graph.constant(alpha))))
  }

  /// Over one axis since opset 13; before, over all axes from `axis` on.
  private static func softmax(
    _ node: NodeContext, _ graph: inout Graph, _ rows: (inout Graph, Graph.Value) throws -> Graph.Value
  ) throws -> Graph.Value {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    let axis = try node.axis(node.int("axis", node.opset < 13 ? 1 : -1), rank: shape.rank)
    if node.opset < 13 {
      let (outer, inner) = (shape.dimensions[..<axis].reduce(1, *), shape.dimensions[axis...].reduce(1, *))
      return try graph.reshape(rows(&graph, graph.reshape(x, to: [outer, inner])), to: shape)
    }
    var permutation = Array(0..<shape.rank)
    guard let last = permutation.last else { throw node.failure("needs at least one axis") }
    permutation.swapAt(axis, last)
    return try graph.transpose(rows(&graph, graph.transpose(x, permutation)), permutation)
  }
}
