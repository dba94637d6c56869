import Synchronization
import Tensor

/// How the quantities derived from a density walk over images: in blocks, so that the N x K class scores of all images never
/// exist at once, on several threads.
enum DensityBlocks {
  /// A block takes about so many scalars, 8 MB: the class scores, with 10 classes of 3 x 32 x 32, of 65 images, the largest block of an
  /// evaluation.
  private static let scalars = 1 << 21

  /// The results of `body` for each block of images, in order.
  static func map<Result: Sendable>(
    _ images: Tensor, of density: any ClassConditionalDensity, threads: Int,
    _ body: @Sendable (Range<Int>, Tensor) throws -> Result
  ) throws -> [Result] {
    let results = Mutex<[Int: Result]>([:])
    let size = min(65, max(1, scalars / max(1, density.scalarsPerImage)))
    try Workers.forEachBlock(of: images.batch, blockSize: size, threads: max(1, threads)) { range, _ in
      // All of them are passed on as they are: shared numbers know them by their address.
      let result = try body(range, range.count == images.batch ? images : images[batch: range])
      results.withLock { $0[range.lowerBound] = result }
    }
    return results.withLock { results in results.keys.sorted().compactMap { results[$0] } }
  }
}

extension Tensor {
  /// Blocks put together again; of `emptyShape` where there are none.
  static func joining(_ blocks: [Tensor], emptyShape: Shape) -> Tensor {
    blocks.isEmpty ? Tensor(shape: emptyShape, scalars: []) : concatenating(blocks)
  }
}
