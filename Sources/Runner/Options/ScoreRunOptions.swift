import ArgumentParser
import BenchCore
import Foundation
import Plugins

/// `run --score`: the options that stand in place of a model's.
struct ScoreRunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write the score of this model of the images instead, in pixel units: \(PagsBench.plugins.spelledUsages(.score, withExact: false)).",
      valueName: "score"),
    transform: { try ReferenceChoice(argument: $0, of: .score) })
  var score: ReferenceChoice?

  @Option(help: ArgumentHelp("Noise level of --score, in pixel units.", valueName: "s"))
  var noise: Double?

  @Option(
    help: ArgumentHelp(
      "Classes that --score is conditional on, from 0: one for all images, or one of each.", valueName: "a,b,..."))
  var classes: String?

  /// - Throws: `ValidationError` for what does not go together.
  /// - Returns: what to do; nil where no score is asked for.
  func work(hasCheckpoint: Bool) throws -> ScoreRun? {
    guard let score else {
      if noise != nil { throw ValidationError("--noise belongs to --score") }
      if classes != nil { throw ValidationError("--classes belongs to --score") }
      return nil
    }
    guard score != .exact else {
      throw ValidationError("\(ScoreRunError.exact)")
    }
    guard !hasCheckpoint else {
      throw ValidationError("--score takes the place of the model's checkpoint; give one of them")
    }
    guard let noise else { throw ValidationError("--score needs --noise, its noise level in pixel units") }
    guard noise.isFinite, noise > 0 else {
      throw ValidationError("--noise must be a positive number in pixel units, got \(noise)")
    }
    return ScoreRun(choice: score, noise: noise, classes: try labels())
  }

  private func labels() throws -> [Int]? {
    guard let classes else { return nil }
    let parts = classes.split(separator: ",", omittingEmptySubsequences: false)
    let labels = parts.compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard labels.count == parts.count, labels.allSatisfy({ $0 >= 0 }) else {
      throw ValidationError("--classes must be class numbers from 0 separated by commas, got `\(classes)`")
    }
    return labels
  }
}
