import ArgumentParser
import BenchCore
import Tensor

/// The options of every command that loads a model.
struct ModelOptions: ParsableArguments {
  @OptionGroup var network: NetworkOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var batchOptions: BatchOptions

  @OptionGroup(title: "Models that a program serves (docs/plugin-protocol.md)") var program: ServerOptions

  var threads: Int { threadOptions.threads }

  var batch: Int? { batchOptions.batch }

  func loadOptions(imageShape: Shape?, classCount: Int?) throws -> LoadOptions {
    LoadOptions(
      architecture: network.arch, preprocessing: try network.preprocessing(), resize: try network.size(), batch: batch,
      threads: threads,
      imageShape: imageShape, classCount: classCount, weights: network.choice)
  }
}
