import BenchCore
import Foundation

/// Carlini and Wagner's attack in L2 (2017): |x' - x|^2 + c max(z_y - max z_k, 0) is minimised by Adam, and c, for each image, is found
/// by doubling and halving.
///
/// Where pixels have a range, x' = low + (high - low)(tanh(w) + 1)/2, so that it is kept without clipping; otherwise x' = w.
package struct CarliniWagner: Attack {
  package static let defaultSteps = 200

  package let norm = AttackNorm.l2
  package let steps: Int
  /// Values of c that are tried.
  package let searches: Int
  package let isMinimal = true
  let rate = 0.01
  let firstWeight = 1.0

  package init(steps: Int = defaultSteps, searches: Int = 6) {
    precondition(steps > 0 && searches > 0, "an attack of no steps")
    self.steps = steps
    self.searches = searches
  }

  package var record: AttackRecord {
    AttackRecord(
      id: "cw-l2", steps: steps, restarts: searches, losses: [AttackLoss.margin.rawValue])
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    var nearest = NearestAttempts(images, radii)
    var low = [Double](repeating: 0, count: images.count)
    var high = [Double](repeating: .infinity, count: images.count)
    var weights = [Double](repeating: firstWeight, count: images.count)
    for _ in 0..<searches {
      let reached = try minimise(images, weights, &nearest)
      for member in weights.indices {
        if reached[member] { high[member] = weights[member] } else { low[member] = weights[member] }
        weights[member] =
          high[member].isFinite ? (low[member] + high[member]) / 2 : 10 * weights[member]
      }
    }
    return nearest.attempts
  }

  /// - Returns: whether each image was misclassified on the way.
  private func minimise(
    _ images: AttackedImages, _ weights: [Double], _ nearest: inout NearestAttempts
  ) throws -> [Bool] {
    let everyone = Array(0..<images.count)
    let code = PixelCode(range: images.range)
    var variables = images.clean.map { $0.map(code.encode) }
    var first = variables.map { [Double](repeating: 0, count: $0.count) }
    var second = first
    var reached = [Bool](repeating: false, count: images.count)
    for step in 0...steps {
      let current = variables.map { $0.map(code.decode) }
      let result = try images.gradients(at: current, of: everyone) { position, logits in
        AttackLoss.margin.cotangent(logits, label: images.labels[position], rival: 0)
      }
      let (correctionOne, correctionTwo) = (
        1 - pow(0.9, Double(step + 1)), 1 - pow(0.999, Double(step + 1))
      )
      for member in everyone {
        nearest.note(current[member], result.logits[member], norm, member)
        let lead = result.logits[member].lead(over: images.labels[member])
        reached[member] =
          reached[member] || result.logits[member].predicted != images.labels[member]
        for pixel in variables[member].indices {
          let change = Double(current[member][pixel]) - Double(images.clean[member][pixel])
          let pull = lead < 0 ? weights[member] * Double(result.gradients[member][pixel]) : 0
          let slope = (2 * change - pull) * code.derivative(variables[member][pixel])
          first[member][pixel] = 0.9 * first[member][pixel] + 0.1 * slope
          second[member][pixel] = 0.999 * second[member][pixel] + 0.001 * slope * slope
          variables[member][pixel] -=
            rate * (first[member][pixel] / correctionOne)
            / ((second[member][pixel] / correctionTwo).squareRoot() + 1e-8)
        }
      }
    }
    return reached
  }
}

/// Pixels as functions of free variables.
private struct PixelCode {
  let range: ClosedRange<Float>?

  /// The inverse of `decode`; pixels at an edge stay a little off it, where the derivative is not zero.
  func encode(_ pixel: Float) -> Double {
    guard let range else { return Double(pixel) }
    let share =
      (Double(pixel) - Double(range.lowerBound))
      / (Double(range.upperBound) - Double(range.lowerBound))
    return atanh((2 * share - 1) * (1 - 1e-6))
  }

  func decode(_ variable: Double) -> Float {
    guard let range else { return Float(variable) }
    let share = (tanh(variable) + 1) / 2
    let value =
      Double(range.lowerBound) + (Double(range.upperBound) - Double(range.lowerBound)) * share
    return min(max(Float(value), range.lowerBound), range.upperBound)
  }

  func derivative(_ variable: Double) -> Double {
    guard let range else { return 1 }
    let height = tanh(variable)
    return (Double(range.upperBound) - Double(range.lowerBound)) * (1 - height * height) / 2
  }
}
