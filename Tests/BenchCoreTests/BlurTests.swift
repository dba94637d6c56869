import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct BlurTests {
  /// A sixteenth of 16 pixels: a deviation of 1, cut at 3.
  @Test func anImpulseBecomesTheKernel() {
    var image = Tensor(shape: [1, 1, 16, 20], repeating: 0)
    image.scalars[8 * 20 + 9] = 1
    let weights = (-3...3).map { exp(-0.5 * Double($0 * $0)) }
    let total = weights.reduce(0, +)
    let result = blurred(image)
    for row in 0..<16 {
      for column in 0..<20 {
        let (y, x) = (row - 8 + 3, column - 9 + 3)
        let expected =
          weights.indices.contains(y) && weights.indices.contains(x) ? weights[y] * weights[x] / (total * total) : 0
        #expect(abs(Double(result.scalars[row * 20 + column]) - expected) < 1e-7)
      }
    }
  }

  /// Mirrored beyond the border, an image loses nothing there.
  @Test func theSumStays() {
    let pixels = RandomStream(seed: 2, name: "blur").uniforms(item: 0, count: 2 * 3 * 5 * 7).map { Float($0) }
    let images = Tensor(shape: [2, 3, 5, 7], scalars: pixels)
    let result = blurred(images)
    for plane in 0..<6 {
      let range = plane * 35..<(plane + 1) * 35
      let before: Float = images.scalars[range].reduce(0, +)
      let after: Float = result.scalars[range].reduce(0, +)
      #expect(abs(before - after) < 1e-4)
    }
    let constant = Tensor(shape: [1, 1, 4, 6], repeating: 0.25)
    for value in blurred(constant).scalars { #expect(abs(value - 0.25) < 1e-7) }
  }

  @Test func imagesAndChannelsAreByThemselves() {
    let pixels = RandomStream(seed: 3, name: "blur").uniforms(item: 0, count: 2 * 3 * 8 * 8).map { Float($0) }
    let images = Tensor(shape: [2, 3, 8, 8], scalars: pixels)
    let planes = images.reshaped(to: [6, 1, 8, 8])
    #expect(blurred(planes).scalars == blurred(images).scalars)
    #expect(blurred(images[batch: 1..<2]) == blurred(images)[batch: 1..<2])
  }
}
