/// What a program may do to sums of float32 products for speed.
package enum Precision: String, Sendable, Hashable, CaseIterable {
  /// Convolutions may be computed by short transforms where these save work; their largest error is below 5e-6 of the
  /// largest value.
  case fast
  /// Every convolution a plain sum of products: about 1e-6.
  case exact
}

extension Graph {
  /// The same graph with every convolution computed at `precision`, those that max pooling compares at `.exact`.
  func withPrecision(_ precision: Precision) -> Graph {
    let compared = convolutionsUnderMaxPooling()
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
        conv.precision = compared[value.index] ? .exact : precision
        new = conv
      case var conv as Conv2DInputGradient:
        conv.precision = precision
        new = conv
      case var conv as Conv2DWeightGradient:
        conv.precision = precision
        new = conv
      default: new = operation
      }
      _ = result.append(Node(source: .apply(new, inputs: inputs), shape: node.shape))
    }
    return result
  }

  /// Whose values max pooling compares, with no more than elementwise operators between.
  ///
  /// The gradient goes to the first of equal values. Equal neighbourhoods, as in a flat background, have exactly equal plain
  /// sums, but transforms round them by their place in the tile: the gradient would go to a pixel that rounding chose.
  private func convolutionsUnderMaxPooling() -> [Bool] {
    var compared = [Bool](repeating: false, count: nodes.count)
    for index in nodes.indices.reversed() {
      guard case .apply(let operation, let inputs) = nodes[index].source else { continue }
      if operation is MaxPool2D || operation.isElementwise && compared[index] {
        for input in inputs { compared[input.index] = true }
      }
    }
    return compared
  }
}
