import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Networks

/// What a checkpoint's network is, where it does not tell itself.
struct NetworkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The checkpoint's description.", valueName: "model.json"), completion: .file())
  var model: String?

  @Option(
    help: ArgumentHelp("Built-in architecture, where recognition is not wanted.", valueName: "name"),
    completion: .list(PluginCards.architectures.map(\.id)))
  var arch: String?

  @Option(
    help: ArgumentHelp(
      "Mean of each channel that the network was trained with; or a name that stands for --std too: \(KnownNormalisation.names).",
      valueName: "a,b,c"))
  var mean: String?

  @Option(help: ArgumentHelp("Standard deviation of each channel.", valueName: "a,b,c"))
  var std: String?

  @Option(
    help: ArgumentHelp(
      "Size that images are brought to first, bilinearly, as the network was trained; one number for both sides.",
      valueName: "h,w"))
  var resize: String?

  @Option(
    help: ArgumentHelp(
      "Which state dict, where the checkpoint holds several: its key. (default: averaged weights, where there are some)",
      valueName: "key"))
  var weights: String?

  @Option(help: ArgumentHelp("The same in a list of them: its place, from 0. (default: the first)", valueName: "n"))
  var member: Int?

  var choice: WeightsChoice { WeightsChoice(key: weights, member: member) }

  func validate() throws {
    try OptionBounds.check("--member", member, in: WeightsChoice.members)
    _ = try preprocessing()
    _ = try size()
    // A misspelt name would else be found out once a task is made, minutes later.
    if let arch {
      do { try ArchitectureCatalogue.check(arch) } catch { throw ValidationError("--arch: \(error)") }
    }
  }

  /// - Returns: `[height, width]` of `--resize`.
  func size() throws -> [Int]? {
    guard let resize else { return nil }
    let sides = NumberListArguments.numbers(resize)?.map { Int(exactly: $0) } ?? []
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
      Preprocessing.sides.contains(height), Preprocessing.sides.contains(width)
    else {
      throw ValidationError(
        "--resize must be height and width, or one number for both, from \(Preprocessing.sides.lowerBound) to "
          + "\(Preprocessing.sides.upperBound), got `\(resize)`")
    }
    return [height, width]
  }

  func preprocessing() throws -> Preprocessing? {
    if let known = mean.flatMap(KnownNormalisation.init) {
      guard std == nil || std == mean else {
        throw ValidationError("--mean \(known.rawValue) stands for --std too; leave --std out, or give both as numbers")
      }
      return known.preprocessing
    }
    if let mean { _ = try numbers(mean, "--mean") }
    guard (mean == nil) == (std == nil) else { throw ValidationError("--mean and --std belong together") }
    guard let mean, let std else { return nil }
    let result = Preprocessing(mean: try numbers(mean, "--mean"), std: try numbers(std, "--std"))
    guard result.mean.count == result.std.count else {
      throw ValidationError(
        "--mean has \(result.mean.count) numbers and --std \(result.std.count); expected one of each for every channel")
    }
    if let bad = result.std.first(where: { $0 <= 0 }) {
      throw ValidationError("--std: pixels are divided by these numbers, expected positive ones, got \(bad)")
    }
    if let problem = result.problem { throw ValidationError("--mean and --std: \(problem)") }
    return result
  }

  private func numbers(_ text: String, _ option: String) throws -> [Float] {
    guard let numbers = NumberListArguments.numbers(text) else {
      throw ValidationError(
        "\(option) must be finite numbers separated by commas or blanks"
          + (option == "--mean" ? ", or one of \(KnownNormalisation.names)" : "") + ", got `\(text)`")
    }
    return numbers
  }
}
