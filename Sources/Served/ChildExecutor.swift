import Foundation

/// Runs the tasks that start and watch child processes, on one thread that does nothing else.
///
/// Whoever waits for a child blocks a thread, perhaps all of those that Dispatch and Swift's tasks have: what is waited for
/// must not need any of them.
final class ChildExecutor: TaskExecutor {
  static let shared = ChildExecutor()

  /// Filled by anyone, emptied by the thread.
  private final class Jobs: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [UnownedJob] = []

    func add(_ job: UnownedJob) {
      condition.lock()
      waiting.append(job)
      condition.signal()
      condition.unlock()
    }

    func take() -> [UnownedJob] {
      condition.lock()
      defer { condition.unlock() }
      while waiting.isEmpty { condition.wait() }
      defer { waiting = [] }
      return waiting
    }
  }

  private let jobs = Jobs()

  private init() {
    let thread = Thread { [self] in
      while true {
        for job in jobs.take() { job.runSynchronously(on: asUnownedTaskExecutor()) }
      }
    }
    thread.name = "child processes"
    thread.start()
  }

  func enqueue(_ job: consuming ExecutorJob) { jobs.add(UnownedJob(job)) }
}
