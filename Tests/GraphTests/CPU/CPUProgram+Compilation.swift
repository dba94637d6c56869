import Tensor

@testable import CPU
@testable import Graph

/// Plans and compiles for this processor, for what tests look at that other backends do not have.
func cpuProgram(
  _ graph: Graph, outputs: [Graph.Value], lateInputs: Set<String> = [], precision: Precision = .fast,
  sharingConstantsOf other: CPUProgram? = nil, spareForms: Int = PreparationPlan.spareCount
) throws(GraphError) -> CPUProgram {
  let plan = try ExecutablePlan(
    graph, outputs: outputs, lateInputs: lateInputs, precision: precision, for: CPUBackend())
  return try CPUProgram(plan, sharingConstantsOf: other, threads: 1, spareForms: spareForms)
}

// Reading an output does not throw on this processor.
extension CPUWorkspace {
  func output(_ index: Int) -> Tensor {
    Tensor(shape: compiled.outputShapes[index], scalars: Array(outputBuffer(index)))
  }
}
