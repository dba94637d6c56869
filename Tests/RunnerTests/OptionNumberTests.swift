import Foundation
import Testing

/// Every number that an option takes, out of all bounds: refused with a message, at once.
@Suite struct OptionNumberTests {
  /// Commands as they would run but for the option. Those whose options need a model get one that does not exist.
  private static let commands: [(words: [String], rest: [String])] = [
    (["evaluate"], ["absent.pt"]), (["run"], ["absent.pt", "--inputs", "absent", "--outputs", "out"]),
    (["bench"], ["absent.pt"]), (["tasks", "show"], ["glyphs"]), (["plugins", "check"], ["absent.pt"]),
    (["show", "gradients"], ["absent.pt", "--output", "a.svg"]),
    (["show", "synthesis"], ["absent.pt", "--output", "a.svg"]),
    (["show", "counterfactuals"], ["absent.pt", "--output", "a.svg"]), (["compare"], ["absent.pt", "absent.json"]),
    (["train"], ["--output", "trained"]), (["twin"], ["absent.pt", "--output", "twin"]),
    (["sweep"], ["--output", "sweep", "--strengths", "0"]), (["submit"], ["absent"]),
    (["attack"], ["absent.pt"]), (["diffroar"], ["absent.pt"]), (["distractor"], ["absent.pt"]),
    (["direction"], ["absent.pt"]),
    (["tasks", "describe"], ["absent"]),
  ]

  /// Those that take integers.
  private static let integers: Set<String> = [
    "--images", "--threads", "--batch", "--seed", "--data-seed", "--robustness-draws", "--epochs", "--width",
    "--pgd-steps", "--latent-dimension", "--points", "--crop", "--evaluation-images", "--evaluation-seed", "--steps",
    "--restarts", "--queries", "--attacked-images", "--smoothgrad-samples", "--samples", "--reference-images",
    "--patch", "--runs", "--test-images", "--sheet-images",
    "--factor", "--target", "--magnification", "--scale",
  ]

  @Test(arguments: commands.map(\.words)) func numbersOutOfBoundsAreRefused(_ words: [String]) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let rest = try #require(Self.commands.first { $0.words == words }?.rest)
    let help = try binary.start(words + ["--help"]).wait().output
    // The samples of `tasks show` are a picture.
    let options = help.matches(of: /(?m)^ +(--[a-z-]+) </).map { String($0.1) }.filter {
      Self.integers.contains($0) && !(words == ["tasks", "show"] && $0 == "--samples")
    }
    #expect(options.contains("--threads"), "\(words): \(options)")
    for option in options {
      let isSeed = option.hasSuffix("seed")
      // What is no integer at all is the parser's matter, the same for every option.
      let odd = option == "--threads" ? ["100000000000000000000", "nan"] : []
      for value in ["-1", isSeed ? "18446744073709551615" : "9223372036854775807"] + odd {
        let start = ContinuousClock.now
        let outcome = try binary.start(words + rest + ["\(option)=\(value)"]).wait()
        #expect([1, 64].contains(outcome.status), "\(words) \(option)=\(value): \(outcome.status)")
        #expect(!outcome.errors.isEmpty && !outcome.errors.contains("Fatal"), "\(words) \(option)=\(value)")
        #expect(ContinuousClock.now - start < .seconds(60), "\(words) \(option)=\(value)")
      }
    }
  }

  @Test(arguments: [
    (["evaluate", "bayes", "--images", "100000000000"], "--images must be 2 to 1000000, got 100000000000"),
    (["evaluate", "bayes", "--robustness-draws", "100000000000"], "--robustness-draws must be 1 to 1000"),
    (["tasks", "show", "glyphs", "--threads", "0"], "--threads must be 1 to 1024, got 0"),
    (["tasks", "show", "glyphs", "--threads=-1"], "--threads must be 1 to 1024, got -1"),
    (
      ["evaluate", "m.pt", "--resize", "0"],
      "--resize must be height and width, or one number for both, from 1 to 4096, got `0`"
    ),
    (["run", "m.pt", "--inputs", "i", "--outputs", "o", "--resize", "4,4,4"], "from 1 to 4096, got `4,4,4`"),
    (["bench", "m.pt", "--resize", "1e18,2"], "from 1 to 4096, got `1e18,2`"),
    (["evaluate", "m.pt", "--resize", "2.5"], "from 1 to 4096, got `2.5`"),
    (["evaluate", "m.pt", "--resize", "many"], "from 1 to 4096, got `many`"),
    (["evaluate", "bayes", "--data", "nowhere"], "--data: there is no folder or file nowhere"),
  ]) func boundsAreNamed(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(arguments).wait()
    #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
  }

  /// Escape sequences in the names of files and tensors do not reach the terminal.
  @Test func namesCannotDriveTheTerminal() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcomes = [
      try binary.run("evaluate", "\u{1B}[2Jabsent.pt"), try binary.run("tasks", "show", "\u{1B}]0;x\u{07}"),
      try binary.run("evaluate", "bayes", "--threads", "\u{1B}[31m"),
    ]
    for outcome in outcomes {
      #expect(outcome.status != 0 && outcome.errors.contains("U+001B"))
      #expect(!(outcome.errors + outcome.output).unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 })
    }
  }
}
