import ArgumentParser
import BenchCore
import Foundation

/// What a checkpoint's network is, where it does not tell itself.
struct NetworkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The checkpoint's description.", valueName: "model.json"))
  var model: String?

  @Option(help: ArgumentHelp("Built-in architecture, where recognition is not wanted.", valueName: "name"))
  var arch: String?

  @Option(help: ArgumentHelp("Mean of each channel that the network was trained with.", valueName: "a,b,c"))
  var mean: String?

  @Option(help: ArgumentHelp("Standard deviation of each channel.", valueName: "a,b,c"))
  var std: String?

  func validate() throws {
    if (mean == nil) != (std == nil) { throw ValidationError("--mean and --std belong together") }
    _ = try preprocessing()
  }

  func preprocessing() throws -> Preprocessing? {
    guard let mean, let std else { return nil }
    return Preprocessing(mean: try numbers(mean, "--mean"), std: try numbers(std, "--std"))
  }

  private func numbers(_ text: String, _ option: String) throws -> [Float] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let number = Float(part.trimmingCharacters(in: .whitespaces)), number.isFinite else {
        throw ValidationError("\(option) must be numbers separated by commas, got `\(text)`")
      }
      return number
    }
  }
}
