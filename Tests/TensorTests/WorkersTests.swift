import Synchronization
import Tensor
import Testing

@Suite struct WorkersTests {
  private struct Failure: Error, Equatable {
    let block: Int
  }

  @Test(arguments: [(0, 3), (1, 3), (7, 3), (9, 3), (100, 1), (5, 8)], [1, 2, 5])
  func everyIndexOnce(_ extent: (count: Int, block: Int), _ threads: Int) throws {
    let seen = Mutex([Int](repeating: 0, count: extent.count))
    try Workers.forEachBlock(of: extent.count, blockSize: extent.block, threads: threads) { range, worker in
      #expect((0..<threads).contains(worker))
      #expect(!range.isEmpty && range.count <= extent.block && range.lowerBound % extent.block == 0)
      seen.withLock { for index in range { $0[index] += 1 } }
    }
    #expect(seen.withLock { $0 } == [Int](repeating: 1, count: extent.count))
  }

  /// Whatever the scheduler does, the error is that of the first failing block, and no block before it is skipped.
  @Test(arguments: [1, 2, 4])
  func theFirstFailureIsThrown(_ threads: Int) {
    for _ in 0..<200 {
      let begun = Mutex<Set<Int>>([])
      #expect(throws: Failure(block: 5)) {
        try Workers.forEachBlock(of: 40, blockSize: 2, threads: threads) { range, _ in
          let block = range.lowerBound / 2
          begun.withLock { _ = $0.insert(block) }
          if block >= 5 && block % 2 == 1 { throw Failure(block: block) }
        }
      }
      #expect(begun.withLock { $0.isSuperset(of: 0...5) })
      #expect(begun.withLock { $0.count } < 20)
    }
  }

  /// Work that knows only `Cancellation` is ended on whatever thread it is done, also within nested calls.
  @Test(arguments: [1, 2, 4])
  func whoAskedToStopIsHeardOnEveryThread(_ threads: Int) throws {
    let heard = Mutex(0)
    let heardBy = Cancellation { heard.withLock { $0 += 1 } }
    try Cancellation.$current.withValue(heardBy) {
      try Workers.forEachBlock(of: 8, blockSize: 1, threads: threads) { _, _ in
        try Workers.forEachBlock(of: 4, blockSize: 1, threads: threads) { _, _ in try Cancellation.current?.check() }
      }
    }
    #expect(heard.withLock { $0 } == 32)
    #expect(throws: CancellationError.self) {
      try Cancellation.$current.withValue(Cancellation { throw CancellationError() }) {
        try Workers.forEachBlock(of: 8, blockSize: 1, threads: threads) { _, _ in try Cancellation.current?.check() }
      }
    }
    try Workers.forEachBlock(of: 4, blockSize: 1, threads: threads) { _, _ in
      #expect(Cancellation.current == nil)
    }
  }

  @Test func aWorkerRunsOneBlockAtATime() throws {
    let busy = Mutex<Set<Int>>([])
    try Workers.forEachBlock(of: 500, blockSize: 1, threads: 4) { _, worker in
      let isFree = busy.withLock { $0.insert(worker).inserted }
      #expect(isFree)
      busy.withLock { _ = $0.remove(worker) }
    }
  }

  /// Inside the blocks of a call there are as many threads for each as it has too few blocks for.
  @Test(arguments: [(2, 4, 1), (8, 2, 4), (5, 2, 2), (3, 3, 1)])
  func share(_ threads: Int, _ blocks: Int, _ expected: Int) throws {
    let shares = try Workers.map(blocks, threads: threads) { _ in Workers.share(of: 100) }
    #expect(Set(shares) == [expected])
    #expect(Workers.share(of: threads) == threads)
    // A call that is not divided leaves all threads to those inside it.
    #expect(try Workers.map(1, threads: threads) { _ in Workers.share(of: 7) } == [7])
  }
}
