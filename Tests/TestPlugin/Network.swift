import Foundation

/// logit k = sum over pixels i of w(k, i) tanh(x_i), and its derivative.
struct Network {
  static let classes = 3
  let shape: [Int]

  var pixels: Int { shape.reduce(1, *) }

  func logits(_ images: [Float]) -> [Float] {
    images.chunked(pixels).flatMap { image in
      (0..<Self.classes).map { k in
        image.enumerated().reduce(Float(0)) { $0 + Self.weight(k, $1.offset) * tanh($1.element) }
      }
    }
  }

  func gradients(_ images: [Float], _ cotangents: [Float]) -> [Float] {
    zip(images.chunked(pixels), cotangents.chunked(Self.classes)).flatMap { image, vector in
      image.enumerated().map { i, x in
        let slope = 1 - tanh(x) * tanh(x)
        return vector.enumerated().reduce(Float(0)) { $0 + $1.element * Self.weight($1.offset, i) } * slope
      }
    }
  }

  private static func weight(_ k: Int, _ i: Int) -> Float { Float((7 * k + 3 * i) % 5) - 2 }
}

extension Array {
  /// Consecutive pieces of `count` elements.
  func chunked(_ count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min(self.count, $0 + count)]) }
  }
}
