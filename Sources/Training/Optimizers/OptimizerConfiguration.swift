/// How gradients become steps; names and defaults are PyTorch's where it has them.
package struct OptimizerConfiguration: Sendable, Codable, Equatable {
  package enum Name: String, Sendable, Codable, CaseIterable {
    case sgd
    case adam
  }

  package var name = Name.adam
  /// The largest one; the schedule says when.
  package var learningRate: Double = 4e-3
  /// Of `sgd`.
  package var momentum: Double = 0.9
  /// Of `sgd`: looks ahead along the momentum.
  package var nesterov = false
  /// Times the weights, added to the gradient of all of them.
  package var weightDecay: Double = 0
  /// Of `adam`: decay of the mean of gradients and of their squares.
  package var beta1: Double = 0.9
  package var beta2: Double = 0.999
  package var epsilon: Double = 1e-8

  package init() {}

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(&name, .name)
    try values.read(&learningRate, .learningRate)
    try values.read(&momentum, .momentum)
    try values.read(&nesterov, .nesterov)
    try values.read(&weightDecay, .weightDecay)
    try values.read(&beta1, .beta1)
    try values.read(&beta2, .beta2)
    try values.read(&epsilon, .epsilon)
  }

  func check() throws {
    func require(_ isValid: Bool, _ option: String, _ value: Double, _ expected: String) throws {
      guard isValid else {
        throw TrainingError.invalidOption(option: "optimizer.\(option)", value: "\(value)", expected: expected)
      }
    }
    try require(learningRate > 0 && learningRate.isFinite, "learningRate", learningRate, "a number above 0")
    for (option, value) in [("momentum", momentum), ("beta1", beta1), ("beta2", beta2)] {
      try require(value >= 0 && value < 1, option, value, "at least 0 and below 1")
    }
    try require(weightDecay >= 0 && weightDecay.isFinite, "weightDecay", weightDecay, "a number of at least 0")
    try require(epsilon > 0 && epsilon.isFinite, "epsilon", epsilon, "a number above 0")
    guard !nesterov || momentum > 0 else {
      throw TrainingError.invalidOption(option: "optimizer.nesterov", value: "true", expected: "a momentum above 0")
    }
  }
}
