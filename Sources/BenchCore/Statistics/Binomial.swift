import Foundation

/// Binomial probabilities, for comparing a measured accuracy with a claimed one.
package enum Binomial {
  /// P(X = k) for k in 0...n, X ~ Bin(n, p), by the recurrence of its logarithm so that large n does not underflow:
  /// P(k + 1) / P(k) = (n - k) / (k + 1) * p / (1 - p).
  static func probabilities(trials n: Int, probability p: Double) -> [Double] {
    precondition(n >= 0 && (0...1).contains(p))
    var result = [Double](repeating: 0, count: n + 1)
    guard p > 0, p < 1 else {
      result[p == 0 ? 0 : n] = 1
      return result
    }
    var logarithm = Double(n) * log1p(-p)
    let logOdds = log(p) - log1p(-p)
    for k in 0...n {
      result[k] = exp(logarithm)
      logarithm += log(Double(n - k)) - log(Double(k + 1)) + logOdds
    }
    return result
  }

  /// The central interval of X ~ Bin(n, p): what lies outside has a probability of at most (1 - `confidence`) / 2 on
  /// either side.
  package static func interval(trials n: Int, probability p: Double, confidence: Double) -> ClosedRange<Int> {
    let probabilities = probabilities(trials: n, probability: p)
    let tail = (1 - confidence) / 2
    var low = 0
    var below = probabilities[0]
    while low < n, below < tail {
      low += 1
      below += probabilities[low]
    }
    var high = n
    var above = probabilities[n]
    while high > low, above < tail {
      high -= 1
      above += probabilities[high]
    }
    return low...high
  }
}
