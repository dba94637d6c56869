import Tensor

/// The images of an evaluation, handed out block by block: of a data set of files no more are decoded at a time than are being measured.
public struct EvaluationImages: Sendable {
  public let name: String
  public let split: String
  /// `[C, H, W]`.
  public let imageShape: Shape
  public let labels: [Int]
  /// Which pixels carry the labels; nil where that is not known.
  public let signalMask: SignalMask?
  private let read: @Sendable (Range<Int>) throws -> Tensor

  /// - Parameter read: images `[N, C, H, W]` of a range of places; the same ones every time, from any thread.
  public init(
    name: String, split: String, imageShape: Shape, labels: [Int], signalMask: SignalMask? = nil,
    read: @escaping @Sendable (Range<Int>) throws -> Tensor
  ) {
    self.name = name
    self.split = split
    self.imageShape = imageShape
    self.labels = labels
    self.signalMask = signalMask
    self.read = read
  }

  /// Of images that are in memory.
  public init(_ set: ImageSet) {
    let images = set.images
    self.init(
      name: set.name, split: set.split, imageShape: images.shape.droppingFirst, labels: set.labels,
      signalMask: set.signalMask
    ) { images[batch: $0] }
  }

  public var count: Int { labels.count }

  /// `[N, C, H, W]`.
  /// - Throws: what reading them throws.
  public func images(_ range: Range<Int>) throws -> Tensor { try read(range) }

  /// The first `count` images in memory.
  /// - Throws: what reading them throws.
  package func prefix(_ count: Int) throws -> ImageSet {
    ImageSet(
      name: name, split: split, images: try images(0..<count), labels: Array(labels.prefix(count)),
      signalMask: signalMask?[images: 0..<count])
  }
}
