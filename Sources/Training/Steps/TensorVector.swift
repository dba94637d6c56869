import Graph
import Networks
import Tensor

/// Tensors one after the other in one vector, each from a whole cache line on and zeros between them: few large operators do for all of
/// them what many small ones would.
struct TensorVector: Sendable {
  let tensors: [FreshTensor]
  /// Numbers of the vector.
  let count: Int
  private let offsets: [Int]

  init(_ tensors: [FreshTensor]) {
    self.tensors = tensors
    var end = 0
    offsets = tensors.map { tensor in
      defer { end += MemoryPlan.aligned(tensor.shape.count) }
      return end
    }
    count = end
  }

  /// The tensors, as parts of a value of shape `[count]`.
  func parts(of vector: Graph.Value, in graph: inout Graph) throws -> [Graph.Value] {
    try zip(tensors, offsets).map { tensor, offset in
      try graph.reshape(
        graph.slice(vector, axis: 0, start: offset, count: tensor.shape.count), to: tensor.shape)
    }
  }

  /// - Parameter parts: one value for each tensor, of as many numbers.
  /// - Returns: of shape `[count]`.
  func joined(_ parts: [Graph.Value], in graph: inout Graph) throws -> Graph.Value {
    var pieces: [Graph.Value] = []
    for part in parts {
      let count = graph.shape(of: part).count
      pieces.append(try graph.reshape(part, to: [count]))
      let gap = MemoryPlan.aligned(count) - count
      if gap > 0 { pieces.append(graph.constant(Tensor(shape: [gap], repeating: 0))) }
    }
    return try graph.concatenate(pieces, axis: 0)
  }

  /// - Parameter values: of each tensor, as many as it has.
  func packed(_ values: (FreshTensor) -> ArraySlice<Float>?) -> [Float] {
    var vector = [Float](repeating: 0, count: count)
    for (tensor, offset) in zip(tensors, offsets) {
      for (place, value) in (values(tensor) ?? []).enumerated() { vector[offset + place] = value }
    }
    return vector
  }

  /// The numbers of each tensor.
  func unpacked(_ vector: [Float]) -> [(name: String, values: ArraySlice<Float>)] {
    zip(tensors, offsets).map { ($0.name, vector[$1..<$1 + $0.shape.count]) }
  }
}
