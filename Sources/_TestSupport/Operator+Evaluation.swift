import Graph
import Tensor

extension Operator {
  /// This operator of given tensors, on the tested backend.
  package func callAsFunction(_ inputs: [Tensor]) throws(GraphError) -> Tensor {
    try TestedBackend.current.evaluate(self, inputs)
  }
}
