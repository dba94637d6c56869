import CPU
import Graph
import Tensor

extension Operator {
  /// This operator of given tensors, on this processor.
  package func callAsFunction(_ inputs: [Tensor]) throws(GraphError) -> Tensor {
    try CPUBackend().evaluate(self, inputs)
  }
}
