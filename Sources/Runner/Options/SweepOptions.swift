import ArgumentParser
import Foundation
import Sweeps

/// Which models a sweep has.
struct SweepOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Strengths of the objective, 0 for none.", valueName: "a,b,c"))
  var strengths: String?

  @Option(help: ArgumentHelp("Instead: the smallest strength above 0 of a logarithmic grid.", valueName: "strength"))
  var from: Double?

  @Option(help: ArgumentHelp("Its largest strength.", valueName: "strength"))
  var to: Double?

  @Option(help: ArgumentHelp("Its number of strengths; 0 is added to them.", valueName: "count"))
  var points: Int?

  @Option(help: ArgumentHelp("Seeds of the trainings.", valueName: "a,b,c"))
  var seeds: String = "0"

  @Option(help: ArgumentHelp("Work on part i of n only, counted from 1.", valueName: "i/n"))
  var shard: String?

  @Option(help: ArgumentHelp("Images to measure on. (default: the task's own)", valueName: "count"))
  var evaluationImages: Int?

  @Option(help: ArgumentHelp("Seed of the measurements.", valueName: "seed"))
  var evaluationSeed: UInt64 = 0

  func validate() throws {
    try OptionBounds.check("--evaluation-images", evaluationImages, in: OptionBounds.images)
    try OptionBounds.check("--evaluation-seed", evaluationSeed, in: OptionBounds.seed)
    if strengths != nil || from != nil || to != nil || points != nil { _ = try grid() }
    _ = try part()
  }

  /// - Throws: `ValidationError`.
  func grid() throws -> SweepGrid {
    try Self.arguments {
      let isGrid = from != nil || to != nil || points != nil
      if strengths != nil, isGrid {
        throw ValidationError("--strengths and --from, --to, --points exclude each other")
      }
      var values: [Double] = []
      if let strengths {
        values = try Self.list(strengths, "--strengths")
      } else if isGrid {
        guard let from, let to, let points else { throw ValidationError("--from, --to and --points belong together") }
        values = [0] + (try SweepGrid.logarithmic(from: from, to: to, count: points))
      }
      return try SweepGrid(strengths: values, seeds: try Self.list(seeds, "--seeds"))
    }
  }

  func part() throws -> Shard { try Self.arguments { try shard.map { try Shard($0) } ?? .whole } }

  /// What is wrong with the grid is wrong with the arguments.
  private static func arguments<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as SweepError {
      throw ValidationError("\(error)")
    }
  }

  private static func list<Number: LosslessStringConvertible>(_ text: String, _ option: String) throws -> [Number] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let number = Number(part.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("\(option) must be numbers separated by commas, got `\(text)`")
      }
      return number
    }
  }
}
