import Dispatch
import Synchronization

/// Spreads independent items over threads.
///
/// Which thread takes which block is decided by the scheduler, so a body may only compute values that belong to its
/// own items and write them to their own places; then the result does not depend on the number of threads.
///
/// Calls may be nested: the outermost division, into the largest pieces, comes first, and threads that find none of its
/// blocks left help with the blocks of calls inside the others (`WorkerCrew`). So there are never more threads than the
/// outermost call asked for, and they stay busy to the end. A call of one thread or one block divides nothing, and the
/// calls inside it are as if it were not there.
package enum Workers {
  /// The crew whose thread this is.
  @TaskLocal private static var crew: WorkerCrew?

  /// Calls `body` with each block of at most `blockSize` indices of `0..<count` and with a number in `0..<threads` that no
  /// other block of this call has at the same time, which a body may use to reuse scratch memory.
  /// - Throws: the error of the first failing block, in order of indices; blocks not yet begun are then skipped.
  package static func forEachBlock(
    of count: Int, blockSize: Int, threads: Int, _ body: @Sendable (Range<Int>, _ worker: Int) throws -> Void
  ) throws {
    precondition(blockSize > 0 && threads > 0)
    let threads = threads > 1 ? AddressSpace.threads(atMost: threads) : 1
    let blocks = (count + blockSize - 1) / blockSize
    @Sendable func range(_ block: Int) -> Range<Int> { block * blockSize..<min(count, (block + 1) * blockSize) }
    guard threads > 1, blocks > 1 else {
      for block in 0..<blocks { try body(range(block), 0) }
      return
    }
    // The crew keeps the body where its other threads find it; the call drops it before it returns.
    let error = withoutActuallyEscaping(body) { body in
      let call = WorkerCall(blocks: blocks, threads: threads) { block, worker in try body(range(block), worker) }
      if let crew {
        crew.run(call)
      } else {
        let crew = WorkerCrew(call, threads: threads)
        let cancellation = Cancellation.current
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
          // Threads of the pool have no task whose values they would inherit.
          Cancellation.$current.withValue(cancellation) { $crew.withValue(crew) { crew.work() } }
        }
      }
      return call.end()
    }
    if let error { throw error }
  }

  /// How many of `threads` a call made here can count on: inside a block of another call not those that run its other blocks.
  package static func share(of threads: Int) -> Int { min(threads, crew?.share ?? threads) }

  /// What `body` makes of each of `0..<count`, in order; one after another per worker.
  /// - Throws: as `forEachBlock`.
  package static func map<Value: Sendable>(
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
