import Graph

/// What the two kinds of adversarial training share (Madry et al. 2018): the cross-entropy at x + d, where d is found by
/// projected gradient ascent of the cross-entropy, or of the linear margin, within a ball of radius `strength`. The network does not see how d was
/// found: no derivative flows through the attack.
///
/// As in PyTorch's training mode, which the paper's package code attacks in, every forward pass of the attack normalises with
/// the statistics of its own perturbed batch, and these enter the running statistics: of a training step with k attack steps
/// come k + 1 updates.
protocol AdversarialObjective: Objective {
  var strength: Double { get }
  var attack: AttackConfiguration { get }

  /// The first perturbation, where it is random.
  func start(_ network: inout TrainingGraph) throws -> Graph.Value

  /// The next perturbation, inside the ball.
  /// - Parameters:
  ///   - perturbation, gradient: `[N, C, H, W]`.
  ///   - length: of the step.
  func advance(
    _ perturbation: Graph.Value, along gradient: Graph.Value, length: Float, _ graph: inout TrainingGraph
  ) throws -> Graph.Value
}

extension AdversarialObjective {
  package func build(_ network: inout TrainingGraph) throws -> ObjectiveValue {
    let logits = try network.apply(to: attackedImages(&network))
    return ObjectiveValue(loss: try network.crossEntropy(logits), logits: logits)
  }

  /// x + d, as constants to the derivative.
  func attackedImages(_ network: inout TrainingGraph) throws -> Graph.Value {
    let zero = network.graph.constant(0)
    var perturbation =
      try attack.randomStart
      ? start(&network) : network.graph.broadcast(zero, to: network.graph.shape(of: network.images))
    let length = Float(attack.stepFactor * strength / Double(attack.steps))
    for _ in 0..<attack.steps {
      let place = try network.graph.add(network.images, perturbation)
      let logits = try network.apply(to: place)
      let loss =
        try attack.loss == .crossEntropy ? network.summedCrossEntropy(logits) : network.summedMargin(logits)
      let gradient = try network.graph.gradient(of: loss, withRespectTo: [place])[0]
      perturbation = try network.graph.stopGradient(
        advance(perturbation, along: gradient, length: length, &network))
    }
    return try network.graph.add(network.images, perturbation)
  }
}
