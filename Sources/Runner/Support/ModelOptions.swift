import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Tensor

/// The options of every command that loads a model.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The checkpoint's description.", valueName: "model.json"))
  var model: String?

  @Option(help: ArgumentHelp("Built-in architecture, where recognition is not wanted.", valueName: "name"))
  var arch: String?

  @Option(help: ArgumentHelp("Mean of each channel that the network was trained with.", valueName: "a,b,c"))
  var mean: String?

  @Option(help: ArgumentHelp("Standard deviation of each channel.", valueName: "a,b,c"))
  var std: String?

  @Option(help: "Threads.")
  var threads: Int = ProcessorCount.available

  @Option(
    help: "Images per thread and pass; results do not depend on it. (default: 64, fewer where memory wants it)")
  var batch: Int?

  @OptionGroup(title: "Models that a program serves (docs/plugin-protocol.md)") var program: ProgramOptions

  func validate() throws {
    if (mean == nil) != (std == nil) { throw ValidationError("--mean and --std belong together") }
    _ = try preprocessing()
    if !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 to 1024, got \(threads)") }
    if let batch, !(1...4096).contains(batch) { throw ValidationError("--batch must be 1 to 4096, got \(batch)") }
  }

  func loadOptions(imageShape: Shape?, classCount: Int?) throws -> LoadOptions {
    LoadOptions(
      architecture: arch, preprocessing: try preprocessing(), batch: batch, threads: threads, imageShape: imageShape,
      classCount: classCount)
  }

  private func preprocessing() throws -> Preprocessing? {
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
