import BenchCore
import Tensor

/// The training images of one class, converted to floats one block at a time.
///
/// Blocks are defined by position in the class, so sums over them are the same for any number of threads.
struct ClassImages {
  static let blockSize = 256

  let dataset: PixelDataset
  /// Positions in the data set, ascending.
  let indices: [Int]

  /// Bytes of images that all threads together hold decoded, each those of the class it works on.
  static let largestHeld = 256 << 20

  /// The same images, where they are files each decoded once: a fit goes through them at every iteration.
  /// - Parameter threads: that do so at the same time.
  /// - Returns: self where they are in memory already, and where they would take more than this thread's share.
  /// - Throws: what reading them throws, and `CancellationError`.
  func decoded(threads: Int) throws -> ClassImages {
    guard !dataset.isInMemory, count <= Self.largestHeld / max(1, threads) / max(1, dimension) else { return self }
    return ClassImages(dataset: try dataset.choosing(indices).inMemory(threads: 1), indices: Array(0..<count))
  }

  var count: Int { indices.count }
  var dimension: Int { dataset.imageShape.count }

  /// Calls `body` with each block's positions in the class and its pixels, B x d.
  /// - Throws: what `body` throws, and `CancellationError` before a block.
  func forEachBlock(_ body: (Range<Int>, UnsafePointer<Float>) throws -> Void) throws {
    let d = dimension
    var buffer = [Float](repeating: 0, count: min(count, ClassImages.blockSize) * d)
    for start in stride(from: 0, to: count, by: ClassImages.blockSize) {
      try Cancellation.current?.check()
      let range = start..<min(count, start + ClassImages.blockSize)
      try buffer.withUnsafeMutableBufferPointer { pixels in
        for position in range {
          try dataset.copyImage(
            indices[position], to: UnsafeMutableBufferPointer(rebasing: pixels[((position - start) * d)...]))
        }
        guard let base = pixels.baseAddress else { return }
        try body(range, base)
      }
    }
  }

  /// One image.
  /// - Throws: what reading it throws.
  func image(_ position: Int) throws -> [Float] {
    try [Float](unsafeUninitializedCapacity: dimension) { buffer, initialized in
      buffer.initialize(repeating: 0)
      try dataset.copyImage(indices[position], to: buffer)
      initialized = dimension
    }
  }
}
