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
    return withExtendedLifetime((scratch, sharedScratch, prepared)) {
      Tensor(shape: shape) { output in
        guard let base = output.baseAddress, shape.count > 0 else { return }
        base.initialize(repeating: 0, count: shape.count)
        Self.withNumbers(of: inputs[...]) { operands in
          if operands.count > 1 { kernel.prepare(operands[1], into: prepared.base) }
          kernel.evaluate(
            KernelArguments(
              inputs: operands, inputShapes: shapes, output: base, outputShape: shape,
              scratch: scratch.base, sharedScratch: sharedScratch.base, prepared: prepared.base))
        }
      }
    }
  }

  /// Calls `body` with the addresses of all numbers, which stay where they are meanwhile.
  private static func withNumbers(
    of tensors: ArraySlice<Tensor>, _ known: [UnsafePointer<Float>] = [], _ body: ([UnsafePointer<Float>]) -> Void
  ) {
    guard let first = tensors.first else { return body(known) }
    // A kernel wants an address for no numbers, too.
    let nothing: [Float] = [0]
    (first.shape.count == 0 ? nothing : first.scalars).withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { return }
      withNumbers(of: tensors.dropFirst(), known + [base], body)
    }
  }
}
