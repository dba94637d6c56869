/// An ONNX file as data: nothing of it is interpreted yet. Sizes, names and references to tensors have been checked.
package struct ONNXModel: Sendable {
  /// Name for errors.
  package let file: String
  package let producer: String
  /// Version of the default operator set.
  package let opset: Int
  /// Versions of further operator sets, by domain.
  package let otherOpsets: [String: Int]
  package let graph: ONNXGraph
  /// Functions of the file's own, by domain, name and overload.
  package let functions: [ONNXFunction.Key: ONNXFunction]
  /// What a user should know: sixteen-bit weights and the like.
  package let notes: [String]
}

/// A computation: nodes in an order in which every value is made before it is used.
package struct ONNXGraph: Sendable {
  package let name: String
  package let nodes: [ONNXNode]
  /// Constants by name.
  package let initializers: [String: StoredTensor]
  /// What is to be given at execution; initialisers that are repeated among the inputs (IR version 3) are not.
  package let inputs: [ONNXValueInfo]
  package let outputs: [ONNXValueInfo]
}

package struct ONNXNode: Sendable {
  package let name: String
  package let operation: String
  /// Empty for the standard operators.
  package let domain: String
  package let overload: String
  /// Names of values; an empty one stands for an optional input that is absent.
  package let inputs: [String]
  package let outputs: [String]
  package let attributes: [String: ONNXAttribute]
  /// In a function's body: attributes that take the value of the caller's attribute of the given name.
  package let references: [String: String]

  package init(
    name: String, operation: String, domain: String = "", overload: String = "", inputs: [String], outputs: [String],
    attributes: [String: ONNXAttribute] = [:], references: [String: String] = [:]
  ) {
    self.name = name
    self.operation = operation
    self.domain = domain
    self.overload = overload
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.references = references
  }
}

package indirect enum ONNXAttribute: Sendable {
  case float(Float)
  case int(Int)
  case string(String)
  case tensor(StoredTensor)
  case graph(ONNXGraph)
  case floats([Float])
  case ints([Int])
  case strings([String])
}

package struct ONNXFunction: Sendable {
  package struct Key: Sendable, Hashable {
    package let domain: String
    package let name: String
    package let overload: String

    package init(domain: String, name: String, overload: String) {
      self.domain = domain
      self.name = name
      self.overload = overload
    }
  }

  package let inputs: [String]
  package let outputs: [String]
  package let nodes: [ONNXNode]
  /// Values of attributes that the caller leaves out.
  package let defaults: [String: ONNXAttribute]
  /// Version of the default operator set for the body, nil for the model's.
  package let opset: Int?
}

/// A graph's input or output as the file declares it.
package struct ONNXValueInfo: Sendable {
  package enum Extent: Sendable, Equatable {
    case fixed(Int)
    /// A symbol such as `batch`, or nothing at all.
    case free(String)
  }

  package let name: String
  /// Nil for a sequence or map, or where the file does not say.
  package let elementType: ONNXElementType?
  /// Nil where the file does not say.
  package let shape: [Extent]?

  package init(name: String, elementType: ONNXElementType? = nil, shape: [Extent]? = nil) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
  }
}

extension ONNXGraph {
  /// The same graph with other nodes, and without those that `output` does not depend on.
  package init(replacing graph: ONNXGraph, nodes: [ONNXNode], output: ONNXValueInfo) {
    var needed: Set<String> = [output.name]
    var live: [ONNXNode] = []
    for node in nodes.reversed() where node.outputs.contains(where: { needed.contains($0) }) {
      needed.formUnion(node.namesRead)
      live.append(node)
    }
    self.init(
      name: graph.name, nodes: live.reversed(), initializers: graph.initializers, inputs: graph.inputs,
      outputs: [output])
  }
}

extension ONNXNode {
  /// Values that the node reads, also inside the graphs of its attributes.
  package var namesRead: [String] {
    inputs
      + attributes.values.flatMap { attribute in
        guard case .graph(let graph) = attribute else { return [String]() }
        return graph.nodes.flatMap(\.namesRead) + graph.outputs.map(\.name)
      }
  }
}

extension ONNXModel {
  /// The same file with another graph.
  package init(replacing model: ONNXModel, graph: ONNXGraph) {
    self.init(
      file: model.file, producer: model.producer, opset: model.opset, otherOpsets: model.otherOpsets, graph: graph,
      functions: model.functions, notes: model.notes)
  }
}
