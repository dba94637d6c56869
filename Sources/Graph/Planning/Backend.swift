import Tensor

/// What computes graphs: a processor or a device. It gives a plan the kernels of its operators, and makes a program of the plan.
package protocol Backend: Sendable {
  /// Name in messages, such as `"cpu"`.
  var name: String { get }

  /// What decides how its numbers are rounded, told from all other backends': numbers that were kept are used again only where it is
  /// the same.
  var rounding: String { get }

  /// Whether plans for it join bias, residual and activation to their layer (`FusedLayer`, `FusedChannels`).
  var fusesLayers: Bool { get }

  /// Whether the last bits of an image's numbers depend on how many images a run holds. Then every run has to hold as many.
  var needsEqualRuns: Bool { get }

  /// How many workers are worth having for who is allowed `threads`.
  func workers(_ threads: Int) -> Int

  /// What computes constants while a plan is made: itself, or for a device the processor, which needs no transfer for it.
  var constants: any Backend { get }

  /// New memory for tensors that stay where they are computed; nil where that is this process's own memory.
  func makeResidentTensors() -> (any ResidentTensors)?

  /// What it computes an operator with, which is no view.
  /// - Parameter inputs, output: as the operator's shape rule accepts and gives them.
  /// - Throws: `GraphError.unsupported`.
  func kernel(
    of operation: any Operator, inputs: [Shape], output: Shape
  ) throws(GraphError) -> any OperatorKernel

  /// Computes an operator once on given tensors; for constants and tests, not for speed.
  /// - Throws: `GraphError`: the shape rule's, `unsupported`, `allocation`.
  func evaluate(_ operation: any Operator, _ inputs: [Tensor]) throws(GraphError) -> Tensor

  /// Makes everything that runs of a plan need but their own memory.
  /// - Precondition: the plan was made for this backend, whose kernels it holds.
  /// - Parameters:
  ///   - other: a program of the same network for another batch size, or with its gradient, whose copy of the weights is used
  ///     if it is the same.
  ///   - threads: that bring weights into the forms that kernels read.
  /// - Throws: `GraphError.tooLarge`, `unsupported`, `allocation`.
  func compile(
    _ plan: ExecutablePlan, sharingConstantsOf other: (any CompiledProgram)?, threads: Int
  ) throws(GraphError) -> any CompiledProgram
}

extension Backend {
  package var fusesLayers: Bool { true }
  package var needsEqualRuns: Bool { false }
  package func workers(_ threads: Int) -> Int { max(1, threads) }
  package var constants: any Backend { self }
  package func makeResidentTensors() -> (any ResidentTensors)? { nil }

  /// Plans and compiles; see `ExecutablePlan`.
  package func compile(
    _ graph: Graph, outputs: [Graph.Value], lateInputs: Set<String> = [], precision: Precision = .fast,
    sharingConstantsOf other: (any CompiledProgram)? = nil, threads: Int = 1
  ) throws(GraphError) -> any CompiledProgram {
    let plan = try ExecutablePlan(graph, outputs: outputs, lateInputs: lateInputs, precision: precision, for: self)
    return try compile(plan, sharingConstantsOf: other, threads: threads)
  }
}

/// A plan made ready to run by a backend. Immutable, shared by all workers; each worker has its own `Workspace`.
package protocol CompiledProgram: Sendable {
  var plan: ExecutablePlan { get }

  /// Bytes of this machine's memory that a workspace takes.
  func workspaceBytes(threads: Int) -> Int

  /// How many workspaces are worth having at once; nil for as many as there are workers.
  var mostWorkspaces: Int? { get }

  /// - Parameter threads: what each operator is spread over. One where images are spread over workspaces; several where the
  ///   images of a batch depend on each other, as with batch normalisation in training.
  /// - Throws: `GraphError.allocation`.
  func makeWorkspace(threads: Int) throws(GraphError) -> any Workspace
}

extension CompiledProgram {
  package var inputNames: [String] { plan.inputNames }
  package var outputShapes: [Shape] { plan.outputShapes }
  package var mostWorkspaces: Int? { nil }
  /// Bytes that a workspace of one thread takes.
  package var workspaceBytes: Int { workspaceBytes(threads: 1) }
}

/// The memory of one worker that runs a program. Not for use from two threads at once.
package protocol Workspace: AnyObject {
  var program: any CompiledProgram { get }

  /// Copies a tensor to an input, which keeps it until it is set again. Inputs that the optimised program does not need
  /// are ignored.
  /// - Precondition: the graph has an input of this name (`ExecutablePlan.inputs`, `unneededInputs`).
  /// - Throws: `GraphError.inputShape`.
  func set(_ name: String, to tensor: Tensor) throws(GraphError)

  /// Copies `source` to the start of an input and fills the rest with zeros: a batch that is not full.
  /// - Precondition: the graph has an input of this name, not smaller than `source`.
  func set(_ name: String, to source: UnsafeBufferPointer<Float>) throws(GraphError)

  /// The memory of an input, to be filled in place before a run; nil where the optimised program does not need it.
  func inputBuffer(_ name: String) throws(GraphError) -> UnsafeMutableBufferPointer<Float>?

  /// What does not depend on the late inputs.
  /// - Throws: `CancellationError` before the next operator where `Cancellation.current` says so, whatever was computed then; and
  ///   `GraphError`.
  func runFirstStage() throws

  /// What depends on the late inputs; may be repeated with other values of them.
  /// - Throws: as the first stage.
  func runSecondStage() throws

  /// The memory of an output, valid until the next run.
  func outputBuffer(_ index: Int) throws(GraphError) -> UnsafeBufferPointer<Float>
}

extension Workspace {
  /// Runs both stages.
  package func run() throws {
    try runFirstStage()
    try runSecondStage()
  }

  package func output(_ index: Int) throws(GraphError) -> Tensor {
    Tensor(shape: program.outputShapes[index], scalars: Array(try outputBuffer(index)))
  }
}
