import BenchCore
import Checkpoints
import Foundation
import JSON

/// The normalisation that stands beside a network's weights: in the `preprocessor_config.json` of Hugging Face's `save_pretrained` and optimum's
/// exports, or in timm's `config.json`.
struct FolderNormalisation {
  /// Of pixels in [0, 1].
  let preprocessing: Preprocessing
  /// What is to be said.
  let note: String

  /// As these libraries call weights. Beside others such a file may belong to anything.
  private static let weightNames: Set<String> = ["model.safetensors", "pytorch_model.bin", "model.onnx"]

  /// A configuration has some hundred bytes.
  private static let largestFile = 1 << 20

  /// - Returns: nil where nothing beside the checkpoint says it.
  /// - Throws: `JSONError`; `ModelError.folderNormalisation` where what it says is none for so many channels.
  static func read(beside checkpoint: CheckpointFile, channels: Int) throws -> FolderNormalisation? {
    guard weightNames.contains(checkpoint.name) else { return nil }
    for (name, normalisation) in [("preprocessor_config.json", huggingFace), ("config.json", timm)] {
      guard let settings = try settings(of: name, beside: checkpoint), let found = normalisation(settings) else {
        continue
      }
      func values(_ key: String, _ value: JSONValue) throws -> [Double] {
        guard case .array(let elements) = value, elements.count == 1 || elements.count == channels,
          case let numbers = elements.compactMap(\.doubleValue), numbers.count == elements.count,
          numbers.allSatisfy(\.isFinite)
        else {
          throw ModelError.folderNormalisation(
            file: name, problem: "`\(key)` is not a list of \(channels) numbers, one for each channel of the images")
        }
        return numbers.count == 1 ? Array(repeating: numbers[0], count: channels) : numbers
      }
      let (mean, std) = (try values(found.meanKey, found.mean), try values(found.stdKey, found.std))
      // ((scale v - shift) - mean) / std of pixels v in [0, 1].
      let preprocessing = Preprocessing(
        mean: mean.map { Float(($0 + found.shift) / found.scale) }, std: std.map { Float($0 / found.scale) })
      guard found.scale > 0, preprocessing.mean.allSatisfy(\.isFinite),
        preprocessing.std.allSatisfy({ $0 > 0 && $0.isFinite })
      else {
        throw ModelError.folderNormalisation(
          file: name, problem: "`\(found.stdKey)` and the factor of pixels have to be above 0, and all of it finite")
      }
      if let problem = preprocessing.problem { throw ModelError.folderNormalisation(file: name, problem: problem) }
      return FolderNormalisation(
        preprocessing: preprocessing, note: "the normalisation stands in \(name) beside it")
    }
    return nil
  }

  /// What a file says, as it says it.
  private struct Statement {
    let meanKey: String
    let mean: JSONValue
    let stdKey: String
    let std: JSONValue
    /// What pixels in [0, 1] are multiplied by before, and what is taken from them then.
    var scale = 1.0
    var shift = 0.0
  }

  /// The processor of transformers (5.24.0). Without means, those of its class are meant, which the file need not name.
  private static func huggingFace(_ settings: JSONValue) -> Statement? {
    let factor = settings["rescale_factor"]?.doubleValue ?? 1 / 255
    let rescales = settings["do_rescale"]?.boolValue != false
    // Pixels there are whole numbers to 255.
    let scale = !rescales ? 255 : abs(factor * 255 - 1) < 1e-6 ? 1 : factor * 255
    let shift = rescales && settings["rescale_offset"]?.boolValue == true ? 1.0 : 0.0
    let normalises = settings["do_normalize"]?.boolValue != false
    guard let mean = normalises ? settings["image_mean"] : .array([.integer(0)]),
      let std = normalises ? settings["image_std"] : .array([.integer(1)])
    else { return nil }
    return Statement(meanKey: "image_mean", mean: mean, stdKey: "image_std", std: std, scale: scale, shift: shift)
  }

  /// timm (1.0.31) has it in `pretrained_cfg`; older files have it beside the architecture's name.
  private static func timm(_ settings: JSONValue) -> Statement? {
    let own = settings["pretrained_cfg"] ?? settings
    guard settings["architecture"] != nil, let mean = own["mean"], let std = own["std"] else { return nil }
    return Statement(meanKey: "mean", mean: mean, stdKey: "std", std: std)
  }

  /// - Returns: nil where there is no such file.
  private static func settings(of name: String, beside checkpoint: CheckpointFile) throws -> JSONValue? {
    let url = checkpoint.url.deletingLastPathComponent().appendingPathComponent(name)
    guard let size = try? url.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey]), size.isRegularFile == true,
      let bytes = size.fileSize
    else { return nil }
    guard bytes <= largestFile else {
      throw ModelError.folderNormalisation(
        file: name, problem: "has \(bytes) bytes, a configuration at most \(largestFile)")
    }
    guard let data = try? Data(contentsOf: url) else {
      throw ModelError.folderNormalisation(file: name, problem: "cannot be read")
    }
    return try JSONDecoding.parse(data, source: name)
  }
}
