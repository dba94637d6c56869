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
      graph.outputs[index].elementType?.dtype?.isFloatingPoint ?? true
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
    while let place = nodes[..<end].lastIndex(where: { $0.outputs.first == name }),
      let source = nodes[place].inputs.first
    {
      end = place
      let node = nodes[place]
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
}
