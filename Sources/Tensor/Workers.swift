import Dispatch
import Synchronization

/// Spreads independent items over threads.
///
/// Which thread takes which block is decided by the scheduler, so a body may only compute values that belong to its
/// own items and write them to their own places; then the result does not depend on the number of threads.
public enum Workers {
  /// Calls `body` with each block of at most `blockSize` indices of `0..<count` and with the worker's own number in
  /// `0..<threads`, which a body may use to reuse scratch memory.
  /// - Throws: the error of the first failing block, in order of indices; blocks not yet begun are then skipped.
  public static func forEachBlock(
    of count: Int, blockSize: Int, threads: Int, _ body: @Sendable (Range<Int>, _ worker: Int) throws -> Void
  ) throws {
    precondition(blockSize > 0 && threads > 0)
    let blocks = (count + blockSize - 1) / blockSize
    @Sendable func range(_ block: Int) -> Range<Int> { block * blockSize..<min(count, (block + 1) * blockSize) }
    let workers = min(threads, blocks)
    guard workers > 1 else {
      for block in 0..<blocks { try body(range(block), 0) }
      return
    }
    let next = Atomic<Int>(0)
    let failure = Mutex<(block: Int, error: any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      while failure.withLock({ $0 == nil }) {
        let block = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard block < blocks else { return }
        do {
          try body(range(block), worker)
        } catch {
          failure.withLock { first in
            if block < first?.block ?? .max { first = (block, error) }
          }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }
}
