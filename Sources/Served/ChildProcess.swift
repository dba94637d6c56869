import Dispatch
import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A process started with swift-subprocess, for callers that wait in ordinary threads.
final class ChildProcess: Sendable {
  let identifier: pid_t
  private let ending: Awaited<PluginEnding?>

  private init(identifier: pid_t, ending: Awaited<PluginEnding?>) {
    self.identifier = identifier
    self.ending = ending
  }

  /// - Parameters: the child's ends of its standard streams; they are closed here.
  /// - Throws: `SubprocessError` where there is no such program.
  static func start(
    _ configuration: Configuration, input: FileDescriptor, output: FileDescriptor, errors: FileDescriptor
  ) throws -> ChildProcess {
    let started = Awaited<Result<pid_t, any Error>>()
    let ended = Awaited<PluginEnding?>()
    // On a thread of its own: the caller blocks, and may itself be on one of the few that Swift's tasks share.
    Task(executorPreference: ChildExecutor.shared) {
      do {
        _ = try await run(
          configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
          output: .fileDescriptor(output, closeAfterSpawningProcess: true),
          error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
        ) { execution in
          let identifier = execution.processIdentifier.value
          started.set(.success(identifier))
          // `run` returns, and takes the process off the system's list, only after this; and it needs one of the shared
          // threads to return, which may all be waiting for the ending.
          await withCheckedContinuation { continuation in
            let thread = Thread {
              ended.set(Self.ending(of: identifier))
              continuation.resume()
            }
            thread.stackSize = 1 << 17
            thread.name = "waits for a child process"
            thread.start()
          }
        }
      } catch {
        started.set(.failure(error))
        ended.set(nil)
      }
    }
    return ChildProcess(identifier: try started.wait().get(), ending: ended)
  }

  /// Blocks until the process has ended, and leaves it on the system's list of processes to be asked about.
  private static func ending(of process: pid_t) -> PluginEnding? {
    var information = siginfo_t()
    while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0 {
      guard errno == EINTR else { return nil }
    }
    let status = information._sifields._sigchld.si_status
    return information.si_code == CLD_EXITED ? .exit(code: status) : .signal(status)
  }

  /// How it ended; nil where it has not within `limit`, or the system did not tell.
  func ending(within limit: Duration) -> PluginEnding? { ending.wait(atMost: limit) ?? nil }
}

/// A value that arrives once and is waited for by threads.
private final class Awaited<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let arrived = DispatchSemaphore(value: 0)

  func set(_ new: Value) {
    let isFirst = value.withLock { value in
      defer { value = value ?? new }
      return value == nil
    }
    if isFirst { arrived.signal() }
  }

  func wait() -> Value {
    while true {
      if let value = wait(atMost: .seconds(3600)) { return value }
    }
  }

  func wait(atMost limit: Duration) -> Value? {
    let seconds = limit / .seconds(1)
    guard arrived.wait(timeout: .now() + seconds) == .success else { return nil }
    // For the next one who waits.
    arrived.signal()
    return value.withLock { $0 }
  }
}
