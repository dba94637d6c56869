import Graph
import Tensor

/// What a name of the ONNX graph stands for.
enum ImportedValue {
  case integers(IntegerTensor)
  case graph(Graph.Value, ElementKind)

  static func real(_ value: Graph.Value) -> ImportedValue { .graph(value, .real) }

  var kind: ElementKind {
    switch self {
    case .integers(let tensor): tensor.kind
    case .graph(_, let kind): kind
    }
  }

  func shape(in graph: Graph) -> Shape {
    switch self {
    case .integers(let tensor): tensor.shape
    case .graph(let value, _): graph.shape(of: value)
    }
  }

  /// As a value of the graph.
  func value(in graph: inout Graph) -> Graph.Value {
    switch self {
    case .integers(let tensor): graph.constant(tensor.tensor)
    case .graph(let value, _): value
    }
  }
}
