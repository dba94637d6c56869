import Graph
import Tensor

/// A plan made ready to run on this processor: its kernels, its constants in the forms that they read, and where in a worker's
/// memory (`CPUWorkspace`) every step finds what it needs.
final class CPUProgram: CompiledProgram {
  struct Step: Sendable {
    let operation: any Operator
    let kernel: any CPUKernel
    let inputs: [Location]
    let inputShapes: [Shape]
    let output: Int
    let outputShape: Shape
    let layouts: OperandLayouts
    let preparation: Preparation
  }

  /// Where a step finds its weights in the form of `CPUKernel.prepare`.
  enum Preparation: Sendable {
    /// Its kernel reads them as they are, or has none.
    case none
    /// At an offset among the constants.
    case once(Int)
    /// At the start of the shared scratch memory, before every run.
    case everyRun(count: Int)
  }

  /// Where a value lives, as an offset in floats.
  enum Location: Sendable {
    case arena(Int)
    case constant(Int)
  }

  let plan: ExecutablePlan
  let outputs: [Location]
  /// Steps of the first stage, then of the second.
  let steps: [Step]
  let constants: ConstantStorage
  /// For each thread of a workspace.
  let scratchCount: Int
  let sharedScratchCount: Int

  var arenaCount: Int { plan.memory.arenaCount }

  /// - Parameters:
  ///   - other: whose copy of the weights is used if it is the same.
  ///   - threads: that bring weights into the forms that kernels read.
  ///   - spareForms: see `PreparationPlan`.
  /// - Throws: `GraphError.tooLarge` where a workspace would exceed `largestWorkspace`, `allocation`.
  init(
    _ plan: ExecutablePlan, sharingConstantsOf other: CPUProgram?, threads: Int,
    spareForms: Int = PreparationPlan.spareCount
  ) throws(GraphError) {
    let (graph, memory, layouts) = (plan.graph, plan.memory, plan.layouts)
    var constants = ConstantStorage.Builder()
    var constantOffsets: [Graph.Value: Int] = [:]
    // Constants lie in the order in which steps first read them, so that those of a network without its gradient lie where they
    // lie in the network with it, and can be shared.
    func location(_ value: Graph.Value) -> Location {
      let root = memory.root(of: value)
      guard let tensor = graph.constantTensor(root) else { return .arena(memory.offset(of: value)) }
      let offset = constantOffsets[root] ?? constants.add(tensor)
      constantOffsets[root] = offset
      return .constant(offset)
    }
    let applications = plan.order.map { value in
      guard case .apply(let operation, let operands) = graph[value].source else {
        preconditionFailure("value \(value.index) is in the order of a plan and no operator")
      }
      guard let kernel = (plan.kernels[value] as? CPUOperatorKernel)?.kernel else {
        preconditionFailure("a plan that was made for another backend")
      }
      return (value, operation, operands, kernel)
    }
    let preparations = PreparationPlan(
      applications.map { value, _, operands, kernel in
        let weights = operands.count > 1 ? graph.constantTensor(memory.root(of: operands[1])) : nil
        return PreparationPlan.Step(
          value: value, kernel: kernel, images: graph.shape(of: value).dimensions.first ?? 1,
          constantWeights: weights?.shape.count)
      }, spareCount: spareForms)
    var steps: [Step] = []
    var scratch = 0
    var sharedScratch = 0
    for (value, operation, operands, kernel) in applications {
      let shapes = operands.map { graph.shape(of: $0) }
      let shape = graph.shape(of: value)
      let inputs = operands.map(location)
      let preparedCount = MemoryPlan.aligned(kernel.preparedCount)
      var preparation = Preparation.everyRun(count: preparedCount)
      if preparedCount == 0 {
        preparation = .none
      } else if !preparations.everyRun.contains(value), case .constant(let offset) = inputs[1],
        let weights = graph.constantTensor(memory.root(of: operands[1]))
      {
        // How a layer ends is nothing to its weights: without its gradient a network may end layers with what it needs by itself with it.
        let layer = (operation as? FusedLayer)?.operation ?? operation
        let form = PreparedForm(layer: layer, item: shapes[0].droppingFirst, weights: shapes[1])
        preparation = .once(
          constants.add(preparedCount: preparedCount, weights: offset, form: form) {
            kernel.prepare(weights.scalars, into: $0)
          })
      }
      for (number, input) in inputs.enumerated() {
        guard case .constant(let offset) = input else { continue }
        if case .once = preparation, number == 1 { continue }
        constants.read(offset)
      }
      steps.append(
        Step(
          operation: operation, kernel: kernel, inputs: inputs, inputShapes: shapes,
          output: memory.offset(of: value), outputShape: shape,
          layouts: OperandLayouts(
            inputs: operands.map { layouts.layout(of: $0) }, output: layouts.layout(of: value)),
          preparation: preparation))
      scratch = max(scratch, kernel.scratchCount)
      var shared = kernel.sharedScratchCount
      if case .everyRun(let count) = preparation { shared += count }
      sharedScratch = max(sharedScratch, shared)
    }
    let total = [scratch, sharedScratch].reduce(memory.arenaCount) { sum, count in
      let (next, overflow) = sum.addingReportingOverflow(count)
      return overflow ? .max : next
    }
    guard total <= Self.largestWorkspace else {
      throw .tooLarge(what: "the memory for one run", count: total, limit: Self.largestWorkspace)
    }
    self.plan = plan
    self.outputs = plan.outputs.map(location)
    for case .constant(let offset) in outputs { constants.read(offset) }
    self.steps = steps
    self.constants = try constants.finish(sharing: other?.constants, threads: threads)
    self.scratchCount = MemoryPlan.aligned(scratch)
    self.sharedScratchCount = sharedScratch
  }

  /// In floats: 16 GiB. Shapes come from model files, and no file may make the process ask for more than a machine has.
  static let largestWorkspace = 1 << 32

  func workspaceBytes(threads: Int) -> Int {
    (arenaCount + threads * scratchCount + sharedScratchCount) * MemoryLayout<Float>.stride
  }

  func makeWorkspace(threads: Int) throws(GraphError) -> any Workspace { try CPUWorkspace(self, threads: threads) }
}
