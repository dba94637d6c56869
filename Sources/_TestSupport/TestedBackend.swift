import CPU
import Devices
import Foundation
import Graph
import Tensor

/// What graphs are computed on in tests.
package enum TestedBackend {
  /// A new backend is added here, and is held to everything that the suites say of graphs.
  package static let all: [any Backend] = [CPUBackend()] + [device].compactMap { $0 }

  /// PyTorch on this processor, where the environment names a Python that has it; nil, said once, where not.
  package static let device: DeviceBackend? = {
    guard ProcessInfo.processInfo.environment[DevicePython.variable] != nil else {
      note("\(DevicePython.variable) names no Python with PyTorch: nothing is tested on a device")
      return nil
    }
    do {
      return try DeviceBackend(DeviceRequest(device: DeviceName("cpu-torch")))
    } catch {
      note("nothing is tested on a device: \(error)")
      return nil
    }
  }()

  private static func note(_ text: String) { FileHandle.standardError.write(Data("note: \(text)\n".utf8)) }

  /// Where a test names none.
  @TaskLocal package static var current: any Backend = all[0]
}

extension Graph {
  /// Runs the graph once on the tested backend.
  /// - Throws: `GraphError`, `CancellationError`.
  package func evaluate(_ outputs: [Value], inputs: [String: Tensor], threads: Int = 1) throws -> [Tensor] {
    try evaluate(outputs, inputs: inputs, threads: threads, on: TestedBackend.current)
  }
}
