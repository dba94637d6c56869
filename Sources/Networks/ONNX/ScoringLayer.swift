import Graph
import Tensor

/// Whether a graph ends in a layer whose outputs are scores by its weights: then they need not be tried for probabilities.
///
/// Its outputs sum to x r + s, where x is what the layer reads, r the sum of its weights over the classes, for each number of x, and s that of its
/// biases. They are distributions whatever the image where r and s are made so: r is the same for all numbers of x, or for those of each
/// distribution that x consists of (an average of several networks, smoothed labels, `[1 - p, p]`), or weights are not
/// negative. Where many weights are negative and the numbers of x have sums of their own, a sum of 1 would be an accident of the image.
struct ScoringLayer {
  /// `[D, K]`.
  private let weights: Tensor

  /// The layer that makes the logits; nil where something else is the last.
  init?(_ network: ImportedNetwork) {
    var value = network.logits
    // Behind the layer there may be its bias and changes of shape.
    for _ in 0..<Self.longestTail {
      guard case .apply(let operation, let inputs) = network.graph[value].source else { return nil }
      if operation is MatrixProduct {
        guard let weights = network.graph.constantTensor(inputs[1]), weights.shape.rank == 2 else { return nil }
        self.weights = weights
        return
      } else if operation is Add, let summand = inputs.first(where: { network.graph.constantTensor($0) == nil }),
        inputs.contains(where: { network.graph.constantTensor($0) != nil })
      {
        value = summand
      } else if network.graph.isView(value) {
        value = inputs[0]
      } else {
        return nil
      }
    }
    return nil
  }

  private static let longestTail = 8
  /// Of the weights, at least.
  private static let leastNegative = 0.1
  /// Numbers that the layer reads, at least: of few, sums may differ by design.
  private static let leastInputs = 16
  /// Of the numbers that the layer reads, those with one sum, at most.
  private static let mostAlike = 0.5

  var givesScores: Bool {
    let (inputs, classes) = (weights.shape[0], weights.shape[1])
    guard inputs >= Self.leastInputs, classes > 0 else { return false }
    var (sums, largest, negative) = ([Double](), 0.0, 0)
    weights.scalars.withUnsafeBufferPointer { values in
      for input in 0..<inputs {
        var (sum, size) = (0.0, 0.0)
        for value in values[input * classes..<(input + 1) * classes] {
          sum += Double(value)
          size += Double(abs(value))
          negative += value < 0 ? 1 : 0
        }
        sums.append(sum)
        largest = max(largest, size)
      }
    }
    guard Double(negative) >= Self.leastNegative * Double(inputs * classes) else { return false }
    guard largest.isFinite, largest > 0 else { return false }
    sums.sort()
    // Sums that differ by rounding are the same.
    var (first, alike) = (0, 0)
    for (place, sum) in sums.enumerated() {
      while sum - sums[first] > 1e-5 * largest { first += 1 }
      alike = max(alike, place - first + 1)
    }
    return Double(alike) <= Self.mostAlike * Double(inputs)
  }
}
