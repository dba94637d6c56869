import BenchCore
import Foundation
import Plugins

/// What an argument names where both are taken: a result of `evaluate`, by its file or its samples', or a model.
enum ModelOrResult {
  case result(URL)
  case model(ModelSource)

  /// - Throws: what `ModelSource` throws.
  init(_ argument: String, options: ModelOptions, files: ProjectFiles) throws {
    let samples = ".samples.safetensors"
    let url = URL(fileURLWithPath: argument.hasSuffix(samples) ? argument.dropLast(samples.count) + ".json" : argument)
    if argument.hasSuffix(samples) || OutputContent.result.recognise(url) != nil {
      self = .result(url)
    } else {
      self = .model(try ModelSource(argument, options: options, files: files))
    }
  }
}
