import ArgumentParser
import Devices

/// The Python whose PyTorch computes networks, and how long it is waited for.
struct DevicePythonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The Python that has PyTorch. (default: \(DevicePython.variable) of the environment, otherwise python3)",
      valueName: "file"), completion: .file())
  var devicePython: String?

  @Option(help: ArgumentHelp("How long the device may take to start, and for one answer.", valueName: "seconds"))
  var deviceLimit: Double = 300

  func validate() throws {
    guard deviceLimit > 0, deviceLimit <= 1e6 else {
      throw ValidationError("--device-limit must be above 0 and at most 1000000 seconds, got \(deviceLimit)")
    }
  }

  var found: DevicePython { .found(option: devicePython) }

  var limit: Duration { .seconds(deviceLimit) }
}
