import Dispatch
import Synchronization

/// Spreads independent items over threads.
///
/// Which thread takes which block is decided by the scheduler, so a body may only compute values that belong to its
/// own items and write them to their own places; then the result does not depend on the number of threads.
///
/// Calls may be nested: inside a worker everything runs on its own thread, so that the outermost division, into the largest
/// pieces, is the one that counts.
public enum Workers {
  @TaskLocal private static var isWorker = false

  /// Calls `body` with each block of at most `blockSize` indices of `0..<count` and with the worker's own number in
  /// `0..<threads`, which a body may use to reuse scratch memory.
  /// - Throws: the error of the first failing block, in order of indices; blocks not yet begun are then skipped.
  public static func forEachBlock(
    of count: Int, blockSize: Int, threads: Int, _ body: @Sendable (Range<Int>, _ worker: Int) throws -> Void
  ) throws {
    precondition(blockSize > 0 && threads > 0)
    let blocks = (count + blockSize - 1) / blockSize
    @Sendable func range(_ block: Int) -> Range<Int> { block * blockSize..<min(count, (block + 1) * blockSize) }
    let workers = isWorker ? 1 : min(threads, blocks)
    guard workers > 1 else {
      for block in 0..<blocks { try body(range(block), 0) }
      return
    }
    let next = Atomic<Int>(0)
    let failure = Mutex<(block: Int, error: any Error)?>(nil)
    @Sendable func work(_ worker: Int) {
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
    DispatchQueue.concurrentPerform(iterations: workers) { worker in $isWorker.withValue(true) { work(worker) } }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }

  /// What `body` makes of each of `0..<count`, in order; one after another per worker.
  /// - Throws: as `forEachBlock`.
  public static func map<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    let values = Mutex<[Value?]>([Value?](repeating: nil, count: count))
    try forEachBlock(of: count, blockSize: 1, threads: threads) { range, _ in
      for index in range {
        let value = try body(index)
        values.withLock { $0[index] = value }
      }
    }
    return values.withLock { $0.compactMap { $0 } }
  }
}
