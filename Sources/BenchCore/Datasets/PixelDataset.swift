import Digests
import Foundation
import Tensor
import Text

/// Images as bytes that are not kept in memory: files that are decoded, or parts of large ones, whenever they are asked for.
package protocol PixelSource: Sendable {
  /// Writes image `index`, C * H * W bytes in planes; the same ones every time.
  /// - Throws: where it cannot be read.
  func copyBytes(of index: Int, to output: UnsafeMutableBufferPointer<UInt8>) throws
}

/// Labelled images of one split as bytes (a quarter of the floats' memory), converted block by block.
package struct PixelDataset: Sendable {
  /// Such as `"cifar10"`.
  package let name: String
  /// `"train"` or `"test"`.
  package let split: String
  /// `[C, H, W]`.
  package let imageShape: Shape
  /// N class indices.
  package let labels: [Int]
  /// Which pixels carry the labels, of N images; nil where that is not known.
  package let signalMask: SignalMask?
  private let storage: Storage

  private enum Storage: Sendable {
    /// N images of C * H * W bytes.
    case memory([UInt8])
    case source(any PixelSource)
  }

  /// - Parameter pixels: N images of C * H * W bytes, in file order.
  /// - Precondition: `pixels` holds one image for each label, and the mask is of as many.
  package init(
    name: String, split: String, imageShape: Shape, pixels: [UInt8], labels: [Int], signalMask: SignalMask? = nil
  ) {
    precondition(pixels.count == labels.count * imageShape.count, "one image for each label")
    precondition(signalMask.map { $0.count == labels.count } ?? true, "one mask for each label")
    self.signalMask = signalMask
    self.name = name
    self.split = split
    self.imageShape = imageShape
    self.labels = labels
    storage = .memory(pixels)
  }

  /// - Parameter source: of one image for each label.
  package init(name: String, split: String, imageShape: Shape, source: any PixelSource, labels: [Int]) {
    signalMask = nil
    self.name = name
    self.split = split
    self.imageShape = imageShape
    self.labels = labels
    storage = .source(source)
  }

  package var count: Int { labels.count }

  /// Whether images are there as bytes, and not read from a source each time anew.
  package var isInMemory: Bool {
    if case .memory = storage { true } else { false }
  }

  /// Images `range` as bytes.
  /// - Throws: what a source throws.
  package func bytes(_ range: Range<Int>) throws -> [UInt8] {
    let size = imageShape.count
    switch storage {
    case .memory(let pixels): return Array(pixels[range.lowerBound * size..<range.upperBound * size])
    case .source(let source):
      return try [UInt8](unsafeUninitializedCapacity: range.count * size) { output, initialized in
        output.initialize(repeating: 0)
        for (place, index) in range.enumerated() {
          try source.copyBytes(
            of: index, to: UnsafeMutableBufferPointer(rebasing: output[place * size..<(place + 1) * size]))
        }
        initialized = range.count * size
      }
    }
  }

  /// Writes image `index` as byte / 255 to the first C * H * W places of `output`.
  /// - Throws: what a source throws.
  package func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) throws {
    let size = imageShape.count
    precondition(output.count >= size)
    func convert(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) {
      for offset in 0..<size { output[offset] = Float(bytes[start + offset]) / 255 }
    }
    switch storage {
    case .memory(let pixels): pixels.withUnsafeBufferPointer { convert($0, from: index * size) }
    case .source(let source):
      try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { bytes in
        bytes.initialize(repeating: 0)
        try source.copyBytes(of: index, to: bytes)
        convert(UnsafeBufferPointer(bytes), from: 0)
      }
    }
  }

  /// Images `range` as floats in [0, 1], `[N, C, H, W]`.
  /// - Throws: what a source throws.
  package func images(_ range: Range<Int>) throws -> Tensor {
    let size = imageShape.count
    return try Tensor(shape: imageShape.prepending(range.count)) { output in
      for (place, index) in range.enumerated() {
        try copyImage(index, to: UnsafeMutableBufferPointer(rebasing: output[(place * size)...]))
      }
    }
  }

  /// The first `count` images.
  /// - Precondition: there are that many.
  package func prefix(_ count: Int) throws -> ImageSet {
    ImageSet(
      name: name, split: split, images: try images(0..<count), labels: Array(labels.prefix(count)),
      signalMask: signalMask?[images: 0..<count])
  }

  /// Some of the images, in the order given; of a source none is read for that.
  /// - Parameters:
  ///   - name: of the new set; nil for the same.
  ///   - newLabels: of the chosen images; nil for their own.
  package func choosing(_ indices: [Int], name: String? = nil, labels newLabels: [Int]? = nil) -> PixelDataset {
    let (name, labels) = (name ?? self.name, newLabels ?? indices.map { self.labels[$0] })
    switch storage {
    case .memory(let pixels):
      let size = imageShape.count
      var chosen: [UInt8] = []
      chosen.reserveCapacity(indices.count * size)
      for index in indices { chosen += pixels[index * size..<(index + 1) * size] }
      return PixelDataset(name: name, split: split, imageShape: imageShape, pixels: chosen, labels: labels)
    case .source(let source):
      return PixelDataset(
        name: name, split: split, imageShape: imageShape, source: ChosenPixels(source: source, indices: indices),
        labels: labels)
    }
  }

  /// The same images in memory, each read once: for what goes through them many times.
  /// - Throws: what a source throws.
  package func inMemory(threads: Int) throws -> PixelDataset {
    guard case .source(let source) = storage else { return self }
    let size = imageShape.count
    let pixels = try [UInt8](unsafeUninitializedCapacity: count * size) { output, initialized in
      output.initialize(repeating: 0)
      nonisolated(unsafe) let images = output
      try Workers.forEachBlock(of: count, blockSize: 1, threads: threads) { range, _ in
        for index in range {
          try source.copyBytes(
            of: index, to: UnsafeMutableBufferPointer(rebasing: images[index * size..<(index + 1) * size]))
        }
      }
      initialized = count * size
    }
    return PixelDataset(name: name, split: split, imageShape: imageShape, pixels: pixels, labels: labels)
  }

  /// The indices of each class's images, ascending.
  package func indices(classCount: Int) -> [[Int]] {
    var result = [[Int]](repeating: [], count: classCount)
    for (index, label) in labels.enumerated() { result[label].append(index) }
    return result
  }

  /// SHA-256 of shape, pixels and labels in lower-case hexadecimal: the same for plain and compressed files, in memory or not. Labels are
  /// hashed as bytes, or as two each where one byte does not hold them all.
  /// - Throws: what a source throws, `CancellationError`.
  package func contentDigest() throws -> String {
    var hash = SHA256()
    hash.update(data: Data("\(name) \(split) \(imageShape) \(count)\n".utf8))
    switch storage {
    case .memory(let pixels): pixels.withUnsafeBytes { hash.update(bufferPointer: $0) }
    case .source:
      for index in 0..<count {
        try Cancellation.current?.check()
        try bytes(index..<index + 1).withUnsafeBytes { hash.update(bufferPointer: $0) }
      }
    }
    if labels.allSatisfy({ $0 < 256 }) {
      labels.map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBytes { hash.update(bufferPointer: $0) }
    } else {
      labels.map { UInt16(truncatingIfNeeded: $0).littleEndian }.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    return hash.finalize().hexadecimal
  }
}

/// Some images of a source, in another order.
private struct ChosenPixels: PixelSource {
  let source: any PixelSource
  let indices: [Int]

  func copyBytes(of index: Int, to output: UnsafeMutableBufferPointer<UInt8>) throws {
    try source.copyBytes(of: indices[index], to: output)
  }
}
