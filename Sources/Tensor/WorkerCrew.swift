import Foundation

/// The threads of an outermost call of `Workers.forEachBlock`, and the calls whose blocks they run.
///
/// Every thread takes blocks of the outermost call while there are any. From then on it helps: it takes blocks of the
/// nested calls that the others make, and sleeps while there are none, until the last block of the outermost call has
/// ended. A thread that makes a nested call takes its blocks too, and in the end waits for those that helpers still run.
///
/// It cannot come to a deadlock. A thread waits only for blocks that run on other threads and that were begun after its own
/// block: the thread whose block was begun last of all waits for nobody. A waiting thread does nothing else, so that it may
/// hold a lock around a nested call: no foreign body runs on its stack, which could want the same lock.
final class WorkerCrew: Sendable {
  private let outermost: WorkerCall
  private nonisolated(unsafe) var nested: [WorkerCall] = []
  /// Guards `nested` and the state of all calls; signalled when a nested call begins and when a call's last block ends.
  private let condition = NSCondition()

  /// Threads for each block of the outermost call, where it has fewer blocks than threads.
  let share: Int

  init(_ outermost: WorkerCall, threads: Int) {
    self.outermost = outermost
    share = max(1, threads / max(1, outermost.blocks))
  }

  /// What each thread of the crew does.
  func work() {
    condition.lock()
    defer { condition.unlock() }
    runBlocks(of: outermost)
    while !outermost.hasEnded {
      // The call with the most left to do; where there are several, helpers spread over them as they shrink.
      if let call = nested.filter(\.hasRoom).max(by: { $0.blocksLeft < $1.blocksLeft }) {
        runBlocks(of: call)
      } else {
        condition.wait()
      }
    }
  }

  /// Runs all blocks of a call made in one of the crew's blocks, by the thread that made it and those with nothing to do.
  func run(_ call: WorkerCall) {
    condition.lock()
    defer { condition.unlock() }
    nested.append(call)
    condition.broadcast()
    runBlocks(of: call)
    nested.removeAll { $0 === call }
    while !call.hasEnded { condition.wait() }
  }

  /// Runs blocks of `call` until none is left. The lock is held at the beginning and at the end, but not by the blocks.
  private func runBlocks(of call: WorkerCall) {
    guard let worker = call.join() else { return }
    while let block = call.take() {
      condition.unlock()
      let error = call.run(block, worker: worker)
      condition.lock()
      if let error { call.fail(error, in: block) }
    }
    call.leave(worker)
    if call.hasEnded { condition.broadcast() }
  }
}

/// A call of `Workers.forEachBlock` on several threads: what is left to do and who is at it.
///
/// Everything but `run` is done under the crew's lock.
final class WorkerCall: @unchecked Sendable {
  typealias Body = @Sendable (_ block: Int, _ worker: Int) throws -> Void

  let blocks: Int
  private var body: Body?
  private var next = 0
  /// The smallest is given first.
  private var freeWorkers: [Int]
  private let threads: Int
  private var failure: (block: Int, error: any Error)?

  init(blocks: Int, threads: Int, body: @escaping Body) {
    self.blocks = blocks
    self.threads = min(threads, blocks)
    self.body = body
    freeWorkers = (0..<self.threads).reversed()
  }

  /// Blocks that are still to begin; none after a failure.
  var blocksLeft: Int { failure == nil ? blocks - next : 0 }
  var hasRoom: Bool { blocksLeft > 0 && !freeWorkers.isEmpty }
  /// Whether no block is left and none runs.
  var hasEnded: Bool { blocksLeft == 0 && freeWorkers.count == threads }

  /// A worker's number, where there is something to do for one more.
  func join() -> Int? { hasRoom ? freeWorkers.removeLast() : nil }

  func leave(_ worker: Int) { freeWorkers.append(worker) }

  /// The next block, in order.
  func take() -> Int? {
    guard blocksLeft > 0 else { return nil }
    defer { next += 1 }
    return next
  }

  // Not inlined, so that the caller holds no reference to the body when it goes on: see `end`.
  @inline(never)
  func run(_ block: Int, worker: Int) -> (any Error)? {
    do {
      try body?(block, worker)
      return nil
    } catch {
      return error
    }
  }

  /// Of several failing blocks the first counts. Those before it were all begun, and end.
  func fail(_ error: any Error, in block: Int) {
    if block < failure?.block ?? .max { failure = (block, error) }
  }

  /// Drops the body, which must not outlive the call, and tells what went wrong.
  func end() -> (any Error)? {
    precondition(hasEnded, "a call ends after its blocks")
    body = nil
    return failure?.error
  }
}
