import ArgumentParser
import Devices
import Networks

/// `--device`: what computes networks instead of this machine's processor.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compute networks there, with PyTorch: cuda, rocm, mps, xpu or cpu-torch, with :N for the one of number N. (default: the "
        + "built-in engine on the processor)", valueName: "device"),
    completion: .list(DeviceName.Kind.allCases.map(\.rawValue)))
  var device: String?

  @Option(
    help: ArgumentHelp(
      "How the device rounds: float32, or shorter operands, tf32, tf32x3 or bf16, for results that stand on no leaderboard.",
      valueName: "precision"))
  var devicePrecision: DevicePrecision = .strict

  @OptionGroup var python: DevicePythonOptions

  func validate() throws {
    if let device {
      do { _ = try DeviceName(device) } catch { throw ValidationError("--device: \(error)") }
    } else if devicePrecision != .strict || python.devicePython != nil {
      throw ValidationError(
        "\(python.devicePython == nil ? "--device-precision" : "--device-python") belongs to --device")
    }
  }

  /// Whether results are comparable with those of others.
  var isStrict: Bool { devicePrecision == .strict }

  /// Starts the device, and has it compute all networks that are read from now on.
  /// - Parameter batch: images of a run, where the user says so.
  /// - Throws: `DeviceError`, `CancellationError`.
  func select(batch: Int?) throws {
    guard let device else { return }
    let backend = try DeviceBackend(
      DeviceRequest(
        device: DeviceName(device), precision: devicePrecision, python: python.found, limit: python.limit,
        imagesPerRun: batch, checkCancellation: { try Interruption.check() }))
    Engine.use(backend, as: backend.record)
  }
}

extension DevicePrecision: ExpressibleByArgument {}

/// A command whose networks a device can compute: it is started before the command runs.
protocol DeviceCommand: ParsableCommand {
  var deviceOptions: DeviceOptions { get }
  /// `--batch`.
  var batch: Int? { get }
  /// `--plugin`: a program that computes the model itself.
  var servingProgram: String? { get }
}

extension DeviceCommand {
  var servingProgram: String? { nil }

  /// - Throws: `ValidationError`, and what `DeviceOptions.select` throws.
  func selectDevice() throws {
    try checkDevice()
    try deviceOptions.select(batch: batch)
  }

  /// What can be said without the device.
  /// - Throws: `ValidationError`.
  func checkDevice() throws {
    if let device = deviceOptions.device, servingProgram != nil {
      throw ValidationError(
        "--device \(device) is for networks that pags-bench computes; the program of --plugin computes its model where it wants to"
      )
    }
  }
}
