import BenchCore
import Checkpoints
import Graph
import Tensor

/// A denoiser as a program for scores. The network F sees normalised pixels and predicts the noise in units of sigma, so that its
/// target has unit variance whatever sigma is: D(x) = x - sigma F((x - mean) / std). Then the score (D(x) - x) / sigma^2 is
/// -F / sigma, without the cancellation of D(x) and x.
///
/// A class-conditional one answers with one score for each class and at last that of all images.
package struct DenoiserNetwork: Sendable {
  /// In pixel units.
  package let noise: Double
  /// Nil for one that knows no classes.
  package let classes: Int?
  package let learned: LearnedReference
  package let fingerprint: String
  package let file: String
  private let imageShape: Shape
  private let program: BlockProgram
  private let threads: Int

  private static let imagesPerRun = 16
  private static let largestClassCount = 4096

  /// - Throws: `ReferenceError`, `ModelError`, `CheckpointError`, `JSONError`, `GraphError`.
  package init(_ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions) throws {
    let parts = try LearnedNetwork(checkpoint, description, kind: .denoiser, options)
    guard let noise = parts.description.noise else { throw ReferenceError.noNoise(file: parts.file) }
    guard noise.isFinite, noise > 0, Float(1 / noise).isFinite else {
      throw ReferenceError.invalidNoise(file: parts.file, got: noise)
    }
    if let classes = parts.description.classes, !(2...Self.largestClassCount).contains(classes) {
      throw ReferenceError.classes(file: parts.file, got: classes, expected: "2 to \(Self.largestClassCount)")
    }
    let layers = try parts.layers([Layer].self, expected: "a list of layers")
    var graph = Graph()
    let images = graph.input("images", parts.imageShape.prepending(Self.imagesPerRun))
    let predicted = try parts.append(layers, path: "architecture", to: parts.prepare(images, &graph), &graph)
    var expected = parts.imageShape.dimensions
    expected[0] *= (parts.description.classes ?? 0) + 1
    guard graph.shape(of: predicted).droppingFirst == Shape(expected) else {
      throw ReferenceError.output(
        file: parts.file, part: "network", got: graph.shape(of: predicted).droppingFirst, expected: Shape(expected))
    }
    let score = try graph.multiply(predicted, graph.constant(Float(-1 / noise)))
    program = try BlockProgram(
      file: parts.file, images: Self.imagesPerRun, graph: graph, output: score, threads: options.threads)
    self.noise = noise
    classes = parts.description.classes
    learned = parts.reference
    fingerprint = try parts.fingerprint()
    file = parts.file
    imageShape = parts.imageShape
    threads = max(1, options.threads)
  }

  /// Something of each image's scores, in order.
  /// - Parameter body: given the image's index and its scores: of each class, then of all images.
  /// - Throws: `ReferenceError.notFinite`, `GraphError.inputShape`.
  package func map<Result: Sendable>(
    _ images: Tensor, _ body: @Sendable (Int, UnsafeBufferPointer<Float>) -> Result
  ) throws -> [Result] {
    guard images.shape.rank == 4, images.shape.droppingFirst == imageShape else {
      throw GraphError.inputShape(name: "images", expected: imageShape.prepending(images.batch), got: images.shape)
    }
    return try program.map(images, threads: threads) { image, scores in
      guard scores.allSatisfy(\.isFinite) else {
        throw ReferenceError.notFinite(file: file, what: "the denoiser's output", image: image)
      }
      return body(image, scores)
    }
  }
}
