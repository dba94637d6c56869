import Foundation

/// Which device is to compute, with which Python, and how long it may take.
package struct DeviceRequest: Sendable {
  package var device: DeviceName
  package var precision: DevicePrecision
  package var python: DevicePython
  /// For the start, in which PyTorch is imported, and for one answer.
  package var limit: Duration
  /// Images of every run, where the user says so: numbers depend on it.
  package var imagesPerRun: Int?
  package var checkCancellation: @Sendable () throws -> Void

  package init(
    device: DeviceName, precision: DevicePrecision = .strict, python: DevicePython = .found(),
    limit: Duration = .seconds(300), imagesPerRun: Int? = nil,
    checkCancellation: @escaping @Sendable () throws -> Void = {}
  ) {
    self.device = device
    self.precision = precision
    self.python = python
    self.limit = limit
    self.imagesPerRun = imagesPerRun
    self.checkCancellation = checkCancellation
  }
}

/// The Python that runs the worker; PyTorch has to be installed for it.
package struct DevicePython: Sendable {
  package static let variable = "PAGS_BENCH_PYTHON"

  /// A name on the PATH, or an absolute path.
  package let program: String
  /// Where the choice comes from, in words.
  package let origin: String

  /// `option`, otherwise what `PAGS_BENCH_PYTHON` names, otherwise `python3`.
  package static func found(option: String? = nil) -> DevicePython {
    if let option { return DevicePython(option, origin: "--device-python") }
    if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty {
      return DevicePython(named, origin: variable)
    }
    return DevicePython("python3", origin: "the PATH")
  }

  private init(_ program: String, origin: String) {
    // The worker runs in another folder.
    let isPath = program.contains("/")
    let folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
    self.program = isPath ? URL(fileURLWithPath: program, relativeTo: folder).path : program
    self.origin = origin
  }
}
