import Graph
import Tensor

extension ONNXOperators {
  /// The domain of the operators that scikit-learn's converter writes.
  static let machineLearningDomain = "ai.onnx.ml"

  /// Its operators of linear classifiers and of what stands before and behind them.
  static let machineLearning: [String: ONNXOperator] = {
    let operators: [ONNXOperator] = [
      .real("Scaler") { node, graph in
        // (x - offset) scale, one number for all features or one for each.
        let x = try node.value(0, &graph)
        let (offset, scale) = (try node.floats("offset") ?? [0], try node.floats("scale") ?? [1])
        guard let features = graph.shape(of: x).dimensions.last,
          [offset, scale].allSatisfy({ $0.count == 1 || $0.count == features })
        else {
          throw node.failure("\(offset.count) offsets and \(scale.count) scales do not fit \(graph.shape(of: x))")
        }
        let centred = try graph.subtract(x, graph.constant(Tensor(shape: [offset.count], scalars: offset)))
        return try graph.multiply(centred, graph.constant(Tensor(shape: [scale.count], scalars: scale)))
      },
      .real("Normalizer") { node, graph in
        let x = try node.value(0, &graph)
        let shape = graph.shape(of: x)
        guard shape.rank >= 1 else { throw node.failure("needs at least one axis") }
        let axes = [shape.rank - 1]
        let size: Graph.Value
        switch try node.string("norm", "MAX") {
        case "MAX": size = try graph.maximum(x, axes: axes)
        case "L1": size = try graph.sum(graph.absoluteValue(x), axes: axes)
        case "L2": size = try graph.norm(x, axes: axes)
        case let other: throw node.failure("the norm `\(other)` is unknown")
        }
        // Zeros stay zeros.
        let isZero = try graph.equal(size, graph.constant(0))
        return try graph.divide(x, graph.select(isZero, graph.constant(1), size))
      },
      ONNXOperator("LinearClassifier", linearClassifier),
      // Names of classes beside their numbers, of which the numbers stay.
      .movement("ZipMap") { try $0.value(0, &$1) },
    ]
    return Dictionary(uniqueKeysWithValues: operators.map { ($0.name, $0) })
  }()

  /// Outputs: the label, and scores [N, K].
  @Sendable private static func linearClassifier(_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue] {
    let x = try node.value(0, &graph)
    let shape = graph.shape(of: x)
    let coefficients = try node.floats("coefficients") ?? []
    guard shape.rank == 2, shape[1] >= 1, !coefficients.isEmpty, coefficients.count % shape[1] == 0,
      coefficients.allSatisfy({ !$0.isNaN })
    else { throw node.failure("\(coefficients.count) coefficients do not fit \(shape), expected [N, features]") }
    let classes = coefficients.count / shape[1]
    guard classes >= 2 else {
      throw node.failure("has one score for two classes; export the model with one for each")
    }
    let intercepts = try node.floats("intercepts") ?? [Float](repeating: 0, count: classes)
    guard intercepts.count == classes else {
      throw node.failure("has \(intercepts.count) intercepts for \(classes) classes")
    }
    let weights = Tensor(shape: [classes, shape[1]], scalars: coefficients)
    var scores = try graph.linear(
      x, graph.constant(weights), bias: graph.constant(Tensor(shape: [classes], scalars: intercepts)))
    switch try node.string("post_transform", "NONE") {
    case "NONE": break
    case "SOFTMAX": scores = try graph.softmax(scores)
    case "LOGISTIC": scores = try graph.sigmoid(scores)
    case let other: throw node.failure("the post_transform `\(other)` is not supported")
    }
    let place = try largest(scores, count: 1, axis: 1, smallest: false, node, &graph).places
    var label = try graph.reshape(place, to: [shape[0]])
    if let labels = try node.ints("classlabels_ints") {
      guard labels.count == classes, labels.allSatisfy({ abs($0.clamped(1 << 31)) < 1 << 24 }) else {
        throw node.failure("\(labels.count) labels do not fit \(classes) classes, or are not below 2^24")
      }
      let numbers = graph.constant(Tensor(shape: [classes], scalars: (0..<classes).map { Float($0) }))
      let chosen = try graph.equal(place, numbers)
      let values = graph.constant(Tensor(shape: [classes], scalars: labels.map { Float($0) }))
      label = try graph.reshape(graph.sum(graph.multiply(chosen, values), axes: [1]), to: [shape[0]])
    }
    return [.graph(label, .integer), .real(scores)]
  }
}
