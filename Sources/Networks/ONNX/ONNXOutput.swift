import Checkpoints

/// Which output is the classifier's, and which node turns its logits into probabilities.
struct ONNXOutput: Sendable {
  /// The graph of this output alone, without the normalisation at its end.
  let graph: ONNXGraph
  let notes: [String]

  private static let normalisations = ["Softmax", "LogSoftmax", "Sigmoid"]
  /// Nodes that leave numbers as they are.
  private static let transparent = ["Identity", "Flatten", "Reshape", "Squeeze", "Dropout"]

  /// - Throws: `ONNXImportError.outputs` where no output can be logits.
  init(_ model: ONNXModel) throws {
    let graph = model.graph
    let candidates = graph.outputs.indices.filter { index in
      // Strings are no logits; a type that the file does not say may be anything.
      graph.outputs[index].elementType.map { $0.dtype?.isFloatingPoint ?? false } ?? true
    }
    guard
      let index = candidates.first(where: { graph.outputs[$0].shape.map { $0.count == 2 } ?? false })
        ?? candidates.first
    else {
      throw ONNXImportError.outputs(
        file: model.file,
        reason: "the graph has \(graph.outputs.count) outputs, none of real numbers; expected logits [N, K]")
    }
    var notes: [String] = []
    if graph.outputs.count > 1 {
      notes.append(
        "the graph has \(graph.outputs.count) outputs; `\(graph.outputs[index].name)` is taken for the logits")
    }
    // Along the nodes that made the output, from its end.
    var name = graph.outputs[index].name
    var nodes = graph.nodes
    var end = nodes.endIndex
    while let place = nodes[..<end].lastIndex(where: { $0.outputs.first == name || Self.scores($0) == name }),
      let source = nodes[place].inputs.first
    {
      end = place
      let node = nodes[place]
      if Self.scores(node) == name {
        if let plain = Self.withoutTransform(node) {
          nodes[place] = plain
          notes.append("the output is that of a LinearClassifier with a softmax, which was left out")
        }
        break
      }
      // Probabilities that add up to 1 stay what they are.
      if Self.isMachineLearning(node, "Normalizer"), case .string("L1")? = node.attributes["norm"],
        let maker = nodes[..<end].last(where: { Self.scores($0) == source }), Self.withoutTransform(maker) != nil
      {
        nodes[place] = ONNXNode(name: node.name, operation: "Identity", inputs: [source], outputs: node.outputs)
        name = source
        continue
      }
      if Self.isMachineLearning(node, "ZipMap") {
        name = source
        continue
      }
      guard node.domain.isEmpty else { break }
      if Self.normalisations.contains(node.operation) {
        // Over the images it is no distribution over classes.
        if case .int(0)? = node.attributes["axis"] { break }
        nodes[place] = ONNXNode(
          name: node.name, operation: "Identity", inputs: [source], outputs: node.outputs)
        notes.append("the output is that of a \(node.operation), which was left out: the logits are its input")
        break
      }
      guard Self.transparent.contains(node.operation) else { break }
      name = source
    }
    self.graph = ONNXGraph(replacing: graph, nodes: nodes, output: graph.outputs[index])
    self.notes = notes
  }

  private static func isMachineLearning(_ node: ONNXNode, _ operation: String) -> Bool {
    node.domain == ONNXOperators.machineLearningDomain && node.operation == operation
  }

  /// The name of a linear classifier's scores, nil for any other node.
  private static func scores(_ node: ONNXNode) -> String? {
    isMachineLearning(node, "LinearClassifier") && node.outputs.count > 1 ? node.outputs[1] : nil
  }

  /// A linear classifier without the softmax behind it, nil where it has none.
  private static func withoutTransform(_ node: ONNXNode) -> ONNXNode? {
    guard case .string("SOFTMAX")? = node.attributes["post_transform"] else { return nil }
    return ONNXNode(
      name: node.name, operation: node.operation, domain: node.domain, inputs: node.inputs, outputs: node.outputs,
      attributes: node.attributes.filter { $0.key != "post_transform" })
  }
}
