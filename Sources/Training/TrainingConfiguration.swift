import BenchCore
import Foundation
import JSON
import Networks

/// Everything that decides what a training makes: the same configuration makes the same checkpoint, byte by byte. It is
/// what a recipe holds, and is stored beside the checkpoint.
package struct TrainingConfiguration: Sendable, Codable, Equatable {
  package var task = "glyphs"
  /// Anything but a classifier has an objective of its own; of `objective` only the denoiser's `noise` is used then.
  package var kind = ModelDescription.Kind.classifier
  /// Of an autoencoder.
  package var latentDimension = 128
  /// Of a denoiser: whether it finds the noise for every class by itself.
  package var conditional = false
  package var architecture = "cnn-small"
  /// Of a generator: the classifier that it is trained against.
  package var critic = "cnn-small"
  /// Channels of the first convolution; nil for the architecture's own.
  package var width: Int?
  package var objective = ObjectiveConfiguration()
  /// Of the weights, the order of the images, noise and augmentation.
  package var seed: UInt64 = 0
  /// How many training images; nil for the task's own number.
  package var images: Int?
  /// Of drawn training images.
  package var dataSeed: UInt64 = 7
  package var epochs = 3
  /// Images per step. The last images of an epoch that do not fill a batch are left out, others in every epoch.
  package var batch = 64
  package var optimizer = OptimizerConfiguration()
  package var schedule = ScheduleConfiguration()
  /// Largest norm of the gradient of all weights together; nil for no limit.
  package var gradientClipping: Double? = 5
  package var augmentation = AugmentationConfiguration()
  package var initialisation = Initialisation.pytorch
  /// Whether batch normalisation keeps the statistics that it begins with, mean 0 and variance 1, in training too: an affine map.
  package var frozenBatchNorm = false
  /// (pixel - mean) / std before the first layer; nil for none.
  package var preprocessing: Preprocessing?
  /// The model whose network this is, trained anew without a robustness objective.
  package var twinOf: TwinOrigin?
  /// What computes the steps, where that is not this processor: device, software and precision, which decide how they are
  /// rounded. What is computed at hand is recorded; a recipe's own is not asked for.
  package var device: String?

  package init() {}

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&task, .task)
    try values.read(&kind, .kind)
    try values.read(&latentDimension, .latentDimension)
    try values.read(&conditional, .conditional)
    // Where the recipe names no architecture.
    architecture = ReferenceArchitecture.names(of: kind).first ?? architecture
    try values.read(&architecture, .architecture)
    try values.read(&critic, .critic)
    width = try values.decodeIfPresent(Int.self, forKey: .width)
    try values.read(&objective, .objective)
    try values.read(&seed, .seed)
    images = try values.decodeIfPresent(Int.self, forKey: .images)
    try values.read(&dataSeed, .dataSeed)
    try values.read(&epochs, .epochs)
    try values.read(&batch, .batch)
    try values.read(&optimizer, .optimizer)
    try values.read(&schedule, .schedule)
    if values.contains(.gradientClipping) {
      gradientClipping = try values.decodeIfPresent(Double.self, forKey: .gradientClipping)
    }
    try values.read(&augmentation, .augmentation)
    try values.read(&initialisation, .initialisation)
    try values.read(&frozenBatchNorm, .frozenBatchNorm)
    preprocessing = try values.decodeIfPresent(Preprocessing.self, forKey: .preprocessing)
    twinOf = try values.decodeIfPresent(TwinOrigin.self, forKey: .twinOf)
    device = try values.decodeIfPresent(String.self, forKey: .device)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(task, forKey: .task)
    if kind != .classifier { try values.encode(kind, forKey: .kind) }
    if latentDimension != Self().latentDimension || kind == .autoencoder {
      try values.encode(latentDimension, forKey: .latentDimension)
    }
    if conditional { try values.encode(conditional, forKey: .conditional) }
    try values.encode(architecture, forKey: .architecture)
    if kind == .generator { try values.encode(critic, forKey: .critic) }
    try values.encodeIfPresent(width, forKey: .width)
    try values.encode(objective, forKey: .objective)
    try values.encode(seed, forKey: .seed)
    try values.encodeIfPresent(images, forKey: .images)
    try values.encode(dataSeed, forKey: .dataSeed)
    try values.encode(epochs, forKey: .epochs)
    try values.encode(batch, forKey: .batch)
    try values.encode(optimizer, forKey: .optimizer)
    try values.encode(schedule, forKey: .schedule)
    // Written as null where there is none: absent means the default.
    try values.encode(gradientClipping, forKey: .gradientClipping)
    try values.encode(augmentation, forKey: .augmentation)
    try values.encode(initialisation, forKey: .initialisation)
    // Recipes of before are as they were.
    if frozenBatchNorm { try values.encode(frozenBatchNorm, forKey: .frozenBatchNorm) }
    try values.encodeIfPresent(preprocessing, forKey: .preprocessing)
    try values.encodeIfPresent(twinOf, forKey: .twinOf)
    try values.encodeIfPresent(device, forKey: .device)
  }

  private enum CodingKeys: String, CodingKey {
    case task, kind, latentDimension, conditional, architecture, critic, width, objective, seed, images, dataSeed,
      epochs,
      batch, optimizer,
      schedule
    case gradientClipping, augmentation, initialisation, frozenBatchNorm, preprocessing, twinOf, device
  }

  /// Reads a recipe; keys that it leaves out have their defaults.
  /// - Throws: `JSONError`, `TrainingError`.
  package static func read(_ url: URL) throws -> TrainingConfiguration {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw TrainingError.cannotRead(path: url.path, reason: error.localizedDescription)
    }
    let configuration = try JSONDecoding.decode(
      Self.self, from: data, source: url.lastPathComponent, rejectUnknownKeys: true)
    try configuration.check()
    return configuration
  }

  /// - Throws: `TrainingError.invalidOption`.
  package func check() throws {
    func require(_ isValid: Bool, _ option: String, _ value: some Any, _ expected: String) throws {
      guard isValid else {
        throw TrainingError.invalidOption(option: option, value: "\(value)", expected: expected)
      }
    }
    try require((1...1_000_000).contains(epochs), "epochs", epochs, "1 to 1000000")
    try require((1...4096).contains(latentDimension), "latentDimension", latentDimension, "1 to 4096")
    try require(
      kind == .classifier || (objective.name == CrossEntropy.id && objective.strength == 0), "objective",
      objective.name, "none for \(kind.rawValue)s, which have one of their own")
    try require(!conditional || kind == .denoiser, "conditional", conditional, "a denoiser (--kind denoiser)")
    try require(
      kind == .generator || critic == Self().critic, "critic", critic, "none but of a generator (--kind generator)")
    try require(
      kind != .generator || augmentation.isNone, "augmentation", "crop \(augmentation.crop), flip \(augmentation.flip)",
      "none for a generator")
    try require((1...65536).contains(batch), "batch", batch, "1 to 65536")
    if let images { try require((1...100_000_000).contains(images), "images", images, "1 to 100000000") }
    if let width { try require((1...4096).contains(width), "width", width, "1 to 4096") }
    if let gradientClipping {
      try require(gradientClipping > 0 && gradientClipping.isFinite, "gradientClipping", gradientClipping, "above 0")
    }
    try objective.check()
    try optimizer.check()
    try schedule.check()
    try augmentation.check()
  }
}

extension KeyedDecodingContainer {
  /// Keeps the default where the key is absent.
  func read<Value: Decodable>(_ value: inout Value, _ key: Key) throws {
    if let given = try decodeIfPresent(Value.self, forKey: key) { value = given }
  }
}
