import Foundation
import JSON

/// What `--device` can name on this machine, and why not the rest.
package struct DeviceListing: Sendable, Encodable {
  package struct Device: Sendable, Codable {
    package let name: String
    package let hardware: String?
    package let driver: String?
    /// Why it is not there; nil where it is.
    package let problem: String?
  }

  package let devices: [Device]
  /// Absolute path, or what was looked for.
  package let python: String
  package let pythonVersion: String?
  /// Version of PyTorch.
  package let torch: String?

  /// Asks PyTorch; where there is none, every device is missing for that reason.
  /// - Throws: `CancellationError`.
  package static func found(_ python: DevicePython, limit: Duration) throws -> DeviceListing {
    do {
      let answer = try DeviceConnection.list(python, limit: limit)
      return DeviceListing(
        devices: answer.devices, python: answer.executable, pythonVersion: answer.python, torch: answer.torch)
    } catch let error as DeviceError {
      var problem = error.description
      if case .worker(_, let reported, _) = error { problem = reported }
      return DeviceListing(
        devices: DeviceName.Kind.allCases.map { [problem] in
          Device(name: $0.rawValue, hardware: nil, driver: nil, problem: problem)
        }, python: python.program, pythonVersion: nil, torch: nil)
    }
  }
}
