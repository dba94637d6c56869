import Foundation

/// Runs inputs one after the other in this process, which is a child of the campaign's and may die of any of them.
struct Batch {
  let kind: any InputKind.Type
  let seed: UInt64
  let indices: Range<Int>
  /// After which no further input is begun.
  let seconds: Double
  let folder: URL

  /// Writes one line to standard output before each input and one after it.
  func run() throws {
    Watch.limitAddressSpace()
    let end = ContinuousClock.now + .seconds(seconds)
    for index in indices {
      guard ContinuousClock.now < end else { break }
      say("begin \(index)")
      let (progress, message) = try runOne(index)
      if let message { say("over \(index) \(message)") }
      say("end \(index) \(progress.rawValue)")
    }
    try? FileManager.default.removeItem(at: folder)
  }

  /// - Returns: what the input did that it must not though the process survived; nil where there is nothing.
  func runOne(_ index: Int, shows: Bool = false) throws -> (Progress, problem: String?) {
    let before = Watch.memory().now
    Watch.start()
    // The makers of inputs are no part of the product, but what they call is; and a trap of theirs is to be found as well.
    var dice = Dice(seed: seed, kind: kind.id, index: index)
    let files = kind.files(&dice)
    try? FileManager.default.removeItem(at: folder)
    for file in files {
      let url = folder.appendingPathComponent(file.name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try file.data.write(to: url)
    }
    var progress = Progress.refused
    do { try kind.run(folder, &progress) } catch {
      // Messages are made of what is in the file, too.
      let message = "\(error)"
      if shows { print("\(progress.rawValue): \(message)") }
    }
    let growth = Watch.memory().peak - before
    let size = files.reduce(0) { $0 + $1.data.count }
    return (
      progress,
      growth > Watch.largestMemory + Watch.memoryPerByte * size
        ? "takes \(growth >> 20) MiB of memory for \(size) bytes of input" : nil
    )
  }

  /// Straight to the descriptor: what is buffered dies with the process.
  private func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }
}
