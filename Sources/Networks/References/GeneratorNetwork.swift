import BenchCore
import Checkpoints
import Graph
import Tensor

/// A generator of the ways from an image to every class, as `train --kind generator` makes them: the network sees normalised pixels and
/// answers with K images, each the way to one class in units of the standard deviations.
package struct GeneratorNetwork: Sendable {
  package let classes: Int
  package let imageShape: Shape
  package let learned: LearnedReference
  private let file: String
  private let program: BlockProgram
  private let threads: Int

  private static let imagesPerRun = 16
  private static let largestClassCount = 4096

  /// - Throws: `ReferenceError`, `ModelError`, `CheckpointError`, `JSONError`, `GraphError`.
  package init(_ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions) throws {
    let parts = try LearnedNetwork(checkpoint, description, kind: .generator, options)
    guard let classes = parts.description.classes, (2...Self.largestClassCount).contains(classes) else {
      throw ReferenceError.classes(
        file: parts.file, got: parts.description.classes ?? 0, expected: "2 to \(Self.largestClassCount)")
    }
    let layers = try parts.layers([Layer].self, expected: "a list of layers")
    var graph = Graph()
    let images = graph.input("images", parts.imageShape.prepending(Self.imagesPerRun))
    let output = try parts.append(layers, path: "architecture", to: parts.prepare(images, &graph), &graph)
    var expected = parts.imageShape.dimensions
    expected[0] *= classes
    guard graph.shape(of: output).droppingFirst == Shape(expected) else {
      throw ReferenceError.output(
        file: parts.file, part: "network", got: graph.shape(of: output).droppingFirst, expected: Shape(expected))
    }
    let deviations = (0..<classes).flatMap { _ in parts.preprocessing.std }
    let ways = try graph.multiply(
      output, graph.constant(Tensor(shape: [1, deviations.count, 1, 1], scalars: deviations)))
    program = try BlockProgram(
      file: parts.file, images: Self.imagesPerRun, graph: graph, output: ways, threads: options.threads)
    self.classes = classes
    imageShape = parts.imageShape
    learned = parts.reference
    file = parts.file
    threads = max(1, options.threads)
  }

  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - labels: where each is to go, in `0..<classes`.
  /// - Returns: `[N, C, H, W]` in pixel units.
  /// - Throws: `ReferenceError.notFinite`, `GraphError.inputShape`.
  package func ways(from images: Tensor, towards labels: [Int]) throws -> Tensor {
    guard images.shape.rank == 4, images.shape.droppingFirst == imageShape else {
      throw GraphError.inputShape(name: "images", expected: imageShape.prepending(images.batch), got: images.shape)
    }
    let size = imageShape.count
    let rows = try program.map(images, threads: threads) { image, ways -> [Float] in
      let way = ways[labels[image] * size..<(labels[image] + 1) * size]
      guard way.allSatisfy(\.isFinite) else {
        throw ReferenceError.notFinite(file: file, what: "the generator's output", image: image)
      }
      return Array(way)
    }
    return Tensor(shape: images.shape, scalars: rows.flatMap { $0 })
  }
}
