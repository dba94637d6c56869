import Graph
import Networks
import Tensor

/// Steps whose state is in this machine's memory, where the optimizer changes it in place.
final class HostSteps: StepComputation {
  private let step: TrainingStep
  private let optimizer: any Optimizer
  private let clipping: Double?

  var inputs: StepInputs { step.inputs }
  var hasLogits: Bool { step.hasLogits }

  init(_ step: TrainingStep, optimizer: any Optimizer, clipping: Double?) {
    (self.step, self.optimizer, self.clipping) = (step, optimizer, clipping)
  }

  func workspace(ofStep index: Int) -> any Workspace { step.workspace }

  func begin(with state: NetworkState) {}

  func run(
    step index: Int, _ rates: StepRates, changing state: inout NetworkState, meanwhile: @Sendable () throws -> Void
  ) throws -> (loss: Float, norm: Double) {
    try step.run(with: state)
    guard step.loss.isFinite else { return (step.loss, 0) }
    let gradients = step.gradients
    let norm = gradients.reduce(0.0) { $0 + Self.squaredNorm($1.values) }.squareRoot()
    guard norm.isFinite else { return (step.loss, norm) }
    optimizer.update(&state, gradients, norm: norm, clipping: clipping, rates)
    step.track(in: &state)
    // What was computed has memory of its own.
    try meanwhile()
    return (step.loss, norm)
  }

  func logits(ofStep index: Int) -> UnsafeBufferPointer<Float> { step.logits }

  func end(_ state: inout NetworkState) {}

  static func squaredNorm(_ values: UnsafeBufferPointer<Float>) -> Double {
    var sum = SIMD8<Double>.zero
    var index = 0
    while index + 8 <= values.count {
      var block = SIMD8<Float>()
      for lane in 0..<8 { block[lane] = values[index + lane] }
      let wide = SIMD8<Double>(block)
      sum += wide * wide
      index += 8
    }
    var total = sum.sum()
    for value in values[index...] { total += Double(value) * Double(value) }
    return total
  }
}

extension Optimizer {
  /// A step of tensors in this machine's memory.
  /// - Parameters:
  ///   - norm: of all gradients together.
  ///   - clipping: what it is limited to; nil for nothing.
  func update(
    _ state: inout NetworkState, _ gradients: [(name: String, values: UnsafeBufferPointer<Float>)], norm: Double,
    clipping: Double?, _ rates: StepRates
  ) {
    let factor = Clipping.factor(norm: norm, limit: clipping)
    let coefficients = coefficients(learningRate: rates.learningRate, momentum: rates.momentum, step: rates.step)
    for (name, gradient) in gradients {
      state.update(name) { weights, memory in
        update(weights, gradient: gradient, factor: factor, memory: memory, coefficients: coefficients)
      }
    }
  }
}

/// PyTorch's `clip_grad_norm_`.
enum Clipping {
  static let margin = 1e-6

  static func factor(norm: Double, limit: Double?) -> Float {
    Float(limit.map { min(1, $0 / (norm + margin)) } ?? 1)
  }
}
