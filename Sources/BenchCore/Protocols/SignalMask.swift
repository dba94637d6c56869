import Tensor

/// Which pixels carry the label: true for those, C * H * W of them, of each image of a set.
public struct SignalMask: Sendable, Equatable {
  private enum Storage: Sendable, Equatable {
    case common([Bool], count: Int)
    case individual([[Bool]])
  }

  private let storage: Storage

  /// The same for all of `count` images.
  public init(_ pixels: [Bool], count: Int) { storage = .common(pixels, count: count) }

  /// One for each image.
  public init(ofImages masks: [[Bool]]) { storage = .individual(masks) }

  /// Number of images.
  public var count: Int {
    switch storage {
    case .common(_, let count): count
    case .individual(let masks): masks.count
    }
  }

  /// That of the image at a place of the set.
  public subscript(image: Int) -> [Bool] {
    precondition((0..<count).contains(image), "the mask of image \(image) of \(count)")
    switch storage {
    case .common(let pixels, _): return pixels
    case .individual(let masks): return masks[image]
    }
  }

  /// The mask of some of the images.
  public subscript(images range: Range<Int>) -> SignalMask {
    switch storage {
    case .common(let pixels, _): SignalMask(pixels, count: range.count)
    case .individual(let masks): SignalMask(ofImages: Array(masks[range]))
    }
  }

  /// What is wrong with it for images of so many pixels; nil where nothing is.
  func problem(imageCount: Int, pixels: Int) -> String? {
    guard count == imageCount else { return "a signal mask of \(count) images for \(imageCount)" }
    let masks =
      switch storage {
      case .common(let pixels, _): [pixels]
      case .individual(let masks): masks
      }
    guard let bad = masks.firstIndex(where: { $0.count != pixels }) else { return nil }
    return "a signal mask of \(masks[bad].count) pixels, expected \(pixels)"
  }
}

extension Tensor {
  /// The pixels where an image's mask is `kept`, zero elsewhere.
  /// - Precondition: there is a mask for each image.
  package func masked(by mask: SignalMask, keeping kept: Bool) -> Tensor {
    precondition(mask.count == batch, "one mask per image")
    return Tensor(
      shape: shape, scalars: (0..<batch).flatMap { zip(item($0), mask[$0]).map { $1 == kept ? $0 : 0 } })
  }
}
