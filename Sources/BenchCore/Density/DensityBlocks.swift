import Synchronization
import Tensor

/// How the quantities derived from a density walk over images: in blocks of fixed size, so that the N x K class scores of
/// all images never exist at once, on several threads.
enum DensityBlocks {
  /// Images per block: with 10 classes of 3 x 32 x 32 their class scores take 2 MB.
  static let size = 16

  /// The results of `body` for each block of `0..<count`, in order.
  static func map<Result: Sendable>(
    count: Int, threads: Int, _ body: @Sendable (Range<Int>) throws -> Result
  ) throws -> [Result] {
    let results = Mutex<[Int: Result]>([:])
    try Workers.forEachBlock(of: count, blockSize: size, threads: max(1, threads)) { range, _ in
      let result = try body(range)
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
