import Checkpoints
import Foundation
import Testing

/// Runs the program that was built with the tests, as a user would.
struct RealBinary {
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// A folder of this run's own, which stands for the project: `leaderboard/` and `models/` are made in it.
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("pags-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func removeFolder() { try? FileManager.default.removeItem(at: folder) }

  /// The package's root.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Real data and checkpoints, which are not part of the project.
  static let shared = package.deletingLastPathComponent().appendingPathComponent("shared")
  static let hasShared = FileManager.default.fileExists(atPath: shared.path)

  static let program: URL = {
    // The test bundle stands beside the program.
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let candidates = [bundle.deletingLastPathComponent(), package.appendingPathComponent(".build/debug")]
    return candidates.map { $0.appendingPathComponent("pags-bench") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
      ?? package.appendingPathComponent(".build/debug/pags-bench")
  }()

  func start(_ arguments: [String]) throws -> RunningProgram {
    try RunningProgram(program: Self.program, arguments: arguments, folder: folder)
  }

  func run(_ arguments: String...) throws -> Outcome { try start(arguments).wait() }

  /// `run` of a network on two images of a shape, whose logits go to `out.safetensors`.
  /// - Parameter network: nil where the options name a program that serves it.
  /// - Returns: the exit status and everything that was said.
  func runNetwork(_ network: String?, image: [Int], _ options: [String] = []) throws -> (status: Int32, said: String) {
    let count = 2 * image.reduce(1, *)
    try SafetensorsWriter.write(
      [TensorToWrite(name: "images", shape: [2] + image, floats: (0..<count).map { Float($0 % 31) / 31 })],
      to: path("in.safetensors"))
    let outcome = try start(
      ["run"] + (network.map { [$0] } ?? [])
        + ["--inputs", path("in.safetensors"), "--outputs", path("out.safetensors")] + options
    ).wait()
    return (outcome.status, outcome.output + outcome.errors)
  }

  /// All files in the folder but for the cache, which stands for one outside the project; relative and sorted.
  /// A process that was killed may leave a hidden `.partial` file, which nothing reads.
  var files: [String] {
    let entries = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return entries.filter {
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(
        atPath: folder.appendingPathComponent($0).path, isDirectory: &isDirectory)
      return !isDirectory.boolValue && !$0.hasSuffix(".partial") && !$0.hasPrefix(".cache/")
    }.sorted()
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ data: Data, _ name: String) throws -> String {
    try data.write(to: folder.appendingPathComponent(name))
    return path(name)
  }
}

/// A program that was started and whose output goes to files, so that no full pipe can stop it.
final class RunningProgram {
  let process = Process()
  private let outputs: [URL]

  /// - Parameter changed: variables of the environment, beside those that a test has.
  init(program: URL, arguments: [String], folder: URL, environment changed: [String: String] = [:]) throws {
    outputs = ["out", "err"].map {
      FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).\($0)")
    }
    for url in outputs { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["PAGS_BENCH_ROOT"] = folder.path
    environment["XDG_CACHE_HOME"] = folder.appendingPathComponent(".cache").path
    environment["COLUMNS"] = "80"
    environment["OPENBLAS_NUM_THREADS"] = "1"
    environment.removeValue(forKey: "PAGS_BENCH_DATA")
    environment.removeValue(forKey: "PAGS_BENCH_CACHE")
    process.environment = environment.merging(changed) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outputs[0])
    process.standardError = try FileHandle(forWritingTo: outputs[1])
    try process.run()
  }

  // A test may look at the errors and not wait.
  deinit { for url in outputs { try? FileManager.default.removeItem(at: url) } }

  func wait() throws -> RealBinary.Outcome {
    process.waitUntilExit()
    #expect(process.terminationReason == .exit, "the program crashed")
    return RealBinary.Outcome(
      status: process.terminationStatus, output: try String(contentsOf: outputs[0], encoding: .utf8),
      errors: try errors())
  }

  func errors() throws -> String { try String(contentsOf: outputs[1], encoding: .utf8) }
}
