import Graph
import Networks
import Tensor

/// The running statistics of a network's batch normalisations as a vector that stays where steps are computed.
struct ResidentStatistics: Sendable {
  static let name = "statistics"

  private let vector: TensorVector
  private let input: Graph.Value

  /// Nil where the network has none.
  init?(_ tensors: [FreshTensor], in graph: inout Graph) {
    vector = TensorVector(tensors.filter { $0.role == .runningMean || $0.role == .runningVariance })
    guard vector.count > 0 else { return nil }
    input = graph.input(Self.name, [vector.count])
  }

  /// Lets batches enter, as `NetworkState.track` does: one application of the network after the other, all its layers at once.
  /// - Returns: what takes the place of the vector.
  func step(_ batches: [BatchStatistics], in graph: inout Graph) throws -> Graph.Value {
    var running = Dictionary(
      uniqueKeysWithValues: zip(vector.tensors.map(\.name), try vector.parts(of: input, in: &graph)))
    var rest = batches[...]
    while !rest.isEmpty {
      // Until a layer comes again.
      var names: Set<String> = []
      let application = rest.prefix { names.insert($0.layer).inserted }
      rest = rest.dropFirst(application.count)
      var entering: [(name: String, value: Graph.Value, factor: Float)] = []
      for batch in application {
        entering.append((NetworkState.runningMean(of: batch.layer), batch.mean, 1))
        entering.append(
          (NetworkState.runningVariance(of: batch.layer), batch.variance, NetworkState.unbias(batch.count)))
      }
      entering.removeAll { running[$0.name] == nil }
      guard !entering.isEmpty else { continue }
      let part = TensorVector(vector.tensors.filter { tensor in entering.contains { $0.name == tensor.name } })
      let order = part.tensors.compactMap { tensor in entering.first { $0.name == tensor.name } }
      let factors = graph.constant(
        Tensor(
          shape: [part.count],
          scalars: part.packed { tensor in
            order.first { $0.name == tensor.name }.map { [Float](repeating: $0.factor, count: tensor.shape.count)[...] }
          }))
      let old = try part.joined(order.compactMap { running[$0.name] }, in: &graph)
      let new = try graph.multiply(factors, part.joined(order.map(\.value), in: &graph))
      let momentum = NetworkState.statisticsMomentum
      let mixed = try graph.add(
        graph.multiply(graph.constant(1 - momentum), old), graph.multiply(graph.constant(momentum), new))
      for (tensor, value) in zip(part.tensors, try part.parts(of: mixed, in: &graph)) { running[tensor.name] = value }
    }
    return try vector.joined(vector.tensors.compactMap { running[$0.name] }, in: &graph)
  }

  func vectors(of state: NetworkState) -> [String: [Float]] {
    [Self.name: vector.packed { state.values[$0.name]?[...] }]
  }

  func take(_ vectors: [String: [Float]], into state: inout NetworkState) {
    for (name, values) in vector.unpacked(vectors[Self.name] ?? []) { state.replace(name, with: values) }
  }
}
