import Foundation
import Tensor

/// The scalar function of the logits whose input gradient is taken; a result always names it.
///
/// Every target's gradient is the Jacobian of the logits times a vector that depends on the logits alone, the
/// *cotangent*. Adding one function of x to all logits changes the first group arbitrarily without changing a
/// prediction (Srinivas and Fleuret, "Rethinking the Role of Gradient-Based Attribution Methods", 2021); the targets
/// with `isShiftInvariant` are immune, because their cotangent sums to zero.
public enum GradientTarget: String, Sendable, Codable, CaseIterable {
  /// Sum over classes: the paper's choice against an unconditional score.
  case logitSum = "logit-sum"
  /// The predicted class's logit: the paper's choice against a conditional score.
  case logitPredicted = "logit-predicted"
  case logitLabel = "logit-label"
  /// The energy view: log of the sum of exponentials.
  case logSumExp = "logsumexp"
  case logProbabilityPredicted = "log-probability-predicted"
  case logProbabilityLabel = "log-probability-label"
  /// The other class with the largest logit minus the label. The direction paper takes the class at the smallest linearised distance,
  /// which may be another one: `ClosestMargin` (`pags-bench direction`).
  case logitMargin = "logit-margin"
  /// log p_c - log sum of the others' p, c the predicted class: unlike the log-probability it does not vanish as p_c
  /// approaches 1. Regimes are decided on it.
  case logOddsPredicted = "log-odds-predicted"

  public var isShiftInvariant: Bool {
    switch self {
    case .logitSum, .logitPredicted, .logitLabel, .logSumExp: false
    case .logProbabilityPredicted, .logProbabilityLabel, .logitMargin, .logOddsPredicted: true
    }
  }

  public var needsLabels: Bool {
    switch self {
    case .logitLabel, .logProbabilityLabel, .logitMargin: true
    case .logitSum, .logitPredicted, .logSumExp, .logProbabilityPredicted, .logOddsPredicted: false
    }
  }

  /// The derivative of the target with respect to the logits.
  ///
  /// - Parameters:
  ///   - logits: `[N, K]`, K at least 2.
  ///   - predicted: the class c of each image. A reference classifier is asked for the class that the *evaluated*
  ///     model predicts, so this need not be the argmax of `logits`.
  ///   - labels: the true class of each image, where `needsLabels`.
  /// - Returns: `[N, K]`.
  public func cotangent(logits: Tensor, predicted: [Int], labels: [Int]?) -> Tensor {
    let classes = logits.shape[1]
    precondition(predicted.count == logits.batch, "one predicted class per image")
    precondition(!needsLabels || labels?.count == logits.batch, "\(rawValue) needs one label per image")
    return Tensor(shape: logits.shape) { output in
      for row in 0..<logits.batch {
        let vector = cotangent(
          row: logits.item(row).map(Double.init), predicted: predicted[row], label: labels?[row] ?? 0)
        for index in 0..<classes { output[row * classes + index] = Float(vector[index]) }
      }
    }
  }

  private func cotangent(row: [Double], predicted: Int, label: Int) -> [Double] {
    var vector = [Double](repeating: 0, count: row.count)
    switch self {
    case .logitSum: vector = [Double](repeating: 1, count: row.count)
    case .logitPredicted: vector[predicted] = 1
    case .logitLabel: vector[label] = 1
    case .logSumExp: vector = softmax(row)
    case .logProbabilityPredicted: vector = logProbability(row, of: predicted)
    case .logProbabilityLabel: vector = logProbability(row, of: label)
    case .logitMargin:
      var closest = label == 0 ? 1 : 0
      for index in row.indices where index != label && row[index] > row[closest] { closest = index }
      vector[closest] = 1
      vector[label] = -1
    case .logOddsPredicted:
      var others = row
      others[predicted] = -.infinity
      vector = softmax(others).map { -$0 }
      vector[predicted] = 1
    }
    return vector
  }

  private func logProbability(_ row: [Double], of index: Int) -> [Double] {
    var vector = softmax(row).map { -$0 }
    // 1 - p as the sum of the others, which keeps its digits where p is nearly 1.
    vector[index] = 0
    vector[index] = -vector.reduce(0, +)
    return vector
  }
}

/// softmax of one row of logits, in double precision.
package func softmax(_ row: [Double]) -> [Double] {
  let largest = row.max() ?? 0
  let exponentials = row.map { exp($0 - largest) }
  let sum = exponentials.reduce(0, +)
  return exponentials.map { $0 / sum }
}
