import Graph

/// A graph that was exported for a fixed number of images, run on another number.
///
/// Most nodes do not mind. Those with the number written into them (Reshape, Concat with a constant) are told; whether the
/// result is right is checked by `ONNXNetwork`.
struct Rebatching: Sendable {
  let declared: Int
  let wanted: Int

  /// Whether a value is made of the images and has one entry for each, not a constant whose extent happens to be the same.
  func concerns(_ value: Graph.Value, in graph: Graph) -> Bool {
    let shape = graph.shape(of: value)
    return shape.rank > 0 && shape[0] == wanted && !graph.isKnown(value, given: [:])
  }
}
