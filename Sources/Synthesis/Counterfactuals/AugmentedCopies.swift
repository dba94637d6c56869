import Tensor

/// Copies of an image that are moved a little, over which a classifier's gradient is averaged on a counterfactual's way (DVCE; the
/// public code's `aug_num`): of classifiers that are not robust single gradients are noise.
///
/// The first copy is the image itself. Each other one is, with probability 0.7, turned by up to 15 degrees and shifted by up to a
/// tenth of its sides, the edge's pixels repeated; and after that, with probability 0.7, seen in perspective, each corner moved
/// inwards by up to 0.35 of the sides, on grey. These are the numbers of the public code, and the geometry is that of its library
/// (kornia's RandomAffine and RandomPerspective), but for the half pixel by which that one's grids are off.
struct AugmentedCopies {
  static let probability = 0.7
  static let degrees = 15.0
  static let shift = 0.1
  /// The published distortion of 0.7, of half a side.
  static let distortion = 0.7
  /// On fewer pixels a side the moved corners could change places.
  static let smallestSide = 4

  /// Copies that there may be; draws do not depend on how many there are.
  static let limit = 256
  /// Of one copy.
  private static let draws = 16

  let count: Int
  /// `[C, H, W]`.
  let shape: Shape
  /// What stands around an image in perspective: the middle of what pixels can be, as in the published units of [-1, 1].
  let grey: Double
  private let random: RandomStream

  /// - Parameters:
  ///   - count: with the image itself, 1 to `limit`.
  ///   - range: of pixels; around images without one is 0.
  init(_ count: Int, of shape: Shape, range: ClosedRange<Float>?, seed: UInt64) {
    precondition((1...Self.limit).contains(count), "\(count) copies")
    self.count = count
    self.shape = shape
    grey = range.map { 0.5 * (Double($0.lowerBound) + Double($0.upperBound)) } ?? 0
    random = RandomStream(seed: seed, name: "counterfactual augmentation")
  }

  /// What is done to the image for one copy: a function of seed, place, step, classifier and copy alone.
  /// - Parameters:
  ///   - place: of the image in its set.
  ///   - classifier: 0 for the one that is explained, 1 for the guide: each has draws of its own.
  func warps(place: Int, step: Int, classifier: Int, copy: Int) -> [Warp] {
    guard copy > 0 else { return [] }
    let start = ((step * 2 + classifier) * Self.limit + copy) * Self.draws
    let u = random.uniforms(item: place, positions: start..<start + Self.draws)
    let (height, width) = (shape[1], shape[2])
    let size = (x: Double(width - 1), y: Double(height - 1))
    /// From -1 to 1.
    func signed(_ index: Int) -> Double { 2 * u[index] - 1 }
    var result: [Warp] = []
    if u[0] < Self.probability {
      result.append(
        Warp(
          height: height, width: width, outside: .edge,
          .undoingTurn(
            by: Self.degrees * signed(1), around: (0.5 * size.x, 0.5 * size.y),
            shift: (Self.shift * signed(2) * Double(width), Self.shift * signed(3) * Double(height)))))
    }
    if u[4] < Self.probability, min(height, width) >= Self.smallestSide {
      let inwards = (x: 0.5 * Self.distortion * Double(width), y: 0.5 * Self.distortion * Double(height))
      let corners = [(0.0, 0.0), (1, 0), (1, 1), (0, 1)].enumerated().map { index, corner in
        (
          x: corner.0 * size.x + (1 - 2 * corner.0) * inwards.x * u[5 + 2 * index],
          y: corner.1 * size.y + (1 - 2 * corner.1) * inwards.y * u[6 + 2 * index]
        )
      }
      result.append(
        Warp(height: height, width: width, outside: .value(grey), .rectangle(size, from: corners)))
    }
    return result
  }
}
