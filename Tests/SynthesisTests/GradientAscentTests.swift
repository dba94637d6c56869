import BenchCore
import Foundation
import Tensor
import Testing

@testable import Synthesis

@Suite struct GradientAscentTests {
  private let shape: Shape = [1, 4, 4]

  private func length(_ image: some Sequence<Float>) -> Double {
    image.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  /// Of linear logits the best image of a ball is its centre plus the radius along the difference of the weights.
  @Test func onLinearLogitsItReachesTheBestOfTheBall() throws {
    let random = RandomStream(seed: 1, name: "w")
    let rows = (0..<2).map { random.normals(item: $0, count: 16).map { Double(Float($0)) } }
    let classifier = FunctionClassifier.linear(shape, rows)
    let starts = randomImages(2)
    let ascent = GradientAscent(radius: 3, stepLength: 0.1, steps: 60)
    let images = try ascent.run(classifier, from: starts, towards: [1, 0], range: nil, places: [0, 1])
    for (image, target) in [1, 0].enumerated() {
      let direction = zip(rows[target], rows[1 - target]).map { Float($0 - $1) }
      let scale = Float(3 / length(direction))
      let change = zip(images.item(image), starts.item(image)).map { $0 - $1 }
      #expect(abs(length(change) - 3) < 1e-3)
      #expect(length(zip(change, direction).map { $0 - scale * $1 }) < 1e-3)
    }
    // Fewer steps than the radius needs.
    let short = GradientAscent(radius: 3, stepLength: 0.1, steps: 10)
    let near = try short.run(classifier, from: starts, towards: [1, 0], range: nil, places: [0, 1])
    #expect(abs(length(zip(near.item(0), starts.item(0)).map { $0 - $1 }) - 1) < 1e-3)
  }

  @Test func pixelsStayInTheirRange() throws {
    let classifier = FunctionClassifier.linear(
      shape, [[Double](repeating: 1, count: 16), [Double](repeating: 0, count: 16)])
    let starts = Tensor(shape: [1, 1, 4, 4], repeating: 0.9)
    let images = try GradientAscent(radius: 3, stepLength: 0.5, steps: 10).run(
      classifier, from: starts, towards: [0], range: 0...1, places: [0])
    #expect(images.scalars.allSatisfy { $0 == 1 })
  }

  /// Steps across a maximum: the best of them is kept, not the last.
  @Test func theBestIterateIsKept() throws {
    let classifier = FunctionClassifier.quadratic(
      shape, [(1, [Double](repeating: 0, count: 16)), (0, [Double](repeating: 0, count: 16))])
    let starts = Tensor(shape: [1, 1, 4, 4], repeating: 0.25)
    // |start| = 1; steps of 0.8 lead to 0.2, then to 0.6 beyond.
    let images = try GradientAscent(radius: 9, stepLength: 0.8, steps: 2).run(
      classifier, from: starts, towards: [0], range: nil, places: [0])
    #expect(abs(length(images.item(0)) - 0.2) < 1e-3)
  }

  /// Where the classifier wants no change a penalty leads back, and pixels without it may go where they want.
  @Test func aPenaltyHoldsWhatItIsOf() throws {
    let classifier = FunctionClassifier.linear(
      shape, [[Double](repeating: 1, count: 16), [Double](repeating: 0, count: 16)])
    let starts = Tensor(shape: [1, 1, 4, 4], repeating: 0)
    let held = (0..<16).map { $0 >= 4 }
    let images = try GradientAscent(radius: 4, stepLength: 0.05, steps: 200).run(
      classifier, from: starts, towards: [0], range: nil,
      penalty: .init(weight: 1000, pixels: [held], origin: starts), places: [0])
    let (free, kept) = (images.scalars[..<4], images.scalars[4...])
    #expect(length(free) > 1 && length(kept) < 0.1, "\(length(free)) \(length(kept))")
  }

  /// The covariance of draws is that of the images plus 1e-4, at a quarter of the resolution too.
  @Test func drawsOfAClassHaveItsMoments() throws {
    let random = RandomStream(seed: 5, name: "class")
    // One factor and a mean.
    let images = Tensor(
      shape: [30, 1, 4, 4],
      scalars: (0..<30).flatMap { image -> [Float] in
        let factor = random.normals(item: image, count: 1)[0]
        return (0..<16).map { Float(0.1 * Double($0) + factor * ($0 % 2 == 0 ? 1 : -1)) }
      })
    let gaussian = ClassGaussian(images, factor: 1)
    let stream = RandomStream(seed: 1, name: "draws")
    let draws = (0..<4000).map { gaussian.draw(stream, place: $0).map(Double.init) }
    func moment(_ values: [[Double]], _ a: Int, _ b: Int) -> Double {
      let (meanA, meanB) = (
        values.reduce(0) { $0 + $1[a] } / Double(values.count), values.reduce(0) { $0 + $1[b] } / Double(values.count)
      )
      return values.reduce(0) { $0 + ($1[a] - meanA) * ($1[b] - meanB) } / Double(values.count)
    }
    let own = (0..<30).map { images.item($0).map(Double.init) }
    for (a, b) in [(0, 0), (0, 1), (3, 7), (2, 15)] {
      let expected = moment(own, a, b) + (a == b ? 1e-4 : 0)
      #expect(abs(moment(draws, a, b) - expected) < 0.1 * abs(expected))
    }
    let coarse = ClassGaussian(images, factor: 2).draw(stream, place: 0)
    #expect(coarse[0] == coarse[1] && coarse[0] == coarse[5] && coarse[0] != coarse[2])
    #expect(gaussian.draw(stream, place: 7) == gaussian.draw(stream, place: 7))
  }

  @Test func patchesAreFilledWithTheMeanOfTheRest() {
    let images = randomImages(6)
    let signal = SignalMask((0..<16).map { $0 % 4 < 2 }, count: 6)
    let patches = Patches(images, side: 2, within: signal, places: Array(0..<6), seed: 1)
    for image in 0..<6 {
      let missing = patches.missing[image]
      #expect(missing.count { $0 } == 4)
      #expect(zip(missing, signal[image]).allSatisfy { !$0 || $1 })
      let kept = zip(images.item(image), missing).filter { !$1 }.map { Double($0.0) }
      for (pixel, isMissing) in missing.enumerated() {
        let value = Double(patches.images.item(image)[image * 16 + pixel])
        let expected = isMissing ? kept.reduce(0, +) / 12 : Double(images.scalars[image * 16 + pixel])
        #expect(abs(value - expected) < 1e-6)
      }
    }
    let again = Patches(images.items([3]), side: 2, within: signal, places: [3], seed: 1)
    #expect(again.images == patches.images.items([3]))
  }

  @Test func resolutionGoesDownAndUp() {
    let image = Tensor(shape: [1, 1, 2, 4], scalars: [1, 3, 0, 0, 5, 7, 0, 4])
    let small = image.blockMeans(2)
    #expect(small.shape == [1, 1, 1, 2] && small.scalars == [4, 1])
    #expect(small.repeated(2).scalars == [4, 4, 1, 1, 4, 4, 1, 1])
  }

  @Test func settingsArePublishedOrScaled() {
    #expect(
      SynthesisTask.generation.settings(.cifar10, length: 1) == GradientAscent(radius: 30, stepLength: 0.5, steps: 60))
    #expect(SynthesisTask.inpainting.settings(.cifar10, length: 1) == nil)
    #expect(
      SynthesisTask.generation.settings(.scaled, length: 12) == GradientAscent(radius: 12, stepLength: 0.2, steps: 60))
  }
}
