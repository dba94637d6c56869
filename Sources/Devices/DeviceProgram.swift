import Foundation
import Graph
import Tensor

/// A plan that the worker holds, with its constants on the device.
final class DeviceProgram: CompiledProgram {
  let plan: ExecutablePlan
  let backend: DeviceBackend
  let number: Int
  /// Digests of the constants.
  private let constants: Set<String>
  /// Whether anything depends on late inputs.
  let hasSecondStage: Bool

  var connection: DeviceConnection { backend.connection }

  /// One is computed while the other is filled and read.
  var mostWorkspaces: Int? { 2 }

  /// - Throws: `GraphError.unsupported` for an operator that this process or the worker does not know, `deviceMemory`, `device`,
  ///   `allocation`.
  init(_ plan: ExecutablePlan, on backend: DeviceBackend) throws(GraphError) {
    let connection = backend.connection
    let graph = try DeviceGraph(plan, device: backend.name)
    let number = connection.nextNumber()
    let digests = Set(graph.constants.keys)
    try connection.inTurn { () throws(GraphError) in
      try Self.load(graph, as: number, constants: digests, on: backend)
    }
    (self.plan, self.backend, self.number, constants) = (plan, backend, number, digests)
    hasSecondStage = plan.graph.values.contains { plan.memory.isLate($0) }
  }

  /// Gives the worker a graph, and those of its constants that it does not have.
  private static func load(
    _ graph: DeviceGraph, as number: Int, constants digests: Set<String>, on backend: DeviceBackend
  ) throws(GraphError) {
    let connection = backend.connection
    let missing = connection.use(constants: digests)
    func undo(_ error: GraphError) -> GraphError {
      connection.forget(program: number, constants: digests)
      return error
    }
    var weights: SharedRegion?
    if !missing.isEmpty {
      weights = graph.weights(missing)
      guard weights != nil else {
        throw undo(.allocation(what: "the network's weights, on their way to \(backend.name)", bytes: graph.bytes))
      }
    }
    let answer: DeviceMessages.Answer
    do {
      answer = try withExtendedLifetime(weights) {
        try connection.ask("compile", DeviceMessages.Answer.self, type: "compiled", doing: "reading a network") {
          DeviceMessages.Compile(
            forget: connection.takeForgotten(), program: number, weights: weights?.place, graph: graph.document)
        }
      }
    } catch { throw undo(.device("\(error)")) }
    if let name = answer.unsupported { throw undo(.unsupported(operation: name, backend: backend.name)) }
    if let reason = answer.memory {
      throw undo(.deviceMemory(device: backend.name, what: "the network's weights", reason: reason))
    }
  }

  deinit { connection.forget(program: number, constants: constants) }

  func workspaceBytes(threads: Int) -> Int {
    DevicePlaces(plan).bytes
  }

  func makeWorkspace(threads: Int) throws(GraphError) -> any Workspace { try DeviceWorkspace(self) }
}

/// Where the numbers of a workspace lie in the memory that it shares with the worker, in bytes.
struct DevicePlaces {
  let inputs: [String: Int]
  /// -1 for those that stay on the device.
  let outputs: [Int]
  let bytes: Int

  /// - Parameters:
  ///   - resident: names of the inputs that are on the device already.
  ///   - staying: outputs that do not leave it.
  init(_ plan: ExecutablePlan, resident: Set<String> = [], staying: Set<Int> = []) {
    var end = 0
    func take(_ shape: Shape) -> Int {
      defer { end += SharedRegion.aligned(shape.count * MemoryLayout<Float>.stride) }
      return end
    }
    var inputs: [String: Int] = [:]
    for name in plan.inputNames where !resident.contains(name) {
      inputs[name] = plan.inputs[name].map { take($0.shape) }
    }
    self.inputs = inputs
    outputs = plan.outputShapes.enumerated().map { staying.contains($0.offset) ? -1 : take($0.element) }
    bytes = end
  }
}

extension DeviceGraph {
  /// Of all constants.
  var bytes: Int { constants.values.reduce(0) { $0 + $1.shape.count * MemoryLayout<Float>.stride } }
}
