import Foundation

/// When, where and with what a result was made: the one part of it that repeating the evaluation changes.
public struct Provenance: Sendable, Equatable, Codable {
  public var toolVersion: String
  /// ISO 8601, UTC.
  public var createdAt: String
  public var elapsedSeconds: Double
  public var host: Host

  public struct Host: Sendable, Equatable, Codable {
    public var cpu: String
    public var threads: Int

    public init(cpu: String, threads: Int) {
      self.cpu = cpu
      self.threads = threads
    }
  }

  public init(toolVersion: String, createdAt: String, elapsedSeconds: Double, host: Host) {
    self.toolVersion = toolVersion
    self.createdAt = createdAt
    self.elapsedSeconds = elapsedSeconds
    self.host = host
  }

  /// Of work on this machine that began at `start` and ends now.
  package static func since(_ start: Date, toolVersion: String, threads: Int) -> Provenance {
    let now = Date()
    return Provenance(
      toolVersion: toolVersion, createdAt: now.ISO8601Format(),
      elapsedSeconds: (1000 * max(0, now.timeIntervalSince(start))).rounded() / 1000,
      host: Host(cpu: processorName(), threads: threads))
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
