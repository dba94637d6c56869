import Foundation
import Testing

/// Normalisations as people report them, of models that a program serves.
@Suite struct ReportedProgramTests {
  /// Who says by what pixels are normalised.
  enum Source: Sendable {
    case program
    case description(mean: String, std: String)
    case commandLine(mean: String, std: String)
  }

  /// `run` of a model that `TestPlugin` serves, named by a description or on the command line.
  private func run(_ traits: String, _ source: Source, snapshot: String) throws -> (status: Int32, said: String) {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    var options: [String]
    var model: String?
    switch source {
    case .description(let mean, let std):
      let path = binary.path("model.json")
      try """
      {"id": "served", "name": "Served", "plugin": {"command": ["\(ServedRunTests.plugin)", "\(traits)"]},
       "preprocessing": {"mean": [\(mean)], "std": [\(std)]}}
      """.write(toFile: path, atomically: true, encoding: .utf8)
      (model, options) = (path, ["--allow-plugin"])
    case .program: options = ["--plugin", "'\(ServedRunTests.plugin)' \(traits)"]
    case .commandLine(let mean, let std):
      options = ["--plugin", "'\(ServedRunTests.plugin)' \(traits)", "--mean", mean, "--std", std]
    }
    let outcome = try binary.runNetwork(model, image: [1, 2, 3], options)
    Snapshot.expect(
      outcome.said.replacing(binary.folder.path, with: "FOLDER").replacing(ServedRunTests.plugin, with: "PROGRAM"),
      "reported/served-\(snapshot)")
    return outcome
  }

  @Test(
    "numbers of 0 to 255 are refused with those that are meant, whoever gives them",
    arguments: [
      ("normalised,of-255", .program, 1), ("normalised", .description(mean: "127.5", std: "51"), 1),
      ("normalised", .commandLine(mean: "127.5", std: "51"), 64), ("good", .description(mean: "127.5", std: "51"), 1),
      ("good", .commandLine(mean: "127.5", std: "51"), 64),
      // What it does with the pixels only the program knows.
      ("good,of-255", .program, 0),
    ] as [(String, Source, Int32)])
  func numbersOf255(_ traits: String, _ source: Source, _ status: Int32) throws {
    let outcome = try run(traits, source, snapshot: "numbersOf255-\(Self.name(traits, source))")
    #expect(outcome.status == status, "\(outcome)")
    #expect(outcome.said.contains("divided by 255 they are mean 0.5, std 0.2"), "\(outcome)")
    #expect(status != 0 || outcome.said.contains("WARNING"), "\(outcome)")
  }

  @Test(
    "means that are the deviations are remarked",
    arguments: [
      ("normalised,same", .program), ("normalised", .description(mean: "0.3", std: "0.3")),
      ("normalised", .commandLine(mean: "0.3", std: "0.3")), ("good,same", .program),
      ("good,untold", .description(mean: "0.3", std: "0.3")),
    ] as [(String, Source)])
  func sameNumbers(_ traits: String, _ source: Source) throws {
    let outcome = try run(traits, source, snapshot: "sameNumbers-\(Self.name(traits, source))")
    #expect(outcome.status == 0 && outcome.said.contains("were the means given for both?"), "\(outcome)")
  }

  @Test(
    "deviations of zero and means of other channels are refused",
    arguments: [
      ("normalised,zero", .program, 1, "one finite mean and one positive deviation"),
      ("normalised", .description(mean: "0.5", std: "0"), 1, "pixels are divided by it"),
      ("normalised", .commandLine(mean: "0.5", std: "0"), 64, "pixels are divided by these numbers"),
      ("good,untold", .description(mean: "0.5", std: "0"), 1, "takes pixels and normalises them itself"),
      ("normalised", .description(mean: "0.5, 0.4", std: "0.2, 0.2"), 1, "the images 1 channels"),
      ("normalised", .commandLine(mean: "0.5,0.4", std: "0.2,0.2"), 1, "the images 1 channels"),
      ("good,untold", .description(mean: "0.5, 0.4", std: "0.2, 0.2"), 1, "for each of 1 channels"),
    ] as [(String, Source, Int32, String)])
  func unusable(_ traits: String, _ source: Source, _ status: Int32, _ words: String) throws {
    let outcome = try run(traits, source, snapshot: "unusable-\(Self.name(traits, source))")
    #expect(outcome.status == status && outcome.said.contains(words), "\(outcome)")
  }

  @Test(
    "a program that takes pixels is not normalised for, and what it says of that is said",
    arguments: [
      ("good", .program, 0, "says that it normalises them itself"),
      ("good", .description(mean: "0.5", std: "0.5"), 0, "says that it normalises them itself"),
      ("good", .description(mean: "0.4", std: "0.2"), 1, "correct one of them"),
      ("good", .commandLine(mean: "0.4", std: "0.2"), 1, "leave --mean and --std out"),
      ("good,untold", .program, 0, "does not say whether it normalises them"),
      ("good,untold", .description(mean: "0.4", std: "0.2"), 0, "recorded and not applied"),
      ("good,untold", .commandLine(mean: "0.4", std: "0.2"), 1, "leave --mean and --std out"),
      ("normalised,untold", .program, 0, "nothing says how pixels are normalised"),
    ] as [(String, Source, Int32, String)])
  func pixels(_ traits: String, _ source: Source, _ status: Int32, _ words: String) throws {
    let outcome = try run(traits, source, snapshot: "pixels-\(Self.name(traits, source))")
    #expect(outcome.status == status && outcome.said.contains(words), "\(outcome)")
  }

  private static func name(_ traits: String, _ source: Source) -> String {
    let traits = traits.replacing(",", with: "-")
    return switch source {
    case .program: traits
    case .description(let mean, let std): "\(traits)---model-json-\(mean)-\(std)".replacing(", ", with: "-")
    case .commandLine(let mean, let std): "\(traits)---mean-\(mean)---std-\(std)".replacing(",", with: "-")
    }
  }
}
