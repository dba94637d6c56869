import BenchCore

/// A way to change images, within a radius around each, so that they are classified wrongly.
///
/// What becomes of an image is a function of the image, its label, its place in the set, the seed and the radius alone: bytes are
/// the same for every batch size, number of threads and order.
package protocol Attack: Sendable {
  var record: AttackRecord { get }
  var norm: AttackNorm { get }
  /// Whether the attack looks for the smallest perturbation itself, so that no search along radii is needed.
  var isMinimal: Bool { get }
  /// Radii along which the smallest one is looked for, where those of the norm mean nothing; nil (the default) for those.
  var grid: [Double]? { get }

  /// - Parameters:
  ///   - images: rightly classified.
  ///   - radii: of each image's ball.
  ///   - starts: images to begin with, such as what an attack in a smaller ball came to; nil for none. They may lie outside the
  ///     ball and are brought into it.
  /// - Returns: one attempt per image, inside its ball.
  func attack(_ images: AttackedImages, within radii: [Double], from starts: [[Float]?]) throws
    -> [Attempt]
}

extension Attack {
  package var isMinimal: Bool { false }
  package var grid: [Double]? { nil }
  package var id: String { record.id }
}

/// What an attack made of one image.
package struct Attempt: Sendable, Equatable {
  /// The attacked image, as the network saw it.
  package var image: [Float]
  /// Whether it was classified wrongly.
  package var isAdversarial: Bool

  package init(image: [Float], isAdversarial: Bool) {
    self.image = image
    self.isAdversarial = isAdversarial
  }
}
