import BenchCore
import CPU
import Graph
import Tensor

/// A device that PyTorch computes on, in a process of its own.
package struct DeviceBackend: Backend {
  let connection: DeviceConnection
  /// What results say of it.
  package let record: Provenance.Device
  package let rounding: String

  /// Starts the process and the device.
  /// - Throws: `DeviceError`, `CancellationError`.
  package init(_ request: DeviceRequest) throws {
    let (connection, ready) = try DeviceConnection.open(request)
    self.connection = connection
    let record = Provenance.Device(
      name: ready.name ?? request.device.description, hardware: ready.hardware ?? "unknown", driver: ready.driver,
      precision: request.precision.rawValue, imagesPerRun: nil, software: ready.software ?? [:])
    self.record = record
    let software = record.software.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    rounding =
      "\(request.device.kind.rawValue), \(record.hardware), driver \(record.driver ?? "none"), \(software), "
      + "\(record.precision), \(request.imagesPerRun.map { "\($0)" } ?? "usual") images"
  }

  package var name: String { record.name }

  package var fusesLayers: Bool { false }

  /// Libraries of devices choose among kernels by the size of a run.
  package var needsEqualRuns: Bool { true }

  /// While one's run is computed, the other prepares the next one and reads the last one's numbers.
  package func workers(_ threads: Int) -> Int { max(2, threads) }

  package var constants: any Backend { CPUBackend() }

  package func makeResidentTensors() -> (any ResidentTensors)? { DeviceTensors(on: self) }

  /// - Throws: never: whether the worker knows an operator is told where a plan is compiled.
  package func kernel(
    of operation: any Operator, inputs: [Shape], output: Shape
  ) throws(GraphError) -> any OperatorKernel { DeviceKernel() }

  package func compile(
    _ plan: ExecutablePlan, sharingConstantsOf other: (any CompiledProgram)?, threads: Int
  ) throws(GraphError) -> any CompiledProgram {
    // Constants are shared with all programs of this device.
    try DeviceProgram(plan, on: self)
  }

  package func evaluate(_ operation: any Operator, _ inputs: [Tensor]) throws(GraphError) -> Tensor {
    var graph = Graph()
    let values = inputs.enumerated().map { graph.input("\($0.offset)", $0.element.shape) }
    let output = try graph.apply(operation, values)
    let workspace = try compile(graph, outputs: [output]).makeWorkspace(threads: 1)
    for (index, tensor) in inputs.enumerated() { try workspace.set("\(index)", to: tensor) }
    do { try workspace.run() } catch let error as GraphError { throw error } catch { throw .device("\(error)") }
    return try workspace.output(0)
  }
}

/// The worker keeps images planar, and its own memory.
private struct DeviceKernel: OperatorKernel {
  var layoutSupport: LayoutSupport { LayoutSupport() }
  var scratchCounts: (perThread: Int, shared: Int) { (0, 0) }
}
