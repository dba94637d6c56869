import BenchCore
import Checkpoints
import Graph
import Tensor

/// The score of a denoiser that was trained for one noise level: (D(x; sigma) - x) / sigma^2 (Tweedie's formula; what the
/// benchmark's paper takes from diffusion models).
///
/// The network F sees normalised pixels and predicts the noise in units of sigma, so that its target has unit variance
/// whatever sigma is: D(x) = x - sigma F((x - mean) / std). Then the score is -F / sigma, without the cancellation of D(x)
/// and x.
public struct DenoiserScore: Score {
  public var id: String { DenoiserPlugin.id }
  /// sigma, in pixel units.
  public let noise: Double
  public let learned: LearnedReference?
  public let fingerprint: String?
  private let program: BlockProgram
  private let file: String
  private let imageShape: Shape
  private let threads: Int

  private static let imagesPerRun = 16

  /// - Throws: `ReferenceError`, `ModelError`, `CheckpointError`, `JSONError`, `GraphError`.
  init(_ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions) throws {
    let parts = try LearnedNetwork(checkpoint, description, kind: .denoiser, options)
    guard let noise = parts.description.noise else { throw ReferenceError.noNoise(file: parts.file) }
    guard noise.isFinite, noise > 0, Float(1 / noise).isFinite else {
      throw ReferenceError.invalidNoise(file: parts.file, got: noise)
    }
    let layers = try parts.layers([Layer].self, expected: "a list of layers")
    var graph = Graph()
    let images = graph.input("images", parts.imageShape.prepending(Self.imagesPerRun))
    let predicted = try parts.append(layers, path: "architecture", to: parts.prepare(images, &graph), &graph)
    guard graph.shape(of: predicted) == graph.shape(of: images) else {
      throw ReferenceError.output(
        file: parts.file, part: "network", got: graph.shape(of: predicted).droppingFirst, expected: parts.imageShape)
    }
    let score = try graph.multiply(predicted, graph.constant(Float(-1 / noise)))
    program = try BlockProgram(
      file: parts.file, images: Self.imagesPerRun, graph: graph, output: score, threads: options.threads)
    self.noise = noise
    learned = parts.reference
    fingerprint = try parts.fingerprint()
    file = parts.file
    imageShape = parts.imageShape
    threads = max(1, options.threads)
  }

  /// - Throws: `ReferenceError.otherNoise` unless `noise` is the one it was trained for; `.notFinite`;
  ///   `GraphError.inputShape`.
  public func score(at images: Tensor, noise: Double) throws -> Tensor {
    guard noise == self.noise else {
      throw ReferenceError.otherNoise(file: file, trained: self.noise, requested: noise)
    }
    guard images.shape.rank == 4, images.shape.droppingFirst == imageShape else {
      throw GraphError.inputShape(name: "images", expected: imageShape.prepending(images.batch), got: images.shape)
    }
    let scores = try program.map(images, threads: threads) { image, score in
      guard score.allSatisfy(\.isFinite) else {
        throw ReferenceError.notFinite(file: file, what: "the denoiser's output", image: image)
      }
      return Array(score)
    }
    return Tensor(shape: images.shape, scalars: scores.flatMap { $0 })
  }
}

/// `--score denoiser=FILE`.
public enum DenoiserPlugin: ScorePlugin {
  public static let id = "denoiser"
  public static let summary = "score of a denoiser at the noise level it was trained for with `train --kind denoiser`"

  public static func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions
  ) throws -> (score: any Score, noises: [Double]) {
    let score = try DenoiserScore(checkpoint, description, options)
    return (score, [score.noise])
  }
}
