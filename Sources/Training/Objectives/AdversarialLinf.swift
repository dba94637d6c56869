import Graph

/// Adversarial training within a box (Madry et al. 2018): with k steps of length a = 2 strength / k,
///
///     d <- clip(d + a sign(g), -strength, strength)
///
/// starting at uniform numbers in the box. Pixels are not clipped to [0, 1]: not every task's are.
package struct AdversarialLinf: AdversarialObjective {
  package static let id = "pgd-linf"
  package static let summary = "trains on images attacked within a box; the strength is half its width in pixel units"

  let strength: Double
  let attack: AttackConfiguration

  /// - Throws: `TrainingError.invalidOption` for a norm over the batch, which a box does not have.
  package init(_ configuration: ObjectiveConfiguration) throws {
    guard configuration.attack.norm == .image else {
      throw TrainingError.invalidOption(option: "attack.norm", value: "batch", expected: "image for \(Self.id)")
    }
    strength = configuration.strength
    attack = configuration.attack
  }

  func start(_ network: inout TrainingGraph) throws -> Graph.Value {
    let noise = network.noise("attack", .uniform, like: network.images)
    let centred = try network.graph.subtract(noise, network.graph.constant(0.5))
    return try network.graph.multiply(centred, network.graph.constant(Float(2 * strength)))
  }

  func advance(
    _ perturbation: Graph.Value, along gradient: Graph.Value, length: Float, _ network: inout TrainingGraph
  ) throws -> Graph.Value {
    let step = try network.graph.multiply(network.graph.sign(gradient), network.graph.constant(length))
    return try network.graph.clip(
      network.graph.add(perturbation, step), lower: -Float(strength), upper: Float(strength))
  }
}
