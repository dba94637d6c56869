import Tensor

extension Operator {
  /// Computes this operator once on given tensors; for constants and tests, not for speed.
  public func callAsFunction(_ inputs: [Tensor]) throws(GraphError) -> Tensor {
    let shapes = inputs.map(\.shape)
    let outputShape = try shape(of: shapes)
    if isView { return inputs[0].reshaped(to: outputShape) }
    func memory(_ count: Int) -> UnsafeMutablePointer<Float> { .allocate(capacity: max(1, count)) }
    let scratch = memory(scratchCount(inputs: shapes, output: outputShape))
    let sharedScratch = memory(sharedScratchCount(inputs: shapes, output: outputShape))
    let prepared = memory(preparedCount(inputs: shapes, output: outputShape))
    defer {
      scratch.deallocate()
      sharedScratch.deallocate()
      prepared.deallocate()
    }
    // Copied so that every operand has a stable address for the length of the call.
    let operands = inputs.map { tensor in
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: max(1, tensor.scalars.count))
      copy.initialize(from: tensor.scalars, count: tensor.scalars.count)
      return copy
    }
    defer { for operand in operands { operand.deallocate() } }
    return Tensor(shape: outputShape) { output in
      guard let base = output.baseAddress, outputShape.count > 0 else { return }
      base.initialize(repeating: 0, count: outputShape.count)
      if operands.count > 1 { prepare(operands[1], inputs: shapes, output: outputShape, into: prepared) }
      evaluate(
        KernelArguments(
          inputs: operands.map { UnsafePointer($0) }, inputShapes: shapes, output: base, outputShape: outputShape,
          scratch: scratch, sharedScratch: sharedScratch, prepared: prepared))
    }
  }
}

extension Graph {
  /// Runs the graph once; for tests and tools. Anything that runs more than once keeps a `Program`.
  public func evaluate(
    _ outputs: [Value], inputs: [String: Tensor], threads: Int = 1
  ) throws(GraphError) -> [Tensor] {
    let program = try Program(self, outputs: outputs)
    let workspace = Workspace(program, threads: threads)
    for name in program.inputNames {
      guard let tensor = inputs[name] else { throw .missingInput(name: name) }
      try workspace.set(name, to: tensor)
    }
    workspace.run()
    return outputs.indices.map { workspace.output($0) }
  }
}
