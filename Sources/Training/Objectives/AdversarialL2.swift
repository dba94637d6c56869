import Graph

/// Adversarial training within a Euclidean ball (the paper, B.1): with k steps of length a = 2 strength / k,
///
///     d <- d + a g / |g|,   then d <- strength d / |d| where it is longer than `strength`
///
/// Lengths are of each image's perturbation, which starts in a random direction at half the radius. With `--pgd-norm batch`
/// they are, as in the paper's package code, of the perturbations of the whole batch together (and those start at uniform
/// numbers in (0, 1), scaled): then an image's share depends on the others, and `strength` is about sqrt(N) times what each
/// image gets.
package struct AdversarialL2: AdversarialObjective {
  package static let id = "pgd-l2"
  package static let summary =
    "trains on images attacked within a Euclidean ball; the strength is its radius in pixel units"

  let strength: Double
  let attack: AttackConfiguration

  package init(_ configuration: ObjectiveConfiguration) {
    strength = configuration.strength
    attack = configuration.attack
  }

  func start(_ network: inout TrainingGraph) throws -> Graph.Value {
    let noise = network.noise("attack", attack.norm == .image ? .normal : .uniform, like: network.images)
    let direction = try normalised(noise, &network)
    return try network.graph.multiply(direction, network.graph.constant(Float(strength / 2)))
  }

  func advance(
    _ perturbation: Graph.Value, along gradient: Graph.Value, length: Float, _ network: inout TrainingGraph
  ) throws -> Graph.Value {
    let step = try network.graph.multiply(normalised(gradient, &network), network.graph.constant(length))
    let moved = try network.graph.add(perturbation, step)
    // min(1, strength / |d|)
    let radius = network.graph.constant(Float(strength))
    let share = try network.graph.divide(radius, lengths(moved, &network))
    return try network.graph.multiply(moved, network.graph.clip(share, lower: 0, upper: 1))
  }

  /// A gradient of zero stays zero.
  private func normalised(_ value: Graph.Value, _ network: inout TrainingGraph) throws -> Graph.Value {
    try network.graph.divide(value, lengths(value, &network))
  }

  /// `[N, 1, 1, 1]`, or `[1, 1, 1, 1]` for the batch.
  private func lengths(_ value: Graph.Value, _ network: inout TrainingGraph) throws -> Graph.Value {
    let axes = attack.norm == .image ? [1, 2, 3] : [0, 1, 2, 3]
    let squares = try network.graph.sum(network.graph.multiply(value, value), axes: axes)
    return try network.graph.clip(network.graph.squareRoot(squares), lower: 1e-12, upper: .infinity)
  }
}
