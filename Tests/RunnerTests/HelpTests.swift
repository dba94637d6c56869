import Foundation
import Testing

/// Help texts and lists, compared with their snapshots.
@Suite struct HelpTests {
  @Test(arguments: [
    ["--help"], ["evaluate", "--help"], ["run", "--help"], ["tasks", "--help"], ["tasks"], ["tasks", "show", "glyphs"],
    ["tasks", "describe", "--help"], ["diffroar", "--help"], ["direction", "--help"],
    ["plugins"], ["plugins", "show", "Conv2d"], ["plugins", "show", "AddParameter"], ["plugins", "show", "state-dict"],
    ["leaderboard", "--help"],
    ["show", "--help"], ["show", "gradients", "--help"], ["show", "synthesis", "--help"],
    ["show", "counterfactuals", "--help"], ["compare", "--help"], ["distractor", "--help"],
    ["leaderboard", "table", "--help"], ["leaderboard", "site", "--help"],
    ["bench", "--help"], ["sweep", "--help"], ["train", "--help"], ["twin", "--help"],
    ["reclassify", "--help"], ["attack", "--help"], ["slurm", "--help"],
  ])
  func text(_ arguments: [String]) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(arguments).wait()
    #expect(outcome.status == 0)
    // The number of processors is the machine's.
    let text = outcome.output.replacing(/Threads. \(default: [0-9]+\)/, with: "Threads. (default: N)")
    Snapshot.expect(text, arguments.joined(separator: "-").replacing("--", with: ""))
  }

  @Test func unknownNamesAnswerWithTheNearestAndTheList() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let task = try binary.run("tasks", "show", "glyph")
    #expect(task.status == 64)
    #expect(
      task.errors.contains("did you mean `glyphs`?")
        && task.errors.contains("cifar10, cifar100, glyphs, imagenet, imagenet64, mnist"))
    let type = try binary.run("plugins", "show", "Conv2D")
    #expect(type.status == 64 && type.errors.contains("did you mean `Conv2d`?"))
  }
}
