import Graph
import Tensor

/// A network that can be built for any number of images.
protocol NetworkSource: Sendable {
  /// Name of the file, for errors.
  var file: String { get }
  /// `[C, H, W]`.
  var inputShape: Shape { get }

  /// - Returns: a graph with constants folded, its input `images` `[batch, C, H, W]` and its logits `[batch, K]`.
  func graph(batch: Int) throws -> (graph: Graph, images: Graph.Value, logits: Graph.Value)

  /// - Throws: `CheckpointError.cannotOpen` where weights that are read from a file would not be those that they were.
  func requireUnchanged() throws
}

extension NetworkSource {
  func requireUnchanged() throws {}
}
