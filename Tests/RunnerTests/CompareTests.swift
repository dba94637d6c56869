import BenchCore
import Foundation
import JSON
import Testing

/// `compare` and `leaderboard table` through the program.
@Suite struct CompareTests {
  private struct Document: Decodable {
    struct Value: Decodable {
      let model: String
      let value: Estimate?
      let difference: Estimate?
    }

    struct Quantity: Decodable {
      let name: String
      let key: String
      let models: [Value]
    }

    let task: String
    let images: Int
    let seed: UInt64
    let baseline: String
    let quantities: [Quantity]
  }

  private func evaluate(_ binary: RealBinary, _ model: String, _ name: String, seed: Int = 4) throws -> String {
    let path = binary.path("\(name).json")
    let outcome = try binary.run(
      "evaluate", model, "--images", "40", "--seed", "\(seed)", "--no-leaderboard", "--quiet", "--output", path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return path
  }

  private func document(_ binary: RealBinary, _ arguments: String...) throws -> Document {
    let outcome = try binary.start(["compare", "--json", "--quiet"] + arguments).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoding.decode(Document.self, from: Data(outcome.output.utf8), source: "standard output")
  }

  @Test func resultsAndModelsGiveTheSameNumbers() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let bayes = try evaluate(binary, "bayes:0.5", "bayes")
    let small = try evaluate(binary, checkpoint, "small-result")
    let stored = try document(binary, bayes, small)
    #expect(stored.task == "glyphs" && stored.images == 40 && stored.seed == 4 && stored.baseline == "bayes-0.5")
    // A model is measured as the result was; samples stand for their result.
    let mixed = try document(binary, binary.path("bayes.samples.safetensors"), checkpoint)
    for (one, other) in zip(stored.quantities, mixed.quantities) {
      #expect(one.key == other.key && one.models[1].difference == other.models[1].difference, "\(one.key)")
    }
    let results = try [bayes, small].map { try ResultFile.read(URL(fileURLWithPath: $0)) }
    let accuracy = try #require(stored.quantities.first { $0.key == "accuracy" })
    #expect(accuracy.models.map(\.value) == results.map(\.measurements.accuracy))
    let expected = try results.map { try #require($0.measurements.accuracy.value) }
    #expect(abs(try #require(accuracy.models[1].difference?.value) - (expected[1] - expected[0])) < 1e-12)
    let alignment = try #require(stored.quantities.first { $0.key == "alignment" })
    #expect(alignment.models.map(\.value) == results.map(\.measurements.imageAlignment?.whole))

    let table = try binary.run("compare", bayes, small)
    #expect(
      table.status == 0 && table.output.contains("Task glyphs, 40 images, seed 4; differences are from bayes-0.5"))
    for format in ["csv", "markdown", "latex"] {
      let outcome = try binary.run("compare", bayes, small, "--format", format)
      #expect(outcome.status == 0 && outcome.output.contains("off / on"), "\(outcome.errors)")
    }
    let chosen = try binary.run("compare", bayes, small, "--format", "csv", "--columns", "model,difference,quantity")
    #expect(chosen.output.hasPrefix("model,difference,differenceLow,differenceHigh,quantity\n"), "\(chosen.errors)")
    // Before any model is measured.
    let unknown = try binary.run("compare", "nothing.pth", small, "--columns", "model,values")
    #expect(
      unknown.status == 64 && unknown.errors.contains("--columns: the table has no column `values`"),
      "\(unknown.errors)")
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard") })
  }

  @Test func whatIsNotPairedIsRefused() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let first = try evaluate(binary, "bayes:0.5", "a")
    let other = try evaluate(binary, "bayes", "b", seed: 5)
    let seeds = try binary.run("compare", first, other)
    #expect(seeds.status == 1 && seeds.errors.contains("the seed is 5 here and 4 there"), "\(seeds.errors)")
    try FileManager.default.removeItem(atPath: binary.path("b.samples.safetensors"))
    let samples = try binary.run("compare", first, other)
    #expect(samples.status == 1 && samples.errors.contains("there are no samples beside it"), "\(samples.errors)")
    for (arguments, status, message) in [
      ([first], 64, "the number of models must be 2 to 100"), ([first, binary.path("absent.json")], 1, "absent.json"),
      ([first, "bayes", "--images", "0"], 64, "--images must be"),
      ([first, "bayes", "--images=-1"], 64, "--images must be"),
      ([first, "bayes", "--format", "pdf"], 64, "--format"),
      ([first, "bayes", "--model", "x"], 64, "--model and --plugin"),
      ([first, "bayes", "--images", "30"], 1, "the number of images is 30 here and 40 there"),
    ] as [([String], Int32, String)] {
      let outcome = try binary.start(["compare", "--quiet"] + arguments).wait()
      #expect(outcome.status == status && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
    }
  }

  // MARK: Tables

  private static let committed = RealBinary.package.appendingPathComponent("leaderboard").path

  @Test func theCommittedLeaderboardAsTables() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func rows(_ options: String...) throws -> [[String]] {
      let outcome = try binary.start(
        ["leaderboard", "table", "--directory", Self.committed, "--task", "glyphs", "--format", "csv"] + options
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output.split(separator: "\n").map { line in
        // No committed name has a quote within.
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap { index, part -> [String] in
          index % 2 == 1 ? [String(part)] : part.split(separator: ",", omittingEmptySubsequences: true).map(String.init)
        }
      }
    }
    let table = try rows()
    #expect(table[0].prefix(4) == ["name", "id", "task", "architecture"])
    let document = try JSONDecoding.parse(
      Data(contentsOf: URL(fileURLWithPath: Self.committed + "/leaderboard.json")), source: "leaderboard.json")
    let entries = try #require(
      document["tasks"]?.arrayValue?.first { $0["id"]?.stringValue == "glyphs" }?["entries"]?.arrayValue)
    #expect(table.dropFirst().map { $0[1] } == entries.map { $0["id"]?.stringValue })
    #expect(
      try rows("--sort", "parameters").dropFirst().map { Int($0[4]) ?? -1 }
        == entries.compactMap { $0["parameters"]?.intValue }.sorted())
    let names = try rows("--sort", "name").dropFirst().map { $0[0] }
    #expect(names == names.sorted())
    #expect(try rows("--sort", "accuracy", "--reverse").count == table.count)

    #expect(
      try rows("--columns", "id, parameters").dropFirst().map { $0[0] } == entries.map { $0["id"]?.stringValue })
    for (columns, message) in [
      ("id,acuracy", "did you mean `accuracy`?"), ("id,id", "id is there twice"), ("", "has no column"),
    ] {
      let refused = try binary.run("leaderboard", "table", "--directory", Self.committed, "--columns", columns)
      #expect(refused.status == 64 && refused.errors.contains(message), "\(refused.errors)")
    }

    for format in ["text", "markdown", "latex"] {
      let outcome = try binary.run("leaderboard", "table", "--directory", Self.committed, "--format", format)
      #expect(outcome.status == 0 && outcome.output.contains("bayes-aligned"), "\(outcome.errors)")
    }
    let unknown = try binary.run("leaderboard", "table", "--directory", Self.committed, "--task", "glyph")
    #expect(unknown.status == 64 && unknown.errors.contains("did you mean `glyphs`?"), "\(unknown.errors)")
    let order = try binary.run("leaderboard", "table", "--directory", Self.committed, "--sort", "beauty")
    #expect(order.status == 64, "\(order.errors)")
    #expect(binary.files.isEmpty)
  }
}
