import Foundation
import Graph
import Tensor

/// Attention of Swin V2 within windows of a map (Liu et al., "Swin Transformer V2", 2022), as torchvision computes it.
extension LayerBuilder {
  /// The current value, `[N, H, W, C]`, attends to itself within each window: products are of queries and keys of length 1, times a learned
  /// factor of each head, and what is added by distance is made by a network of two layers from the logarithms of distances.
  mutating func cosineWindowAttention(_ context: LayerContext) throws {
    let side = try context.required(\.windowSize, "windowSize")
    try context.check(side, "windowSize", atLeast: 2, atMost: Self.largestWindow)
    guard shape.rank == 4 else {
      throw ModelError.layer(layer: context.title, input: shape.description, reason: "expected [N, H, W, C]")
    }
    let heads = try cosineHeads(context)
    let map = try WindowedMap(shape, window: side, context)
    try checkScores(map, heads: heads, context)
    let bias = try continuousBias(side: side, heads: heads, context)
    // exp(min(s, log 100)): torchvision's, which is learned as a logarithm.
    let logarithm = try tensor(.scale, named: context.tensorName("logit_scale"), context)
    let scale = try graph.exp(graph.clip(logarithm, lower: -.greatestFiniteMagnitude, upper: log(100)))
    try attend(map, heads: heads, similarity: .cosine(scale: scale), bias: bias, context)
  }

  /// Number of heads, as the learned factors have it.
  private func cosineHeads(_ context: LayerContext) throws -> Int {
    let name = try context.tensorName("logit_scale")
    let factors = try requiredShape(name, context)
    let channels = shape[3]
    guard factors.count == 3, factors[0] > 0, channels % factors[0] == 0, factors[1] == 1, factors[2] == 1 else {
      throw ModelError.tensorShape(
        file: weights.file, layer: context.title, tensor: name, got: factors,
        expected: "[heads, 1, 1], and heads that divide \(channels)", isDescribed: isDescribed)
    }
    return factors[0]
  }

  /// Numbers within the network of one layer's biases: 256 MiB, made when the graph is.
  private static let largestBiases = 1 << 26

  /// `[heads, L, L]`, 16 times a sigmoid of what `cpb_mlp` makes of how far the key's place is from the query's.
  private mutating func continuousBias(side: Int, heads: Int, _ context: LayerContext) throws -> Graph.Value {
    let distances = 2 * side - 1
    let (first, last) = (try context.tensorName("cpb_mlp.0"), try context.tensorName("cpb_mlp.2"))
    let given = try requiredShape("\(first).weight", context)
    let most = Self.largestBiases / (distances * distances)
    guard let inner = given.first, (1...most).contains(inner) else {
      throw ModelError.tensorShape(
        file: weights.file, layer: context.title, tensor: "\(first).weight", got: given,
        expected: "[M, 2], M from 1 to \(most)", isDescribed: isDescribed)
    }
    try requireShape(named: "\(first).weight", context, expected: "[\(inner), 2]") { $0 == [inner, 2] }
    try requireShape(named: "\(first).bias", context, expected: "[\(inner)]") { $0 == [inner] }
    try requireShape(named: "\(last).weight", context, expected: "[\(heads), \(inner)]") { $0 == [heads, inner] }
    let hidden = try graph.relu(
      graph.linear(
        graph.constant(Self.coordinates(side)), tensor(.weight, named: "\(first).weight", context),
        bias: tensor(.bias, named: "\(first).bias", context)))
    let table = try graph.linear(hidden, tensor(.weight, named: "\(last).weight", context))
    let rows = try positions(of: table, side: side, heads: heads)
    return try graph.multiply(graph.sigmoid(rows), graph.constant(16))
  }

  /// `[(2 w - 1)^2, 2]`: distances down and across, of which the largest is 8, as sign(d) log2(|d| + 1) / 3.
  private static func coordinates(_ side: Int) -> Tensor {
    let distances = 2 * side - 1
    func coordinate(_ place: Int) -> Float {
      let distance = Float(place - (side - 1)) / Float(side - 1) * 8
      return (distance < 0 ? -1 : 1) * log2(abs(distance) + 1) / 3
    }
    return Tensor(shape: [distances * distances, 2]) { numbers in
      for row in 0..<distances {
        for column in 0..<distances {
          numbers[2 * (row * distances + column)] = coordinate(row)
          numbers[2 * (row * distances + column) + 1] = coordinate(column)
        }
      }
    }
  }
}
