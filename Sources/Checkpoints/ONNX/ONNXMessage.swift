/// The messages of an ONNX file that lead to tensors, by the fields that lead there (`onnx.proto`).
enum ONNXMessage {
  case model, graph, node, attribute, tensor, sparseTensor, entry, function

  /// Graphs lie within attributes of nodes of graphs.
  static let deepest = 64

  /// What a field holds; nil for one that does not lead to a tensor.
  func part(_ field: Int) -> ONNXMessage? {
    switch (self, field) {
    case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
    case (.model, 25): .function
    case (.graph, 1), (.function, 7): .node
    case (.node, 5), (.function, 11): .attribute
    case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparseTensor, 1), (.sparseTensor, 2): .tensor
    case (.graph, 15), (.attribute, 22), (.attribute, 23): .sparseTensor
    case (.tensor, 13): .entry
    default: nil
    }
  }

  /// Whether a field is a tensor's `raw_data`.
  func isRawData(_ field: Int) -> Bool { self == .tensor && field == 9 }
}
