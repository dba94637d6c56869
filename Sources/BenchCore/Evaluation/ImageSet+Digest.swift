import Digests
import Foundation
import Tensor
import Text

/// SHA-256, in lower-case hexadecimal, of the shape as text (`"[N, C, H, W]\n"`), the pixels as little-endian float32 in
/// row-major order and the labels as little-endian int32: which images a result was measured on.
struct ImagesDigest {
  private var hash = SHA256()

  /// - Parameter shape: `[N, C, H, W]` of all images.
  init(shape: Shape) { hash.update(data: Data("\(shape)\n".utf8)) }

  mutating func add(_ images: Tensor) {
    images.scalars.map { $0.bitPattern.littleEndian }.withUnsafeBytes { hash.update(bufferPointer: $0) }
  }

  mutating func finish(_ labels: [Int]) -> String {
    labels.map { Int32(truncatingIfNeeded: $0).littleEndian }.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }
}

extension ImageSet {
  package var digest: String {
    var digest = ImagesDigest(shape: images.shape)
    digest.add(images)
    return digest.finish(labels)
  }
}

extension EvaluationImages {
  /// That of the same images in memory.
  /// - Throws: what reading images throws, `CancellationError`.
  package func digest(threads: Int) throws -> String {
    var digest = ImagesDigest(shape: imageShape.prepending(count))
    // Decoding takes long and is divided; the bytes come in order.
    let ranges = MeasurementBlock.ranges(imageCount: count, scalarsPerImage: imageShape.count)
    for start in stride(from: 0, to: ranges.count, by: threads) {
      try Cancellation.current?.check()
      let group = Array(ranges[start..<min(start + threads, ranges.count)])
      for block in try Workers.map(group.count, threads: threads, { try images(group[$0]) }) { digest.add(block) }
    }
    return digest.finish(labels)
  }
}
