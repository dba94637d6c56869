import Checkpoints

/// Batch normalisations whose statistics are as they begin: all means 0 and all variances 1.
enum UntrainedStatistics {
  static func warning(normalisations: Int) -> String {
    "batch statistics were never computed: all running means are 0 and all variances 1, as before training, in "
      + "\(normalisations) batch normalisation\(normalisations == 1 ? "" : "s"); a network trained with other ones gives wrong numbers"
  }

  /// The same for a graph, where exporters left its batch normalisations as nodes. Nil where one has other statistics.
  static func warning(of graph: ONNXGraph) -> String? {
    let nodes = graph.nodes.filter { $0.operation == "BatchNormalization" && $0.domain.isEmpty }
    func holds(_ node: ONNXNode, _ input: Int, _ start: Float) -> Bool {
      guard input < node.inputs.count, let tensor = graph.initializers[node.inputs[input]], tensor.shape.count == 1
      else { return false }
      return (try? tensor.floats())?.allSatisfy { $0 == start } ?? false
    }
    guard !nodes.isEmpty, nodes.allSatisfy({ holds($0, 3, 0) && holds($0, 4, 1) }) else { return nil }
    return warning(normalisations: nodes.count)
  }
}
