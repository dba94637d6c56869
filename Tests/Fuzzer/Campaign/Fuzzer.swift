import ArgumentParser
import Foundation

/// Inputs that nobody would write, given to every way in.
@main
struct Fuzzer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Gives made-up files and messages to every way in, and reports what traps, hangs or floods.",
    discussion: """
      Each input is a function of kind, seed and index. What is found is printed with the three; the same options with --index \
      run it again in this process, with --keep leaving its files. The exit status is 1 where anything was found.
      """)

  @Option(help: ArgumentHelp("How long, all kinds together.", valueName: "s"))
  var seconds = 60.0

  @Option(help: "Of the inputs.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "One of \(InputKinds.all.map { $0.id }.joined(separator: ", ")); may be repeated. (default: all)"))
  var kind: [String] = []

  @Option(help: "The first index of each kind.")
  var from = 0

  @Option(help: "At most so many inputs of each kind.")
  var count = 1 << 40

  @Option(help: "Run this input alone, in this process.")
  var index: Int?

  @Option(help: ArgumentHelp("Where --index leaves the input's files.", valueName: "dir"))
  var keep: String?

  @Option(help: .hidden)
  var range: String?

  @Option(help: .hidden)
  var peer: String?

  func validate() throws {
    for id in kind where InputKinds.named(id) == nil {
      throw ValidationError(
        "there is no kind `\(id)`; known are \(InputKinds.all.map { $0.id }.joined(separator: ", "))")
    }
    guard seconds.isFinite, seconds > 0, seconds < 1e7 else {
      throw ValidationError("--seconds is \(seconds), expected a positive number")
    }
    guard [from, count, index ?? 0].allSatisfy({ (0...1 << 40).contains($0) }) else {
      throw ValidationError("indices and counts are 0 to 2^40")
    }
    guard index == nil && range == nil || kind.count == 1 else {
      throw ValidationError("--index is that of one --kind")
    }
  }

  func run() throws {
    if let peer { return Peer.run(URL(fileURLWithPath: peer)) }
    let kinds = kind.isEmpty ? InputKinds.all : kind.compactMap(InputKinds.named)
    if let range = try range.map(Self.indices) {
      try batch(kinds[0], range, folder: temporaryFolder).run()
    } else if let index {
      let batch = batch(kinds[0], index..<index + 1, folder: keep.map { URL(fileURLWithPath: $0) } ?? temporaryFolder)
      Watch.limitAddressSpace()
      let (progress, problem) = try batch.runOne(index, shows: true)
      print("\(progress.rawValue)\(problem.map { ": \($0)" } ?? "")")
      if keep == nil { try? FileManager.default.removeItem(at: batch.folder) }
      if problem != nil { throw ExitCode(1) }
    } else {
      let findings = try Campaign(kinds: kinds, seed: seed, seconds: seconds, indices: from..<from + count).run()
      guard findings.isEmpty else {
        print("\(findings.count) found")
        throw ExitCode(1)
      }
    }
  }

  private var temporaryFolder: URL {
    FileManager.default.temporaryDirectory.appendingPathComponent(
      "pags-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
  }

  private func batch(_ kind: any InputKind.Type, _ indices: Range<Int>, folder: URL) -> Batch {
    Batch(kind: kind, seed: seed, indices: indices, seconds: seconds, folder: folder)
  }

  private static func indices(_ text: String) throws -> Range<Int> {
    let ends = text.split(separator: "-").compactMap { Int($0) }
    guard ends.count == 2, ends[0] <= ends[1] else {
      throw ValidationError("--range is `\(text)`, expected FIRST-LAST")
    }
    return ends[0]..<ends[1]
  }
}
