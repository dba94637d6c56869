import Foundation
import Synchronization
import Testing
import _TestSupport

@testable import Tensor

/// Calls of `Workers` in blocks of others, and the crew of threads that share them.
@Suite struct NestedWorkersTests {
  private struct Failure: Error, Equatable {
    let leaf: Int
  }

  /// Work as a tree: a leaf takes a moment and may fail, a call divides its parts.
  private indirect enum Work: Sendable {
    case leaf(Int, fails: Bool)
    case call([Work], threads: Int)

    /// A random tree at most `depth` calls deep; `failures` of a hundred leaves fail.
    static func random(_ random: inout SeededGenerator, depth: Int, failures: Int, leaves: inout Int) -> Work {
      guard depth > 0, Int.random(in: 0..<4, using: &random) > 0 || leaves == 0 else {
        leaves += 1
        return .leaf(leaves, fails: Int.random(in: 0..<100, using: &random) < failures)
      }
      let parts = (0..<Int.random(in: 0...7, using: &random)).map { _ in
        Self.random(&random, depth: depth - 1, failures: failures, leaves: &leaves)
      }
      return .call(parts, threads: Int.random(in: 1...5, using: &random))
    }
  }

  private typealias Division =
    @Sendable (_ blocks: Int, _ threads: Int, _ body: @Sendable (_ block: Int, _ worker: Int) throws -> Void) throws
    -> Void

  /// Runs trees and watches.
  private final class Watch: Sendable {
    private struct State {
      var running = 0
      var mostRunning = 0
      var done: Set<Int> = []
      var twice = false
      var sharedWorkers = false
    }

    private let state = Mutex(State())
    var mostRunning: Int { state.withLock { $0.mostRunning } }
    var done: Set<Int> { state.withLock { $0.done } }
    /// Whether a leaf ran twice, or two blocks of a call had a worker's number at once or one too large.
    var isBroken: Bool { state.withLock { $0.twice || $0.sharedWorkers } }

    func run(_ work: Work, _ divide: @escaping Division) throws {
      switch work {
      case .leaf(let leaf, let fails):
        state.withLock { state in
          state.running += 1
          state.mostRunning = max(state.mostRunning, state.running)
          if !state.done.insert(leaf).inserted { state.twice = true }
        }
        if leaf % 3 == 0 { usleep(UInt32(leaf % 5) * 20) }
        state.withLock { $0.running -= 1 }
        if fails { throw Failure(leaf: leaf) }
      case .call(let parts, let threads):
        let busy = Mutex<Set<Int>>([])
        try divide(parts.count, threads) { block, worker in
          let isValid = (0..<threads).contains(worker) && busy.withLock { $0.insert(worker).inserted }
          if !isValid { self.state.withLock { $0.sharedWorkers = true } }
          defer { busy.withLock { _ = $0.remove(worker) } }
          try self.run(parts[block], divide)
        }
      }
    }
  }

  private static let serially: Division = { blocks, _, body in
    for block in 0..<blocks { try body(block, 0) }
  }

  private static let byWorkers: Division = { blocks, threads, body in
    try Workers.forEachBlock(of: blocks, blockSize: 1, threads: threads) { range, worker in
      try body(range.lowerBound, worker)
    }
  }

  /// As `Workers` does it, but on threads of our own, more than the machine has processors.
  private static func byCrew(_ parts: [Work], threads: Int, _ watch: Watch) throws {
    let crew = Mutex<WorkerCrew?>(nil)
    let divide: Division = { blocks, threads, body in
      guard let crew = crew.withLock({ $0 }) else { return }
      try withoutActuallyEscaping(body) { body in
        let call = WorkerCall(blocks: blocks, threads: threads, body: body)
        crew.run(call)
        if let error = call.end() { throw error }
      }
    }
    let outermost = WorkerCall(blocks: parts.count, threads: threads) { block, _ in
      try watch.run(parts[block], divide)
    }
    let made = WorkerCrew(outermost, threads: threads)
    crew.withLock { $0 = made }
    let ended = DispatchGroup()
    for _ in 0..<threads {
      ended.enter()
      Thread {
        made.work()
        ended.leave()
      }.start()
    }
    ended.wait()
    if let error = outermost.end() { throw error }
  }

  private func outcome(_ run: () throws -> Void) -> Failure? {
    do {
      try run()
      return nil
    } catch {
      return error as? Failure ?? Failure(leaf: -1)
    }
  }

  /// The same error as one after another, whatever the threads; without errors every leaf once; no thread too many.
  @Test(arguments: [0, 3, 30]) func treesOfCalls(failures: Int) {
    for seed in 0..<60 {
      var generator = SeededGenerator(seed: UInt64(seed))
      var leaves = 0
      let work = Work.random(&generator, depth: 4, failures: failures, leaves: &leaves)
      guard case .call(let parts, _) = work else { continue }
      let serial = Watch()
      let expected = outcome { try serial.run(work, Self.serially) }

      let workers = Watch()
      #expect(outcome { try workers.run(.call(parts, threads: 3), Self.byWorkers) } == expected)
      let threads = 1 + seed % 6
      let crew = Watch()
      #expect(outcome { try Self.byCrew(parts, threads: threads, crew) } == expected)
      for watch in [workers, crew] {
        #expect(!watch.isBroken && watch.done.isSuperset(of: serial.done), "seed \(seed)")
        #expect(failures > 0 || watch.done.count == leaves)
      }
      #expect(crew.mostRunning <= threads)
      // One part divides nothing: then the calls inside it have their own numbers of threads.
      if parts.count > 1 { #expect(workers.mostRunning <= 3) }
    }
  }

  /// Of two blocks one is empty. Its thread helps with the call inside the other: its blocks come in pairs that wait for
  /// each other, which one thread could not do.
  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
  func threadsWithoutBlocksHelp() throws {
    let together = DispatchSemaphore(value: 0)
    let met = Mutex(0)
    let numbers = Mutex<Set<Int>>([])
    try Workers.forEachBlock(of: 2, blockSize: 1, threads: 2) { outer, _ in
      guard outer.lowerBound == 1 else { return }
      try Workers.forEachBlock(of: 2, blockSize: 1, threads: 2) { block, worker in
        numbers.withLock { _ = $0.insert(worker) }
        if block.lowerBound == 0 {
          if together.wait(timeout: .now() + 60) == .success { met.withLock { $0 += 1 } }
        } else {
          together.signal()
        }
      }
    }
    #expect(met.withLock { $0 } == 1)
    #expect(numbers.withLock { $0 } == [0, 1])
  }

  /// A call asks for the threads it has scratch memory for, and gets no more.
  @Test func aNestedCallHasItsOwnNumberOfThreads() throws {
    let watch = Watch()
    let inner = (0..<40).map { Work.leaf(100 + 3 * $0, fails: false) }
    try Self.byCrew([.call(inner, threads: 2), .leaf(1, fails: false)], threads: 6, watch)
    #expect(watch.mostRunning <= 3 && !watch.isBroken)
    #expect(watch.done.count == 41)
  }

  /// The helper of a nested call is one of the crew: what it calls does not start threads of its own.
  @Test func helpersDoNotBringMore() throws {
    let watch = Watch()
    let innermost = Work.call((0..<6).map { .leaf($0, fails: false) }, threads: 8)
    func deep(_ offset: Int) -> Work {
      .call(
        (0..<4).map { part in
          .call((0..<6).map { .leaf(1000 * offset + 10 * part + $0, fails: false) }, threads: 8)
        }, threads: 8)
    }
    try watch.run(.call([deep(1), deep(2), innermost], threads: 2), Self.byWorkers)
    #expect(watch.mostRunning <= 2 && !watch.isBroken)
    #expect(watch.done.count == 54)
  }
}
