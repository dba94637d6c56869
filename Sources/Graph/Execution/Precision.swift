/// What a program may do to sums of float32 products for speed.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  /// Convolutions by short transforms (`WinogradConvolution`) where they save work; their largest error is below 5e-6 of the
  /// largest value.
  case fast
  /// Every convolution a plain sum of products: about 1e-6.
  case exact
}

extension Graph {
  /// The same graph with every convolution computed at `precision`.
  func withPrecision(_ precision: Precision) -> Graph {
    var result = Graph()
    for value in values {
      let node = self[value]
      guard case .apply(let operation, let inputs) = node.source else {
        _ = result.copy(node) { $0 }
        continue
      }
      let new: any Operator
      switch operation {
      case var conv as Conv2D:
        conv.precision = precision
        new = conv
      case var conv as Conv2DInputGradient:
        conv.precision = precision
        new = conv
      default: new = operation
      }
      _ = result.append(Node(source: .apply(new, inputs: inputs), shape: node.shape))
    }
    return result
  }
}
