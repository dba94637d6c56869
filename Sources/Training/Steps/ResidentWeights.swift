import Graph
import Networks
import Tensor

/// A network's trained tensors, and what the optimizer remembers of them, as vectors that stay where steps are computed
/// (`ResidentTensors`): steps read and replace them.
struct ResidentWeights: Sendable {
  /// Those of the network, in a graph.
  let parameters: [String: Graph.Value]
  private let vector: TensorVector
  private let optimizer: any Optimizer
  private let prefix: String
  private let weights: Graph.Value

  /// - Parameters:
  ///   - tensors: those that are trained, by the names that the state has them under.
  ///   - prefix: of these names, and of what the vectors are called.
  init(
    _ tensors: [FreshTensor], prefix: String = "", optimizer: any Optimizer, in graph: inout Graph
  ) throws {
    vector = TensorVector(tensors.filter(\.isTrained))
    (self.prefix, self.optimizer) = (prefix, optimizer)
    weights = graph.input(prefix + "weights", [vector.count])
    parameters = try Dictionary(
      uniqueKeysWithValues: zip(
        vector.tensors.map { String($0.name.dropFirst(prefix.count)) }, vector.parts(of: weights, in: &graph)))
  }

  /// The input that the numbers of `rates` are given to.
  var ratesInput: String { prefix + "rates" }

  /// Of the vectors.
  var names: [String] { [weightsName] + (0..<memoryCount).map(memoryName) }

  private var weightsName: String { prefix + "weights" }

  private func memoryName(_ number: Int) -> String { "\(prefix)optimizer/\(number)" }

  private var memoryCount: Int { type(of: optimizer).memoriesPerWeight }

  // MARK: In the graph

  /// Appends an optimizer's step.
  /// - Parameters:
  ///   - gradients: one for each trained tensor, in their order.
  ///   - clipping: the largest length of the whole gradient; nil for any.
  /// - Returns: the gradient's length before clipping, `[1]`, and what takes the place of each resident tensor.
  func step(
    _ gradients: [Graph.Value], clipping: Double?, in graph: inout Graph
  ) throws -> (norm: Graph.Value, replacing: [(name: String, value: Graph.Value)]) {
    let rates = graph.input(ratesInput, [optimizer.coefficients(learningRate: 0, momentum: 0, step: 1).count])
    let coefficients = try (0..<graph.shape(of: rates).count).map {
      try graph.slice(rates, axis: 0, start: $0, count: 1)
    }
    let memories = (0..<memoryCount).map { graph.input(memoryName($0), [vector.count]) }
    var gradient = try vector.joined(gradients, in: &graph)
    let norm = try graph.squareRoot(graph.sum(graph.multiply(gradient, gradient), axes: [0]))
    if let clipping {
      // As `Clipping.factor`.
      let room = try graph.divide(
        graph.constant(Float(clipping)), graph.add(norm, graph.constant(Float(Clipping.margin))))
      gradient = try graph.multiply(gradient, graph.clip(room, lower: 0, upper: 1))
    }
    let (changed, remembered) = try optimizer.update(
      weights, gradient: gradient, memories: memories, coefficients: coefficients, in: &graph)
    return (norm, [(weightsName, changed)] + remembered.enumerated().map { (memoryName($0.offset), $0.element) })
  }

  func coefficients(_ rates: StepRates) -> [Float] {
    optimizer.coefficients(learningRate: rates.learningRate, momentum: rates.momentum, step: rates.step)
  }

  // MARK: To and from the state

  /// What is resident, by name.
  func vectors(of state: NetworkState) -> [String: [Float]] {
    var vectors = [weightsName: vector.packed { state.values[$0.name]?[...] }]
    for number in 0..<memoryCount {
      vectors[memoryName(number)] = vector.packed { tensor in
        let count = tensor.shape.count
        return state.memories[tensor.name]?[number * count..<(number + 1) * count]
      }
    }
    return vectors
  }

  func take(_ vectors: [String: [Float]], into state: inout NetworkState) {
    for (name, values) in vector.unpacked(vectors[weightsName] ?? []) {
      state.update(name) { weights, _ in _ = weights.update(from: values) }
    }
    for number in 0..<memoryCount {
      for (name, values) in vector.unpacked(vectors[memoryName(number)] ?? []) {
        state.update(name) { weights, memory in
          for (place, value) in values.enumerated() { memory[number * weights.count + place] = value }
        }
      }
    }
  }
}

/// What a step's place in the training decides of the optimizer's formula.
struct StepRates: Sendable {
  let learningRate: Double
  let momentum: Double
  /// Counted from 1 over the whole training.
  let step: Int
}
