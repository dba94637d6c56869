import Tensor

/// A graph made ready to run: optimised, ordered, and with its memory planned once. Immutable, shared by all workers;
/// each worker has its own `Workspace`.
///
/// Execution has two stages. Nodes that depend on a *late* input form the second, which may run several times after one
/// run of the first: one forward pass, then a backward pass per cotangent.
public final class Program: Sendable {
  struct Step: Sendable {
    let operation: any Operator
    let inputs: [Location]
    let inputShapes: [Shape]
    let output: Int
    let outputShape: Shape
    let layouts: (source: ImageLayout, output: ImageLayout)
    let preparation: Preparation
  }

  /// Where a step finds its weights in the form of `Operator.prepare`.
  enum Preparation: Sendable {
    /// At an offset among the constants, or nowhere.
    case once(Int)
    /// At the start of the shared scratch memory, before every run.
    case everyRun(count: Int)
  }

  /// Where a value lives, as an offset in floats.
  enum Location: Sendable {
    case arena(Int)
    case constant(Int)
  }

  public let inputNames: [String]
  public let outputShapes: [Shape]
  let inputs: [String: (offset: Int, shape: Shape)]
  let outputs: [Location]
  /// Steps of the first stage, then of the second.
  let steps: [Step]
  let firstStageCount: Int
  let constants: ConstantStorage
  let arenaCount: Int
  /// For each thread of a workspace.
  let scratchCount: Int
  let sharedScratchCount: Int

  /// - Parameters:
  ///   - lateInputs: names of the inputs that the second stage depends on.
  ///   - other: a program of the same network for another batch size, or with its gradient, whose copy of the weights is used
  ///     if it is the same.
  ///   - threads: that bring weights into the forms that kernels read.
  /// - Throws: `GraphError.duplicateInput`, and `GraphError.tooLarge` where a workspace would exceed `largestWorkspace`.
  public init(
    _ graph: Graph, outputs: [Graph.Value], lateInputs: Set<String> = [], precision: Precision = .fast,
    sharingConstantsOf other: Program? = nil, threads: Int = 1
  ) throws(GraphError) {
    try Self.checkInputs(of: graph)
    let (graph, outputs) = try graph.withPrecision(precision).optimised(for: outputs)
    let plan = MemoryPlan(graph, outputs: outputs, lateInputs: lateInputs)
    let layouts = LayoutPlan(graph, outputs: outputs)
    var constants = ConstantStorage.Builder()
    var constantOffsets: [Graph.Value: Int] = [:]
    // Constants lie in the order in which steps first read them, so that those of a network without its gradient are the first
    // ones of the network with it.
    func location(_ value: Graph.Value) -> Location {
      let root = plan.root(of: value)
      guard let tensor = graph.constantTensor(root) else { return .arena(plan.offset(of: value) ?? 0) }
      let offset = constantOffsets[root] ?? constants.add(tensor)
      constantOffsets[root] = offset
      return .constant(offset)
    }
    var steps: [Step] = []
    var firstStageCount = 0
    var scratch = 0
    var sharedScratch = 0
    for value in plan.order {
      guard case .apply(let operation, let operands) = graph[value].source, !operation.isView,
        let output = plan.offset(of: value)
      else { continue }
      let shapes = operands.map { graph.shape(of: $0) }
      let shape = graph.shape(of: value)
      let inputs = operands.map(location)
      let preparedCount = MemoryPlan.aligned(operation.preparedCount(inputs: shapes, output: shape))
      var preparation = Preparation.everyRun(count: preparedCount)
      if preparedCount == 0 {
        preparation = .once(0)
      } else if let weights = graph.constantTensor(plan.root(of: operands[1])),
        case .constant(let offset) = inputs[1]
      {
        let form = PreparedForm(operation: operation, item: shapes[0].droppingFirst, weights: shapes[1])
        preparation = .once(
          constants.add(preparedCount: preparedCount, weights: offset, form: form) {
            operation.prepare(weights.scalars, inputs: shapes, output: shape, into: $0)
          })
      }
      steps.append(
        Step(
          operation: operation, inputs: inputs, inputShapes: shapes, output: output, outputShape: shape,
          layouts: (operands.first.map { layouts.layout(of: $0) } ?? .planar, layouts.layout(of: value)),
          preparation: preparation))
      scratch = max(scratch, operation.scratchCount(inputs: shapes, output: shape))
      var shared = operation.sharedScratchCount(inputs: shapes, output: shape)
      if case .everyRun(let count) = preparation { shared += count }
      sharedScratch = max(sharedScratch, shared)
      if !plan.isLate(value) { firstStageCount = steps.count }
    }
    var inputs: [String: (offset: Int, shape: Shape)] = [:]
    for value in graph.values {
      if case .input(let name) = graph[value].source, let offset = plan.offset(of: value) {
        inputs[name] = (offset, graph.shape(of: value))
      }
    }
    let total = [scratch, sharedScratch].reduce(plan.arenaCount) { sum, count in
      let (next, overflow) = sum.addingReportingOverflow(count)
      return overflow ? .max : next
    }
    guard total <= Self.largestWorkspace else {
      throw .tooLarge(what: "the memory for one run", count: total, limit: Self.largestWorkspace)
    }
    self.inputs = inputs
    self.inputNames = inputs.keys.sorted()
    self.outputs = outputs.map(location)
    self.outputShapes = outputs.map { graph.shape(of: $0) }
    self.steps = steps
    self.firstStageCount = firstStageCount
    self.constants = constants.finish(sharing: other?.constants, threads: threads)
    self.arenaCount = plan.arenaCount
    self.scratchCount = MemoryPlan.aligned(scratch)
    self.sharedScratchCount = sharedScratch
  }

  /// In floats: 16 GiB. Shapes come from model files, and no file may make the process ask for more than a machine has.
  static let largestWorkspace = 1 << 32

  private static func checkInputs(of graph: Graph) throws(GraphError) {
    var names: Set<String> = []
    for node in graph.nodes {
      guard case .input(let name) = node.source else { continue }
      guard names.insert(name).inserted else { throw .duplicateInput(name: name) }
      guard node.shape.isExecutable else {
        throw .tooLarge(
          what: "the input `\(name)` of shape \(node.shape)", count: node.shape.count, limit: Shape.largestCount)
      }
    }
  }

  /// Bytes that a workspace of one thread takes.
  public var workspaceBytes: Int { workspaceBytes(threads: 1) }

  public func workspaceBytes(threads: Int) -> Int {
    (arenaCount + threads * scratchCount + sharedScratchCount) * MemoryLayout<Float>.stride
  }
}
