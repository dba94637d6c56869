import BenchCore
import Checkpoints
import Graph
import Tensor

/// An encoder from images `[N, C, H, W]` to codes `[N, k]` and a decoder back. The encoder takes normalised pixels, and the
/// decoder's output is brought back to pixel units.
package struct AutoencoderNetwork {
  package let parts: LearnedNetwork
  package let latentDimension: Int
  private let encoder: [Layer]
  private let decoder: [Layer]

  /// The `architecture` of an autoencoder's description.
  package struct Lists: Codable {
    package let encoder: [Layer]
    package let decoder: [Layer]

    package init(encoder: [Layer], decoder: [Layer]) {
      self.encoder = encoder
      self.decoder = decoder
    }
  }

  /// Limits k: a Jacobian of so many directions for one image takes k times the memory of one decoded image.
  private static let largestLatent = 4096

  /// - Throws: `ReferenceError`, `ModelError`, `CheckpointError`, `JSONError`, `GraphError`.
  package init(_ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: ReferenceOptions) throws {
    parts = try LearnedNetwork(checkpoint, description, kind: .autoencoder, options)
    let lists = try parts.layers(Lists.self, expected: "{\"encoder\": [...], \"decoder\": [...]}")
    (encoder, decoder) = (lists.encoder, lists.decoder)
    var graph = Graph()
    let images = graph.input("images", parts.imageShape.prepending(1))
    let code = try parts.append(
      encoder, path: "architecture.encoder", to: parts.prepare(images, &graph), &graph)
    let shape = graph.shape(of: code)
    let largest = min(parts.imageShape.count, Self.largestLatent)
    guard shape.rank == 2, shape[0] == 1, (1...largest).contains(shape[1]) else {
      throw ReferenceError.latent(file: parts.file, got: shape, largest: largest)
    }
    latentDimension = shape[1]
    let image = try decode(code, &graph)
    let decoded = graph.shape(of: image)
    guard decoded == parts.imageShape.prepending(1) else {
      throw ReferenceError.output(
        file: parts.file, part: "decoder", got: decoded.droppingFirst, expected: parts.imageShape)
    }
  }

  /// `[N, C, H, W]` to `[N, k]`.
  package func encode(_ images: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    try parts.append(encoder, path: "architecture.encoder", to: parts.prepare(images, &graph), &graph)
  }

  /// `[N, k]` to `[N, C, H, W]` in pixel units: the decoder's output times the standard deviations, plus the means.
  package func decode(_ code: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    let output = try parts.append(decoder, path: "architecture.decoder", to: code, &graph)
    guard graph.shape(of: output).rank == 4, graph.shape(of: output)[1] == parts.imageShape[0] else {
      throw ReferenceError.output(
        file: parts.file, part: "decoder", got: graph.shape(of: output).droppingFirst, expected: parts.imageShape)
    }
    return try parts.restore(output, &graph)
  }
}
