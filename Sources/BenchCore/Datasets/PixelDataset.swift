import Digests
import Foundation
import Tensor
import Text

/// Labelled images of one split, kept as bytes (a quarter of the floats' memory) and converted block by block.
package struct PixelDataset: Sendable, Equatable {
  /// Such as `"cifar10"`.
  package let name: String
  /// `"train"` or `"test"`.
  package let split: String
  /// `[C, H, W]`.
  package let imageShape: Shape
  /// N images of C * H * W bytes, in file order.
  package let pixels: [UInt8]
  /// N class indices.
  package let labels: [UInt8]
  /// Which pixels carry the labels, of N images; nil where that is not known.
  package let signalMask: SignalMask?

  /// - Precondition: `pixels` holds one image for each label, and the mask is of as many.
  package init(
    name: String, split: String, imageShape: Shape, pixels: [UInt8], labels: [UInt8], signalMask: SignalMask? = nil
  ) {
    precondition(pixels.count == labels.count * imageShape.count, "one image for each label")
    precondition(signalMask.map { $0.count == labels.count } ?? true, "one mask for each label")
    self.signalMask = signalMask
    self.name = name
    self.split = split
    self.imageShape = imageShape
    self.pixels = pixels
    self.labels = labels
  }

  package var count: Int { labels.count }

  /// The first `count` images, as floats in [0, 1].
  /// - Precondition: there are that many.
  package func prefix(_ count: Int) -> ImageSet {
    let size = imageShape.count
    let images = Tensor(shape: imageShape.prepending(count)) { output in
      for index in 0..<count { copyImage(index, to: UnsafeMutableBufferPointer(rebasing: output[(index * size)...])) }
    }
    return ImageSet(
      name: name, split: split, images: images, labels: labels.prefix(count).map(Int.init),
      signalMask: signalMask?[images: 0..<count])
  }

  /// Writes image `index` as byte / 255 to the first C * H * W places of `output`.
  package func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) {
    let size = imageShape.count
    precondition(output.count >= size)
    pixels.withUnsafeBufferPointer { bytes in
      let start = index * size
      for offset in 0..<size { output[offset] = Float(bytes[start + offset]) / 255 }
    }
  }

  /// The indices of each class's images, ascending.
  package func indices(classCount: Int) -> [[Int]] {
    var result = [[Int]](repeating: [], count: classCount)
    for (index, label) in labels.enumerated() { result[Int(label)].append(index) }
    return result
  }

  /// SHA-256 of shape, pixels and labels in lower-case hexadecimal: the same for plain and compressed files.
  package func contentDigest() -> String {
    var hash = SHA256()
    hash.update(data: Data("\(name) \(split) \(imageShape) \(count)\n".utf8))
    pixels.withUnsafeBytes { hash.update(bufferPointer: $0) }
    labels.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }
}
