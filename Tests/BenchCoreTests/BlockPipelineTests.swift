import Synchronization
import Tensor
import Testing

@testable import BenchCore

@Suite struct BlockPipelineTests {
  private struct Failure: Error, Equatable {
    let step: String
  }

  private func ranges(_ count: Int) -> [Range<Int>] { (0..<count).map { 10 * $0..<10 * $0 + 3 } }

  /// Every block once through both steps, in order, whatever the number of threads; with calls that are divided inside.
  @Test(arguments: [1, 2, 3, 16], [0, 1, 2, 5, 16, 33])
  func resultsAreInOrder(_ threads: Int, _ blocks: Int) throws {
    let between = Mutex(0)
    let results = try BlockPipeline(threads: threads).map(ranges(blocks)) { range in
      between.withLock { $0 += 1 }
      return try Workers.map(range.count, threads: threads) { range.lowerBound + $0 }
    } and: { values in
      try Workers.map(values.count, threads: threads) { values[$0] * 2 }.reduce(0, +)
    }
    #expect(results == ranges(blocks).map { $0.reduce(0, +) * 2 })
    #expect(between.withLock { $0 } == blocks)
  }

  @Test(arguments: [1, 2, 5, 16])
  func theFirstFailureCounts(_ threads: Int) {
    for (failing, step) in [(0, "first"), (3, "first"), (0, "second"), (6, "second")] {
      #expect(throws: Failure(step: step)) {
        try BlockPipeline(threads: threads).map(ranges(7)) { range in
          if step == "first", range.lowerBound == 10 * failing { throw Failure(step: "first") }
          return range.lowerBound
        } and: { start in
          if step == "second", start == 10 * failing { throw Failure(step: "second") }
          return start
        }
      }
    }
  }
}
