import Tensor

/// Images to train on, or to test with, one at a time: a data set may keep them as bytes.
public protocol LabelledImages: Sendable {
  /// Such as `"cifar10"`.
  var name: String { get }
  /// `[C, H, W]`.
  var imageShape: Shape { get }
  var classCount: Int { get }
  /// In `0..<classCount`, one per image.
  var labels: [Int] { get }
  /// What is not known of the data, in words; nil where they are those that the name says.
  var remark: String? { get }
  /// Writes image `index` to the first C * H * W places of `output`, in pixel units.
  /// - Throws: where it is read from a file and cannot be.
  func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) throws
}

extension LabelledImages {
  public var count: Int { labels.count }
  public var remark: String? { nil }

  /// Images `range` as one tensor `[N, C, H, W]`.
  /// - Throws: what `copyImage` throws.
  public func images(_ range: Range<Int>) throws -> Tensor {
    let size = imageShape.count
    return try Tensor(shape: imageShape.prepending(range.count)) { output in
      for (place, index) in range.enumerated() {
        try copyImage(index, to: UnsafeMutableBufferPointer(rebasing: output[(place * size)...]))
      }
    }
  }
}

public enum DataSplit: String, Sendable {
  case training
  case evaluation
}

/// Images that are in memory as numbers.
public struct TensorImages: LabelledImages {
  public let name: String
  public let classCount: Int
  public let labels: [Int]
  public let images: Tensor

  /// - Parameter set: whose labels are in `0..<classCount`.
  public init(_ set: ImageSet, classCount: Int) {
    name = set.name
    labels = set.labels
    images = set.images
    self.classCount = classCount
  }

  public var imageShape: Shape { images.shape.droppingFirst }

  public func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) {
    let size = images.stride
    precondition(output.count >= size)
    images.scalars.withUnsafeBufferPointer { source in
      guard let from = source.baseAddress, let to = output.baseAddress else { return }
      to.update(from: from + index * size, count: size)
    }
  }
}
