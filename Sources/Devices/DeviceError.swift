import Served

/// What goes wrong with a device, or with the process that speaks to it.
package enum DeviceError: Error, Sendable, CustomStringConvertible {
  case name(String, known: [String])
  case cannotStart(python: DevicePython, reason: String)
  /// PyTorch is there, the device is not.
  case unavailable(device: DeviceName, python: DevicePython, reason: String)
  /// The process was lost, or answered what it should not.
  case worker(Failure, problem: String, advice: String?)

  /// At what it was, and what the process said last.
  package struct Failure: Sendable {
    package let device: DeviceName
    package let python: DevicePython
    /// Such as "starting PyTorch".
    package let doing: String
    /// The end of its standard error; empty where it wrote nothing.
    package let lastWords: String
  }

  package var description: String {
    switch self {
    case .name(let text, let known):
      "`\(text)` is no device; expected one of \(known.joined(separator: ", ")), with :N for the one of number N, from 0"
    case .cannotStart(let python, let reason):
      "`\(python.program)`, the Python for --device that \(python.origin) names, cannot be started: \(reason); name one that has "
        + "PyTorch with --device-python or \(DevicePython.variable)"
    case .unavailable(let device, let python, let reason):
      "there is no device \(device): \(reason) (asked of `\(python.program)`); see pags-bench devices"
    case .worker(let failure, let problem, let advice):
      "device \(failure.device), \(failure.doing): \(problem)" + (advice.map { "; \($0)" } ?? "")
        + (failure.lastWords.isEmpty
          ? ""
          : "\nlast words of `\(failure.python.program)` on standard error:\n"
            + failure.lastWords.split(separator: "\n").map { "  | \($0)" }.joined(separator: "\n"))
    }
  }
}
