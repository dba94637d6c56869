import BenchCore
import Tensor

/// What synthesis begins with, at places of an endless list of samples: the start of a place depends on nothing but seed and place.
package struct SynthesisSamples: Sendable {
  /// Which images the Gaussians that seeds are drawn from are of.
  package enum Seeds: String, Sendable, CaseIterable {
    /// The class that is to be made, as published. A draw of it is half way there.
    case own
    /// All other classes.
    case others
  }

  /// `[N, C, H, W]`.
  package let starts: Tensor
  package let targets: [Int]
  /// Which pixels carry the class, as far as that is known.
  package let mask: SignalMask?
  /// Of inpainting and super-resolution: the images that were spoilt.
  package let originals: Tensor?
  /// Of inpainting: the pixels taken out.
  package let missing: SignalMask?
  package let penalty: GradientAscent.Penalty?

  /// Of generation: place p is of class p modulo their number.
  /// - Parameter mask: of the first image of the task, for all, where the task's images have one mask.
  package static func generation(
    _ references: ReferenceImages, seeds: Seeds, classCount: Int, factor: Int, range: ClosedRange<Float>?,
    mask: [Bool]?, places: [Int], seed: UInt64
  ) -> SynthesisSamples {
    let random = RandomStream(seed: seed, name: "synthesis seed")
    let targets = places.map { $0 % classCount }
    let needed = Set(targets)
    let gaussians = (0..<classCount).map { label -> ClassGaussian? in
      guard needed.contains(label) else { return nil }
      return ClassGaussian(
        seeds == .own ? references.images(ofClass: label) : references.images(notOfClass: label), factor: factor)
    }
    let draws = zip(places, targets).map { place, target -> Tensor in
      guard let gaussian = gaussians[target] else { preconditionFailure("made for every target") }
      return Tensor(shape: gaussian.shape.prepending(1), scalars: clipped(gaussian.draw(random, place: place), range))
    }
    return SynthesisSamples(
      starts: .concatenating(draws), targets: targets, mask: mask.map { SignalMask($0, count: places.count) },
      originals: nil, missing: nil, penalty: nil)
  }

  /// Of inpainting: the images of these places, towards their labels.
  package static func inpainting(
    _ images: ChosenImages, mask: SignalMask?, side: Int, seed: UInt64
  ) -> SynthesisSamples {
    let patches = Patches(images.images, side: side, within: mask, places: images.positions, seed: seed)
    let missing = patches.missing
    return SynthesisSamples(
      starts: patches.images, targets: images.labels, mask: mask, originals: images.images, missing: missing,
      penalty: GradientAscent.Penalty(
        weight: SynthesisTask.penaltyWeight, pixels: (0..<images.count).map { missing[$0].map { !$0 } },
        origin: patches.images))
  }

  /// Of super-resolution: the images of these places, averaged over squares and repeated.
  package static func superResolution(
    _ images: ChosenImages, mask: SignalMask?, factor: Int
  ) -> SynthesisSamples {
    SynthesisSamples(
      starts: images.images.blockMeans(factor).repeated(factor), targets: images.labels, mask: mask,
      originals: images.images, missing: nil, penalty: nil)
  }

  private static func clipped(_ image: [Float], _ range: ClosedRange<Float>?) -> [Float] {
    range.map { range in image.map { min(max($0, range.lowerBound), range.upperBound) } } ?? image
  }

  /// Root mean squares of differences from the originals, of the pixels that were taken out, or of all; nil of generation.
  package func errors(of images: Tensor) -> [Double]? {
    guard let originals else { return nil }
    let differences = images.minus(originals)
    return (0..<images.batch).map { image in
      let meant = missing?[image]
      let squares = differences.item(image).enumerated().filter { meant?[$0.offset] ?? true }.map {
        Double($0.element) * Double($0.element)
      }
      return (squares.reduce(0, +) / Double(max(1, squares.count))).squareRoot()
    }
  }
}
