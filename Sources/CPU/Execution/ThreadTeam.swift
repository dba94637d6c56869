import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Threads that wait for the blocks of one operator after another.
///
/// An operator of a small network takes tens of microseconds, as long as waking a sleeping thread. So a thread without work
/// looks for some for a while before it sleeps, and none is waited for that did not begin a block.
final class ThreadTeam: Sendable {
  typealias Body = (Range<Int>, Int) -> Void

  let threads: Int
  private let shared: Shared

  /// - Parameter threads: at least 2, the caller's among them.
  init(threads: Int) {
    precondition(threads >= 2)
    let shared = Shared()
    self.threads = threads
    self.shared = shared
    for member in 1..<threads { shared.start(member) }
  }

  deinit { shared.stop() }

  /// Calls `body` with each block and the number of the thread it runs on, and returns when all have ended. Not to be called
  /// from two threads at once, or from `body`.
  func run(blocks: Int, blockSize: Int, count: Int, _ body: Body) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { shared.run(blocks: blocks, blockSize: blockSize, count: count, body: $0) }
    }
  }
}

/// What the threads of a team share; they keep it alive until they have ended.
private final class Shared: @unchecked Sendable {
  /// Number of the job in the high 32 bits, its next block in the low ones.
  private let state = Atomic<UInt64>(0)

  // The job. A thread trusts what it read here only after it took a block of the job of the state it had read before. The
  // state is closed while these are written; a thread that sees a new value of one, which is an acquiring load of a releasing
  // store, thereby also sees that the old state is gone.

  private let blocks = Atomic<Int>(0)
  private let blockSize = Atomic<Int>(0)
  private let count = Atomic<Int>(0)
  private let body = Atomic<UInt>(0)
  private let completed = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private let sleeping = Atomic<Int>(0)
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init() {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func start(_ member: Int) {
    let context = Unmanaged.passRetained(Start(shared: self, member: member))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        start.shared.work(start.member)
        return nil
      }, context.toOpaque())
    // Without the thread the others do its blocks.
    guard status == 0 else { return context.release() }
    pthread_detach(thread)
  }

  private final class Start {
    let shared: Shared
    let member: Int

    init(shared: Shared, member: Int) {
      self.shared = shared
      self.member = member
    }
  }

  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    wake()
  }

  func run(blocks: Int, blockSize: Int, count: Int, body: UnsafePointer<ThreadTeam.Body>) {
    precondition(blocks < Self.closed)
    let job = (state.load(ordering: .relaxed) >> 32 &+ 1) << 32
    _ = state.exchange(job | UInt64(Self.closed), ordering: .acquiringAndReleasing)
    self.blocks.store(blocks, ordering: .releasing)
    self.blockSize.store(blockSize, ordering: .releasing)
    self.count.store(count, ordering: .releasing)
    self.body.store(UInt(bitPattern: body), ordering: .releasing)
    completed.store(0, ordering: .relaxed)
    state.store(job, ordering: .sequentiallyConsistent)
    if sleeping.load(ordering: .sequentiallyConsistent) > 0 { wake() }
    while takeBlock(0) {}
    var turns = 0
    while completed.load(ordering: .acquiring) < blocks { pause(&turns) }
    // From here on no thread takes a block: all are taken.
  }

  private func work(_ member: Int) {
    var turns = 0
    while !isStopping.load(ordering: .relaxed) {
      if takeBlock(member) {
        turns = 0
      } else if turns < Self.patience {
        pause(&turns)
      } else {
        sleep()
        turns = 0
      }
    }
  }

  /// Runs the next block of the current job, if there is one.
  private func takeBlock(_ member: Int) -> Bool {
    while true {
      let seen = state.load(ordering: .acquiring)
      let block = Int(seen & 0xffff_ffff)
      let (blocks, size) = (blocks.load(ordering: .acquiring), blockSize.load(ordering: .acquiring))
      let count = count.load(ordering: .acquiring)
      let address = body.load(ordering: .acquiring)
      guard block < blocks else { return false }
      guard state.compareExchange(expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing).exchanged
      else { continue }
      guard let body = UnsafePointer<ThreadTeam.Body>(bitPattern: address) else { return false }
      call(body, block * size..<min(count, (block + 1) * size), member)
      completed.wrappingAdd(1, ordering: .releasing)
      return true
    }
  }

  // Not inlined, so that nothing of the closure is held when the block is reported as completed.
  @inline(never)
  private func call(_ body: UnsafePointer<ThreadTeam.Body>, _ range: Range<Int>, _ member: Int) {
    body.pointee(range, member)
  }

  /// Next block of a state that has none.
  private static let closed = 0xffff_ffff

  /// Turns after which a thread without work sleeps: some tens of microseconds.
  private static let patience = 4096

  /// Gives way now and then: there may be more threads than processors.
  private func pause(_ turns: inout Int) {
    turns += 1
    if turns % 128 == 0 { sched_yield() }
  }

  private var hasBlock: Bool {
    Int(state.load(ordering: .sequentiallyConsistent) & 0xffff_ffff) < blocks.load(ordering: .acquiring)
  }

  private func sleep() {
    pthread_mutex_lock(mutex)
    sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while !hasBlock, !isStopping.load(ordering: .sequentiallyConsistent) { pthread_cond_wait(condition, mutex) }
    sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  private func wake() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}
