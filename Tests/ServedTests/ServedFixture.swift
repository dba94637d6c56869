import BenchCore
import Checkpoints
import Foundation
import Synchronization
import Tensor
import Testing

@testable import Served

/// `TestPlugin`, started by the code under test.
struct ServedFixture {
  /// In the arguments of the plugin and of what it starts, by which their processes are found.
  let mark = UUID().uuidString

  static let program: String = {
    // The test bundle stands beside the program.
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    let built = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent(".build/debug")
    return [bundle, built].map { $0.appendingPathComponent("TestPlugin").path }
      .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "TestPlugin"
  }()

  func program(
    _ mode: String, shape: String = "1,2,3", startLimit: Duration = .seconds(60), limit: Duration = .seconds(60),
    check: @escaping @Sendable () throws -> Void = {}
  ) -> ServerCommand {
    ServerCommand(
      command: [Self.program, mode, shape, mark], folder: "/", startLimit: startLimit, requestLimit: limit,
      checkCancellation: check)
  }

  func load(
    _ program: ServerCommand, batch: Int = 4, description: ModelDescription? = nil, preprocessing: Preprocessing? = nil
  ) throws -> LoadedModel {
    try ServedPlugin().load(
      CheckpointFile(name: "weights.bin", data: Data([1])), description,
      LoadOptions(preprocessing: preprocessing, batch: batch, server: program))
  }

  /// Processes with the mark that are not zombies.
  var processes: [String] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.filter { entry in
      guard Int(entry) != nil, let line = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else {
        return false
      }
      return String(decoding: line, as: UTF8.self).contains(mark)
    }
  }

  /// Waits a moment: the system ends a process after the call that asks for it.
  func hasNoProcess() -> Bool { hasProcesses(0) }

  /// Waits a moment: a process that another starts has its arguments a while after it is there.
  func hasProcesses(_ count: Int) -> Bool {
    let end = Date().addingTimeInterval(60)
    while processes.count != count {
      guard Date() < end else { return false }
      usleep(10_000)
    }
    return true
  }

  /// What the network of `TestPlugin` computes, in double precision.
  static func reference(_ images: Tensor, cotangent: Tensor? = nil) -> (logits: [Double], gradient: [Double]) {
    func weight(_ k: Int, _ i: Int) -> Double { Double((7 * k + 3 * i) % 5) - 2 }
    var (logits, gradient): ([Double], [Double]) = ([], [])
    for row in 0..<images.batch {
      let image = images.item(row).map(Double.init)
      let vector = cotangent.map { $0.item(row).map(Double.init) } ?? [0, 0, 0]
      for k in 0..<3 { logits.append(image.enumerated().reduce(0) { $0 + weight(k, $1.offset) * tanh($1.element) }) }
      for (i, x) in image.enumerated() {
        gradient.append((0..<3).reduce(0) { $0 + vector[$1] * weight($1, i) } * (1 - tanh(x) * tanh(x)))
      }
    }
    return (logits, gradient)
  }

  static func images(_ count: Int, shape: Shape = [1, 2, 3]) -> Tensor {
    let random = RandomStream(seed: 3, name: "external")
    return Tensor(
      shape: shape.prepending(count),
      scalars: (0..<count).flatMap { random.uniforms(item: $0, count: shape.count).map(Float.init) })
  }

  static func isClose(_ values: [Float], _ reference: [Double]) -> Bool {
    values.count == reference.count
      && zip(values, reference).allSatisfy { abs(Double($0) - $1) <= 1e-5 + 1e-5 * abs($1) }
  }
}
