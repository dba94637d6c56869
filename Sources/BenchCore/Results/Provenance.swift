import Foundation

/// When, where and with what a result was made: the one part of it that repeating the evaluation changes.
public struct Provenance: Sendable, Equatable, Codable {
  public var toolVersion: String
  /// ISO 8601, UTC.
  public var createdAt: String
  public var elapsedSeconds: Double
  public var host: Host
  /// What computed networks instead of the host's processor; nil for that processor.
  public var device: Device?

  public struct Host: Sendable, Equatable, Codable {
    public var cpu: String
    public var threads: Int

    public init(cpu: String, threads: Int) {
      self.cpu = cpu
      self.threads = threads
    }
  }

  /// A device that another engine than the built-in one computed networks on (docs/devices.md).
  public struct Device: Sendable, Equatable, Codable {
    /// As `--device` names it, such as `cuda:0`.
    public var name: String
    /// What it is, such as `NVIDIA H200`.
    public var hardware: String
    /// Version of its driver; nil where there is none or it was not told.
    public var driver: String?
    /// How sums of products are rounded: `float32`, `tf32`, `tf32x3` or `bf16`. All but the first stand on no leaderboard.
    public var precision: String
    /// Images of every run, the last one filled up; nil where no classifier ran.
    public var imagesPerRun: Int?
    /// Versions of the software by its name, such as `torch`, `cuda`, `cudnn`.
    public var software: [String: String]

    public init(
      name: String, hardware: String, driver: String?, precision: String, imagesPerRun: Int?, software: [String: String]
    ) {
      self.name = name
      self.hardware = hardware
      self.driver = driver
      self.precision = precision
      self.imagesPerRun = imagesPerRun
      self.software = software
    }

    /// The precision of every result that others are compared with.
    public static let strictPrecision = "float32"
    static let precisions = [strictPrecision, "tf32", "tf32x3", "bf16"]
  }

  public init(toolVersion: String, createdAt: String, elapsedSeconds: Double, host: Host, device: Device? = nil) {
    self.toolVersion = toolVersion
    self.createdAt = createdAt
    self.elapsedSeconds = elapsedSeconds
    self.host = host
    self.device = device
  }

  /// Of work on this machine that began at `start` and ends now.
  package static func since(
    _ start: Date, toolVersion: String, threads: Int, device: Device? = nil
  ) -> Provenance {
    let now = Date()
    return Provenance(
      toolVersion: toolVersion, createdAt: now.ISO8601Format(),
      elapsedSeconds: (1000 * max(0, now.timeIntervalSince(start))).rounded() / 1000,
      host: Host(cpu: processorName(), threads: threads), device: device)
  }

  /// The processor's name as Linux tells it, otherwise its architecture.
  private static func processorName() -> String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last
    #if arch(x86_64)
      let architecture = "x86_64"
    #elseif arch(arm64)
      let architecture = "arm64"
    #else
      let architecture = "unknown"
    #endif
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? architecture
  }
}
