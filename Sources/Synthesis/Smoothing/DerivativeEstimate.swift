/// A derivative as a mean of independent terms, and the variance of that mean.
struct DerivativeEstimate: Sendable {
  var value: Double
  /// NaN of one term.
  var variance: Double

  /// The terms so far.
  struct Sum {
    private var sum = 0.0
    private var squares = 0.0
    private var count = 0.0

    mutating func add(_ term: Double) {
      sum += term
      squares += term * term
      count += 1
    }

    var estimate: DerivativeEstimate {
      let mean = sum / count
      // Rounding may make a difference of equals negative.
      return DerivativeEstimate(
        value: mean, variance: count > 1 ? max(0, squares / count - mean * mean) / (count - 1) : .nan)
    }
  }
}
