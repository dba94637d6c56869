import Foundation

/// What an attack increases: a function of the logits and the label.
package enum AttackLoss: String, Sendable, CaseIterable {
  case crossEntropy = "cross-entropy"
  /// The largest other logit minus the label's.
  case margin
  /// The same with the other class fixed: that of the largest other logit at the clean image. With two classes it is linear in the
  /// logits, the loss of the paper on directions.
  case linear

  /// The derivative with respect to the logits, brought to a largest entry of 1.
  ///
  /// Only the direction of an image's gradient is used, so that the scale is free; without it the cross-entropy of a sure network
  /// would have a derivative of zero in float32.
  /// - Parameter rival: the other class of `linear`.
  func cotangent(_ logits: [Float], label: Int, rival: Int) -> [Float] {
    switch self {
    case .crossEntropy:
      // p_k of the other classes, and minus their sum for the label; without their common factor.
      let others = logits.indices.filter { $0 != label }
      let largest = others.map { logits[$0] }.max() ?? 0
      var vector = logits.map { Float(exp(Double($0) - Double(largest))) }
      vector[label] = 0
      let sum = vector.reduce(0, +)
      vector[label] = -sum
      return vector.map { $0 / sum }
    case .margin: return Self.difference(logits.rival(of: label), label, classes: logits.count)
    case .linear: return Self.difference(rival, label, classes: logits.count)
    }
  }

  /// +1 for one class and -1 for another.
  static func difference(_ plus: Int, _ minus: Int, classes: Int) -> [Float] {
    var vector = [Float](repeating: 0, count: classes)
    vector[plus] = 1
    vector[minus] = -1
    return vector
  }
}
