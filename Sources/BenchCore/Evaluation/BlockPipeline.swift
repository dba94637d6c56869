import Dispatch
import Synchronization
import Tensor

/// Blocks of images in two steps, over threads.
///
/// The first step (gradients) takes long and is not divided, the second (passes through the network) is, among threads that
/// have no step of their own. So the first steps of several blocks come before their second ones, and what is left to do in
/// the end all threads can share.
struct BlockPipeline {
  let threads: Int

  /// Blocks that are between the steps at the same time, each with tens of megabytes.
  private var groupSize: Int { 2 * threads }

  /// The second step's results, in the order of `ranges`.
  /// - Throws: the error of the first failing step.
  func map<Between: Sendable, Result: Sendable>(
    _ ranges: [Range<Int>], _ first: @Sendable (Range<Int>) throws -> Between,
    and second: @Sendable (Between) throws -> Result
  ) throws -> [Result] {
    var results: [Result] = []
    for start in stride(from: 0, to: ranges.count, by: groupSize) {
      let group = Array(ranges[start..<min(start + groupSize, ranges.count)])
      if group.count < threads {
        // Every thread is needed for the first steps, which then divide what they can (`Workers.share`).
        let between = try Workers.map(group.count, threads: threads) { try first(group[$0]) }
        results += try Workers.map(group.count, threads: threads) { try second(between[$0]) }
      } else {
        results += try pipelined(group, first, second)
      }
    }
    return results
  }

  private func pipelined<Between: Sendable, Result: Sendable>(
    _ ranges: [Range<Int>], _ first: @Sendable (Range<Int>) throws -> Between,
    _ second: @Sendable (Between) throws -> Result
  ) throws -> [Result] {
    let pending = ranges.map { _ in Pending<Between>() }
    let steps = try Workers.map(2 * ranges.count, threads: threads) { step -> Result? in
      let index = step % ranges.count
      if step < ranges.count {
        try pending[index].fulfil { try first(ranges[index]) }
        return nil
      }
      // Steps begin in order: the first one of this block has, on a thread that waits for no second step.
      return try pending[index].take().map(second)
    }
    return steps.compactMap { $0 }
  }
}

/// A value that one thread makes and another takes.
private final class Pending<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let isDone = DispatchSemaphore(value: 0)

  func fulfil(_ make: () throws -> Value) rethrows {
    defer { isDone.signal() }
    let made = try make()
    value.withLock { $0 = made }
  }

  /// Waits for the value, and lets it go; nil where making it failed.
  func take() -> Value? {
    isDone.wait()
    return value.withLock { value in
      defer { value = nil }
      return value
    }
  }
}
