import Graph
import Kernels
import Tensor

/// This processor.
package struct CPUBackend: Backend {
  package init() {}

  package var name: String { "cpu" }

  /// The instruction set, by its name alone, so that what earlier versions kept is found.
  package var rounding: String { InstructionSet.best.rawValue }

  package func kernel(
    of operation: any Operator, inputs: [Shape], output: Shape
  ) throws(GraphError) -> any OperatorKernel {
    try CPUOperatorKernel(operation, inputs: inputs, output: output)
  }

  package func compile(
    _ plan: ExecutablePlan, sharingConstantsOf other: (any CompiledProgram)?, threads: Int
  ) throws(GraphError) -> any CompiledProgram {
    try CPUProgram(plan, sharingConstantsOf: other as? CPUProgram, threads: threads)
  }

  package func evaluate(_ operation: any Operator, _ inputs: [Tensor]) throws(GraphError) -> Tensor {
    let shapes = inputs.map(\.shape)
    let shape = try operation.shape(of: shapes)
    if operation.isView { return inputs[0].reshaped(to: shape) }
    let kernel = try CPUOperatorKernel(operation, inputs: shapes, output: shape).kernel
    func memory(_ count: Int) throws(GraphError) -> FloatMemory {
      try FloatMemory(count, for: "the operator \(type(of: operation).name)")
    }
    let scratch = try memory(kernel.scratchCount)
    let sharedScratch = try memory(kernel.sharedScratchCount)
    let prepared = try memory(kernel.preparedCount)
    // Copied so that every operand has a stable address for the length of the call.
    var operands: [FloatMemory] = []
    for tensor in inputs {
      let operand = try memory(tensor.scalars.count)
      operand.base.update(from: tensor.scalars, count: tensor.scalars.count)
      operands.append(operand)
    }
    return withExtendedLifetime((operands, scratch, sharedScratch, prepared)) {
      Tensor(shape: shape) { output in
        guard let base = output.baseAddress, shape.count > 0 else { return }
        base.initialize(repeating: 0, count: shape.count)
        if operands.count > 1 { kernel.prepare(operands[1].base, into: prepared.base) }
        kernel.evaluate(
          KernelArguments(
            inputs: operands.map { UnsafePointer($0.base) }, inputShapes: shapes, output: base, outputShape: shape,
            scratch: scratch.base, sharedScratch: sharedScratch.base, prepared: prepared.base))
      }
    }
  }
}
