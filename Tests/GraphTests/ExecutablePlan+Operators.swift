import Tensor

@testable import Graph

extension ExecutablePlan {
  /// Names of the operators in their order, and the shapes of what they compute.
  var operators: [(name: String, output: Shape)] {
    order.compactMap { value in
      guard case .apply(let operation, _) = graph[value].source else { return nil }
      return (type(of: operation).name, graph.shape(of: value))
    }
  }
}
