import ArgumentParser
import BenchCore
import Plugins
import Tensor

/// The options of every command that loads a model.
struct ModelOptions: ParsableArguments {
  @OptionGroup var network: NetworkOptions

  @Option(help: "Threads.")
  var threads: Int = ProcessorCount.available

  @Option(
    help: "Images per thread and pass; results do not depend on it. (default: 64, fewer where memory wants it)")
  var batch: Int?

  @OptionGroup(title: "Models that a program serves (docs/plugin-protocol.md)") var program: ProgramOptions

  func validate() throws {
    if !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 to 1024, got \(threads)") }
    if let batch, !(1...4096).contains(batch) { throw ValidationError("--batch must be 1 to 4096, got \(batch)") }
  }

  func loadOptions(imageShape: Shape?, classCount: Int?) throws -> LoadOptions {
    LoadOptions(
      architecture: network.arch, preprocessing: try network.preprocessing(), batch: batch, threads: threads,
      imageShape: imageShape, classCount: classCount, weights: network.choice)
  }
}
