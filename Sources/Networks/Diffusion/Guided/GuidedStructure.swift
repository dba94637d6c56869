import BenchCore
import Checkpoints
import JSON

/// A network of openai/guided-diffusion or improved-diffusion by its state dict: what names and shapes tell, and what they do not, as
/// the published networks of 32 and 64 pixels have it.
///
/// Not to be told from tensors: the size of the images (but that each size has its own list of widths), heads, the order of queries,
/// keys and values, and everything about the noise.
struct GuidedStructure: Sendable {
  let imageSize: Int
  let inputChannels: Int
  let outputChannels: Int
  /// 0 for a network that knows none.
  let classes: Int
  /// Channels of the widest convolution at full size, and of the embedded time.
  let width: Int
  /// Channels of the levels, from full size down.
  let levels: [Int]
  /// Places of the encoder that a level takes: its blocks, and one that halves or begins.
  let placesPerLevel: Int
  /// Whether residual blocks halve and double, as in the published networks of guided-diffusion, and not convolutions.
  let resamplesInBlocks: Bool
  let schedule: StepSchedule
  private let heads: Heads
  /// Whether all queries come before all keys, and not those of each head before its keys.
  let hasNewOrder: Bool

  private enum Heads: Sendable {
    case count(Int)
    case channels(Int)
  }

  /// What `architecture` of a description may say, under the names of the repository's options.
  private struct Told: Decodable {
    var imageSize: Int?
    var heads: Int?
    var headChannels: Int?
    var newAttentionOrder: Bool?
    var noiseSchedule: String?
    var diffusionSteps: Int?
    var rescaleTimesteps: Bool?
  }

  /// Widths of levels over that of the first convolution, twice, of the sizes that the repositories know.
  private static let sizes: [[Int]: Int] = [
    [2, 4, 4, 4]: 32, [2, 4, 6, 8]: 64, [2, 2, 4, 6, 8]: 128, [2, 2, 4, 4, 8, 8]: 256, [1, 2, 2, 4, 4, 8, 8]: 512,
  ]

  /// - Throws: `DiffusionError`, `JSONError`.
  init(_ weights: UNetWeights, _ description: ModelDescription?) throws {
    let file = weights.file
    let told = try description?.architecture.map { try description?.layers(Told.self, in: $0) } ?? nil
    let (width, inputChannels, outputChannels) = try Self.ends(weights)
    let (levels, placesPerLevel, resamplesInBlocks) = try Self.levels(weights)
    (self.width, self.inputChannels, self.outputChannels) = (width, inputChannels, outputChannels)
    (self.levels, self.placesPerLevel, self.resamplesInBlocks) = (levels, placesPerLevel, resamplesInBlocks)
    classes = weights.shape(of: "label_emb.weight")?.first ?? 0
    let ratios = levels.map { 2 * $0 / width }
    guard let size = told?.imageSize ?? Self.sizes[ratios], (1...4096).contains(size),
      size.isMultiple(of: 1 << (levels.count - 1))
    else {
      throw DiffusionError.cannotTell(
        file: file, what: "the side of its images, whose levels have \(levels) channels",
        advice: Self.advice("\"imageSize\": 48"))
    }
    imageSize = size
    // Published are, with an estimate of the variances, guided-diffusion's 64 pixels and improved-diffusion's 32 and 64.
    let isPublished = outputChannels == 2 * inputChannels && (size == 64 || size == 32 && !resamplesInBlocks)
    hasNewOrder = told?.newAttentionOrder ?? (isPublished && resamplesInBlocks)
    heads = try Self.heads(told, file: file, isPublished: isPublished, isGuided: resamplesInBlocks)
    schedule = try Self.schedule(told, file: file, isPublished: isPublished, isGuided: resamplesInBlocks)
  }

  /// Heads of an attention of so many channels.
  /// - Throws: `DiffusionError.invalidSetting`.
  func heads(of channels: Int, in name: String, file: String) throws -> Int {
    let count =
      switch heads {
      case .count(let count): count
      case .channels(let size): channels.isMultiple(of: size) ? channels / size : 0
      }
    guard count > 0, channels.isMultiple(of: count) else {
      let got =
        switch heads {
        case .count(let count): "\(count) heads"
        case .channels(let size): "\(size) channels a head"
        }
      throw DiffusionError.invalidSetting(
        file: file, module: name, setting: "heads", got: got, expected: "a divisor of its \(channels) channels")
    }
    return count
  }

  // MARK: - What tensors tell

  private static func ends(_ weights: UNetWeights) throws -> (width: Int, inputs: Int, outputs: Int) {
    guard let first = weights.shape(of: "input_blocks.0.0.weight"), first.count == 4, (1...64).contains(first[1]),
      let width = weights.shape(of: "time_embed.0.weight")?.last, width >= 4, width.isMultiple(of: 2)
    else {
      let some = weights.names.sorted().prefix(3).map { "`\($0)`" }.joined(separator: ", ")
      throw DiffusionError.notGuided(file: weights.file, found: "its tensors (\(some), ...) are not those of a U-Net")
    }
    guard let last = weights.shape(of: "out.2.weight"), last.count == 4,
      weights.names.contains(where: { $0.hasPrefix("output_blocks.") })
    else {
      throw DiffusionError.notGuided(
        file: weights.file, found: "it has an encoder and no decoder, as the classifiers that guide such models")
    }
    guard last[0] == first[1] || last[0] == 2 * first[1] else {
      throw DiffusionError.notGuided(
        file: weights.file,
        found:
          "it takes \(first[1]) channels and gives \(last[0]), as models that enlarge images do, which have no score")
    }
    return (width, first[1], last[0])
  }

  private static func levels(_ weights: UNetWeights) throws -> (channels: [Int], places: Int, inBlocks: Bool) {
    func count(_ part: String) -> Int {
      var count = 0
      let places = Set(
        weights.names.filter { $0.hasPrefix(part) }.map { $0.dropFirst(part.count).prefix { $0 != "." } })
      while places.contains("\(count)") { count += 1 }
      return count
    }
    let (inside, outside) = (count("input_blocks."), count("output_blocks."))
    func wrong(_ reason: String) -> DiffusionError {
      .wiring(file: weights.file, module: "", reason: reason)
    }
    guard inside == outside, inside <= DiffusionUNet.largestStepCount else {
      throw wrong("has \(inside) places in the encoder and \(outside) in the decoder, expected as many in both")
    }
    var doubling: [(place: Int, inBlock: Bool)] = []
    for place in 0..<outside {
      for module in 1...2 {
        let name = "output_blocks.\(place).\(module)."
        if weights.contains(name + "conv.weight") { doubling.append((place, false)) }
        if weights.contains(name + "in_layers.0.weight") { doubling.append((place, true)) }
      }
    }
    let levels = doubling.count + 1
    let places = inside / levels
    guard inside.isMultiple(of: levels), places >= 2,
      doubling.enumerated().allSatisfy({ $1.place == ($0 + 1) * places - 1 })
    else { throw wrong("doubles its images at places \(doubling.map(\.place)) of \(outside), expected evenly") }
    let isInBlocks = doubling.contains { $0.inBlock }
    let channels = try (0..<levels).map { level in
      let name = "input_blocks.\(1 + level * places).0.out_layers.3.weight"
      guard let outputs = weights.shape(of: name)?.first, outputs > 0 else {
        throw DiffusionError.missingTensor(file: weights.file, tensor: name)
      }
      return outputs
    }
    return (channels, places, isInBlocks)
  }

  // MARK: - What they do not

  private static func heads(_ told: Told?, file: String, isPublished: Bool, isGuided: Bool) throws -> Heads {
    if let channels = told?.headChannels, channels > 0 { return .channels(channels) }
    if let count = told?.heads, count > 0 { return .count(count) }
    if isPublished { return isGuided ? .channels(64) : .count(4) }
    throw DiffusionError.cannotTell(
      file: file, what: "its attention heads, and is none of the published networks of 32 and 64 pixels",
      advice: advice("\"headChannels\": 64` or `\"heads\": 4"))
  }

  private static func schedule(_ told: Told?, file: String, isPublished: Bool, isGuided: Bool) throws -> StepSchedule {
    // Consistency models of the same names are no denoisers, and the EDM models beside them are told the noise otherwise.
    let name = file.lowercased()
    guard !["cd_", "ct_", "edm_"].contains(where: name.hasPrefix) else {
      throw DiffusionError.notGuided(
        file: file, found: "by its name it is a consistency model or the EDM model that one was made of")
    }
    let steps = told?.diffusionSteps ?? (isGuided ? 1000 : 4000)
    guard let text = told?.noiseSchedule ?? (isPublished ? "cosine" : nil), told?.diffusionSteps != nil || isPublished,
      let kind = StepSchedule.Kind(rawValue: text), (2...100_000).contains(steps)
    else {
      throw DiffusionError.cannotTell(
        file: file, what: "the noise of its training",
        advice: advice("\"noiseSchedule\": \"linear\" (or \"cosine\"), \"diffusionSteps\": 1000"))
    }
    return StepSchedule(file: file, kind, steps: steps, rescalesTime: told?.rescaleTimesteps ?? !isGuided)
  }

  private static func advice(_ setting: String) -> String {
    "say it in a model.json beside it: `\"architecture\": {\(setting)}`"
  }
}
