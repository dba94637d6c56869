import Graph
import Tensor

/// The kernel of one operator of a plan, and where its operands may lie.
struct CPUOperatorKernel: OperatorKernel {
  let kernel: any CPUKernel
  let layoutSupport: LayoutSupport

  var scratchCounts: (perThread: Int, shared: Int) { (kernel.scratchCount, kernel.sharedScratchCount) }

  /// - Throws: `GraphError.unsupported`.
  init(_ operation: any Operator, inputs: [Shape], output: Shape) throws(GraphError) {
    guard let kernel = CPUKernelTable.kernel(operation, inputs: inputs, output: output) else {
      throw .unsupported(operation: type(of: operation).name, backend: CPUBackend().name)
    }
    self.kernel = kernel
    if operation.isElementwise, output.rank == 4, inputs.allSatisfy({ $0 == output || $0.count == 1 }) {
      // Any layout, beside numbers that are the same for every element.
      layoutSupport = LayoutSupport(output: 0, likeOutput: inputs.indices.filter { inputs[$0] == output })
    } else {
      layoutSupport = kernel.layoutSupport
    }
  }
}
