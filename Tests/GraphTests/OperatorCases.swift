import Tensor

@testable import Graph

extension Fixtures.OperatorCase {
  private func list(_ name: String) -> [Int] { (attributes[name] ?? []).map { Int($0) } }
  private func integer(_ name: String) -> Int { list(name).first ?? 0 }
  private func pair(_ name: String) -> (Int, Int) { (list(name)[0], list(name)[1]) }
  private func number(_ name: String) -> Float { Float(attributes[name]?.first ?? 0) }
  private func flag(_ name: String) -> Bool { number(name) != 0 }

  private var geometry: ConvolutionGeometry {
    let padding = list("padding")
    return ConvolutionGeometry(
      stride: pair("stride"), padding: (padding[0], padding[1], padding[2], padding[3]), dilation: pair("dilation"),
      groups: max(1, integer("groups")))
  }

  private var window: PoolingWindow {
    PoolingWindow(height: pair("window").0, width: pair("window").1, geometry: geometry, ceil: flag("ceil"))
  }

  /// Appends the case's operator, or the builder that is composed of several.
  func build(_ graph: inout Graph, _ x: [Graph.Value]) throws(GraphError) -> Graph.Value {
    switch `operator` {
    case "conv2d": try graph.conv2d(x[0], x[1], geometry)
    case "transposed-conv2d":
      try graph.transposedConv2d(x[0], x[1], geometry, outputPadding: pair("outputPadding"))
    case "max-pool2d": try graph.maxPool2d(x[0], window)
    case "average-pool2d": try graph.averagePool2d(x[0], window, includesPadding: flag("includesPadding"))
    case "global-average-pool": try graph.globalAveragePool(x[0])
    case "upsample-nearest": try graph.upsampleNearest(x[0], factor: integer("factor"))
    case "negate": try graph.negate(x[0])
    case "exp": try graph.exp(x[0])
    case "log": try graph.log(x[0])
    case "sqrt": try graph.squareRoot(x[0])
    case "abs": try graph.absoluteValue(x[0])
    case "tanh": try graph.tanh(x[0])
    case "sigmoid": try graph.sigmoid(x[0])
    case "silu": try graph.silu(x[0])
    case "erf": try graph.erf(x[0])
    case "stop-gradient": try graph.stopGradient(x[0])
    case "relu": try graph.relu(x[0], slope: number("slope"))
    case "softplus": try graph.softplus(x[0], beta: number("beta"))
    case "gelu": try graph.gelu(x[0], tanhApproximation: flag("tanh"))
    case "clip": try graph.clip(x[0], lower: number("lower"), upper: number("upper"))
    case "add": try graph.add(x[0], x[1])
    case "subtract": try graph.subtract(x[0], x[1])
    case "multiply": try graph.multiply(x[0], x[1])
    case "divide": try graph.divide(x[0], x[1])
    case "gate": try graph.apply(Gate(slope: number("slope")), x)
    case "greater": try graph.apply(Greater(), x)
    case "sum": try graph.sum(x[0], axes: list("axes"))
    case "mean": try graph.mean(x[0], axes: list("axes"))
    case "maximum": try graph.maximum(x[0], axes: list("axes"))
    case "softmax": try graph.softmax(x[0])
    case "log-softmax": try graph.logSoftmax(x[0])
    case "batch-norm":
      try graph.batchNorm(x[0], scale: x[1], shift: x[2], mean: x[3], variance: x[4], epsilon: number("epsilon"))
    case "batch-norm-training":
      try graph.batchNormTraining(x[0], scale: x[1], shift: x[2], epsilon: number("epsilon")).output
    case "group-norm":
      try graph.groupNorm(x[0], groups: integer("groups"), scale: x[1], shift: x[2], epsilon: number("epsilon"))
    case "layer-norm":
      try graph.layerNorm(x[0], axes: integer("axes"), scale: x[1], shift: x[2], epsilon: number("epsilon"))
    case "matmul": try graph.matmul(x[0], x[1])
    case "linear": try graph.linear(x[0], x[1], bias: x[2])
    case "transpose": try graph.transpose(x[0], list("permutation"))
    case "reshape": try graph.reshape(x[0], to: Shape(list("shape")))
    case "flatten": try graph.flatten(x[0])
    case "broadcast": try graph.broadcast(x[0], to: Shape(list("shape")))
    case "slice":
      try graph.slice(
        x[0], axis: integer("axis"), start: integer("start"), count: integer("count"), step: integer("step"))
    case "pad":
      try graph.apply(
        Pad(low: list("low"), high: list("high"), interior: list("interior"), value: number("value")), x)
    case "concatenate": try graph.concatenate(x, axis: integer("axis"))
    default: throw .shape(operation: `operator`, inputs: [], reason: "the test does not know this operator")
    }
  }
}
