import Foundation
import Tensor

/// Probabilities that float32 cannot tell from 1.
enum Saturation {
  /// Images whose largest probability, computed in float32, is exactly 1.
  static func count(_ logits: Tensor) -> Int {
    (0..<logits.batch).count { image in
      let row = logits.item(image)
      let largest = row.max() ?? 0
      return 1 / row.reduce(Float(0)) { $0 + exp($1 - largest) } == 1
    }
  }

  /// Said where it is so for most images: then nothing moves the network's own probabilities but what changes its decision.
  static func notes(_ logits: Tensor) -> [String] {
    let count = count(logits)
    guard 2 * count > logits.batch else { return [] }
    return [
      "\(count) of \(logits.batch) images have a probability of exactly 1 in float32: the softmax is saturated, and the table of "
        + "sensitivities, at the network's own temperature, shows steps that change the decision and hardly others. The regime is judged at "
        + "calibrated temperature, which this does not touch."
    ]
  }
}
