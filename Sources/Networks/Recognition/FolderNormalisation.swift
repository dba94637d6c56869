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
      guard let members = try members(of: name, beside: checkpoint), let found = normalisation(members) else {
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
      guard std.allSatisfy({ $0 > 0 }), found.scale.isFinite, found.scale > 0 else {
        throw ModelError.folderNormalisation(
          file: name, problem: "`\(found.stdKey)` and the factor of pixels have to be above 0")
      }
      // ((scale v - shift) - mean) / std of pixels v in [0, 1].
      let preprocessing = Preprocessing(
        mean: mean.map { Float(($0 + found.shift) / found.scale) }, std: std.map { Float($0 / found.scale) })
      if let problem = preprocessing.problem { throw ModelError.folderNormalisation(file: name, problem: problem) }
      return FolderNormalisation(
        preprocessing: preprocessing,
        note: "the normalisation stands in \(name) beside it")
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
  private static func huggingFace(_ members: [String: JSONValue]) -> Statement? {
    func isOff(_ key: String) -> Bool { if case .bool(false)? = members[key] { true } else { false } }
    let factor = members["rescale_factor"]?.doubleValue ?? 1 / 255
    // Pixels there are whole numbers to 255.
    let scale = isOff("do_rescale") ? 255 : abs(factor * 255 - 1) < 1e-6 ? 1 : factor * 255
    let shift = if case .bool(true)? = members["rescale_offset"], !isOff("do_rescale") { 1.0 } else { 0.0 }
    if isOff("do_normalize") {
      return Statement(
        meanKey: "image_mean", mean: .array([.integer(0)]), stdKey: "image_std", std: .array([.integer(1)]),
        scale: scale,
        shift: shift)
    }
    guard let mean = members["image_mean"], let std = members["image_std"] else { return nil }
    return Statement(meanKey: "image_mean", mean: mean, stdKey: "image_std", std: std, scale: scale, shift: shift)
  }

  /// timm (1.0.31) has it in `pretrained_cfg`, versions before 0.9 had it beside the architecture's name.
  private static func timm(_ members: [String: JSONValue]) -> Statement? {
    var settings = members
    if case .object(let inner)? = members["pretrained_cfg"] { settings = dictionary(inner) }
    guard members["architecture"] != nil, let mean = settings["mean"], let std = settings["std"] else { return nil }
    return Statement(meanKey: "mean", mean: mean, stdKey: "std", std: std)
  }

  /// - Returns: nil where there is no such file, or no object in it.
  private static func members(of name: String, beside checkpoint: CheckpointFile) throws -> [String: JSONValue]? {
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
    guard case .object(let members) = try JSONDecoding.parse(data, source: name) else { return nil }
    return dictionary(members)
  }

  private static func dictionary(_ members: [JSONMember]) -> [String: JSONValue] {
    Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
  }
}
