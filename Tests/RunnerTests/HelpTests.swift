import Foundation
import Testing

/// Help texts and lists are compared with files under `Snapshots`; `PAGS_BENCH_RECORD=1 swift test --filter HelpTests`
/// writes them anew, to be read before they are committed.
@Suite struct HelpTests {
  @Test(arguments: [
    ["--help"], ["evaluate", "--help"], ["run", "--help"], ["tasks", "--help"], ["tasks"], ["tasks", "show", "glyphs"],
    ["plugins"], ["plugins", "show", "Conv2d"], ["plugins", "show", "state-dict"], ["leaderboard", "--help"],
    ["show", "--help"], ["show", "gradients", "--help"], ["compare", "--help"], ["leaderboard", "table", "--help"],
    ["bench", "--help"], ["sweep", "--help"], ["train", "--help"], ["twin", "--help"],
    ["reclassify", "--help"],
  ])
  func text(_ arguments: [String]) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(arguments).wait()
    #expect(outcome.status == 0)
    // The number of processors is the machine's.
    let text = outcome.output.replacing(/Threads. \(default: [0-9]+\)/, with: "Threads. (default: N)")
    let name = arguments.joined(separator: "-").replacing("--", with: "") + ".txt"
    let snapshot = RealBinary.package.appendingPathComponent("Tests/RunnerTests/Snapshots/\(name)")
    if ProcessInfo.processInfo.environment["PAGS_BENCH_RECORD"] != nil {
      try text.write(to: snapshot, atomically: true, encoding: .utf8)
    }
    let expected = try? String(contentsOf: snapshot, encoding: .utf8)
    #expect(text == expected, "\(name) differs from its snapshot, or there is none")
  }

  @Test func unknownNamesAnswerWithTheNearestAndTheList() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let task = try binary.run("tasks", "show", "glyph")
    #expect(task.status == 64)
    #expect(task.errors.contains("did you mean `glyphs`?") && task.errors.contains("cifar10, glyphs, mnist"))
    let type = try binary.run("plugins", "show", "Conv2D")
    #expect(type.status == 64 && type.errors.contains("did you mean `Conv2d`?"))
  }
}
