import ArgumentParser
import Foundation
import Tensor

/// What numbers on the command line may be. Bounds of what is allocated or counted are far above what anybody measures with,
/// and far below what no machine holds.
enum OptionBounds {
  static let threads = 1...1024
  static let batch = 1...4096
  /// Images to measure on; confidence intervals need two at least.
  static let images = 2...1_000_000
  static let robustnessDraws = 1...1000
  /// The largest integer that a result or a recipe can hold.
  static let seed = 0...UInt64(Int64.max)

  /// - Throws: `ValidationError`, naming the option and the bounds.
  static func check<Number: Comparable>(
    _ option: String, _ value: Number?, in bounds: ClosedRange<Number>
  ) throws {
    guard let value, !bounds.contains(value) else { return }
    throw ValidationError("\(option) must be \(bounds.lowerBound) to \(bounds.upperBound), got \(value)")
  }
}

/// `--threads`, of every command that computes.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads.")
  var threads: Int = min(ProcessorCount.available, OptionBounds.threads.upperBound)

  /// Lowers them to what `ulimit -v` gives room for; results do not depend on them.
  mutating func validate() throws {
    try OptionBounds.check("--threads", threads, in: OptionBounds.threads)
    threads = AddressSpace.threads(atMost: threads)
  }
}

/// `--batch`, of every command that runs a model.
struct BatchOptions: ParsableArguments {
  @Option(
    help: "Images per thread and pass; results do not depend on it. (default: 64, fewer where memory wants it)")
  var batch: Int?

  func validate() throws { try OptionBounds.check("--batch", batch, in: OptionBounds.batch) }
}

/// `--data`, of every command that reads a task's images.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The task's data set: its folder, the one that holds it, or its archive.", valueName: "dir"))
  var data: String?

  func validate() throws {
    guard let data, !FileManager.default.fileExists(atPath: data) else { return }
    throw ValidationError("--data: there is no folder or file \(data)")
  }
}
