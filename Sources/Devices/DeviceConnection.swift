import BenchCore
import Foundation
import JSON
import Served
import Synchronization
import Tensor

/// The worker process and the questions to it.
///
/// Questions are sent one after the other and answered in that order. Two runs may be on their way at once: while the worker computes one,
/// the next one's images lie ready. Any other question is alone. After any failure but a lack of memory the worker is ended, and every
/// further question gets the same answer.
final class DeviceConnection: @unchecked Sendable {
  let request: DeviceRequest
  /// Locked wherever `state` is used, and signalled where somebody may be waiting for what changed.
  private let condition = NSCondition()
  private var state: State
  private let held = Mutex(Held())
  private let loading = Mutex(())

  private struct State {
    let process: PluginProcess
    var requests = 0
    /// Numbers of those that were sent and whose answers somebody waits for, in order.
    var waiting: [Int] = []
    /// Whether what is waited for is no run.
    var isAlone = false
    /// How many want to be alone: until they were, no run overtakes them.
    var wantingToBeAlone = 0
    /// Numbers of requests whose answers nobody waited for, and which are yet to come.
    var abandoned: [Int] = []
    var failure: (any Error)?
    /// Which the worker reads as its program; until it has.
    var script: SharedRegion?

    func admits(_ isRun: Bool) -> Bool {
      waiting.isEmpty || isRun && !isAlone && wantingToBeAlone == 0 && waiting.count < Self.mostRuns
    }

    /// On their way at once.
    static let mostRuns = 2
  }

  /// What the worker holds, changed from any thread.
  private struct Held {
    /// Given to programs and workspaces.
    var numbers = 0
    /// How many programs use each constant, by its digest.
    var constants: [String: Int] = [:]
    var forgotten = DeviceMessages.Forgotten()
  }

  // MARK: Start

  private init(_ request: DeviceRequest) throws {
    self.request = request
    let source = PackageResources.worker_py
    guard let script = SharedRegion(bytes: source.count) else {
      throw DeviceError.cannotStart(python: request.python, reason: "the system gives no memory for its program")
    }
    source.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { script.base.copyMemory(from: base, byteCount: bytes.count) }
    }
    let command = ServerCommand(
      command: [request.python.program, "-c", Self.bootstrap, script.place.path], folder: "/",
      startLimit: request.limit, requestLimit: request.limit, checkCancellation: request.checkCancellation)
    let process: PluginProcess
    do { process = try PluginProcess(command) } catch ServedPluginError.cannotStart(_, _, let reason) {
      throw DeviceError.cannotStart(python: request.python, reason: reason)
    }
    state = State(process: process, script: script)
  }

  /// The folder it runs in is not where it looks for modules: a file `torch.py` there would be run.
  private static let bootstrap =
    "import sys; sys.path[:] = [folder for folder in sys.path if folder]; "
    + "exec(compile(open(sys.argv[1], encoding='utf-8').read(), 'worker of pags-bench', 'exec'))"

  /// Starts a worker for a device.
  /// - Throws: `DeviceError`, `CancellationError`.
  static func open(_ request: DeviceRequest) throws -> (connection: DeviceConnection, ready: DeviceMessages.Ready) {
    let connection = try DeviceConnection(request)
    let ready = try connection.ask("hello", DeviceMessages.Ready.self, type: "ready", doing: "starting PyTorch") {
      DeviceMessages.Hello(device: request.device.description, precision: request.precision.rawValue)
    }
    connection.locked { connection.state.script = nil }
    if let problem = ready.problem ?? ready.memory {
      throw DeviceError.unavailable(device: request.device, python: request.python, reason: problem)
    }
    return (connection, ready)
  }

  /// - Throws: `DeviceError`, `CancellationError`.
  static func list(_ python: DevicePython, limit: Duration) throws -> DeviceMessages.Devices {
    let request = DeviceRequest(device: try DeviceName(DeviceName.Kind.cpuTorch.rawValue), python: python, limit: limit)
    return try DeviceConnection(request).ask(
      "list", DeviceMessages.Devices.self, type: "devices", doing: "looking for devices"
    ) { DeviceMessages.Nothing() }
  }

  deinit {
    if state.failure == nil {
      let turn = PluginTurn(
        number: state.requests + 1, pipes: state.process.pipes, deadline: .now + .seconds(1), check: {})
      if (try? turn.send(DeviceMessages.Header(type: "shutdown", request: state.requests + 1))) != nil {
        _ = state.process.ending(within: .seconds(2))
      }
    }
    state.process.stop()
  }

  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    condition.lock()
    defer { condition.unlock() }
    return try body()
  }

  // MARK: Questions

  /// - Parameters:
  ///   - name: the request's type.
  ///   - type: the answer's.
  ///   - doing: in words, for messages.
  ///   - isRun: whether it may be sent while a run is waited for.
  ///   - message: made when it is this question's turn.
  /// - Throws: `DeviceError`, `CancellationError`.
  func ask<Answer: Decodable & Sendable>(
    _ name: String, _ answer: Answer.Type, type: String, doing: String, isRun: Bool = false,
    _ message: () -> some Encodable
  ) throws -> Answer {
    let cancellation = Cancellation.current
    let check = { [request] in
      try cancellation?.check()
      try request.checkCancellation()
    }
    let number = try locked { try send(name, doing: doing, isRun: isRun, check, message) }
    let turn = try locked { try turnToBeAnswered(number, check) }
    do {
      let answer = try turn.receive(answer, type: type)
      locked {
        state.abandoned.removeAll { $0 < number }
        end(number)
      }
      return answer
    } catch let error where error is PluginTurn.Problem || error is PluginPipes.Problem {
      throw locked { fail(error, doing: doing) }
    } catch {
      // Somebody stopped: the answer will come, and is passed over then.
      locked { abandon(number) }
      throw error
    }
  }

  /// Waits until the question may be sent, and sends it.
  /// - Returns: its number.
  private func send(
    _ name: String, doing: String, isRun: Bool, _ check: @escaping () throws -> Void, _ message: () -> some Encodable
  ) throws -> Int {
    if !isRun { state.wantingToBeAlone += 1 }
    defer {
      if !isRun {
        state.wantingToBeAlone -= 1
        condition.broadcast()
      }
    }
    while state.failure == nil, !state.admits(isRun) { try wait(check) }
    if let failure = state.failure { throw failure }
    state.requests += 1
    let number = state.requests
    do {
      let turn = PluginTurn(
        number: number, pipes: state.process.pipes, deadline: .now + request.limit, abandoned: state.abandoned.count,
        check: check)
      try JSONEncoding.encodeCompact(message()).withUnsafeBytes {
        try turn.send(DeviceMessages.Header(type: name, request: number), payload: $0)
      }
    } catch { throw fail(error, doing: doing) }
    state.waiting.append(number)
    state.isAlone = !isRun
    return number
  }

  /// Waits until all answers before this one were read. The time for it begins then.
  private func turnToBeAnswered(_ number: Int, _ check: @escaping () throws -> Void) throws -> PluginTurn {
    while state.waiting.first != number {
      if let failure = state.failure { throw failure }
      do { try wait(check) } catch {
        abandon(number)
        throw error
      }
    }
    return PluginTurn(
      number: number, pipes: state.process.pipes, deadline: .now + request.limit,
      abandoned: state.abandoned.count { $0 < number }, check: check)
  }

  /// Until something has changed, or it is time to ask whether to go on.
  private func wait(_ check: () throws -> Void) throws {
    try check()
    _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1))
  }

  private func abandon(_ number: Int) {
    if state.failure == nil { state.abandoned.append(number) }
    end(number)
  }

  private func end(_ number: Int) {
    state.waiting.removeAll { $0 == number }
    condition.broadcast()
  }

  /// - Returns: what every question is answered with from now on.
  private func fail(_ error: any Error, doing: String) -> any Error {
    let explained = state.failure ?? explain(error, doing: doing, state.process)
    state.failure = explained
    state.waiting = []
    condition.broadcast()
    return explained
  }

  /// The error a user sees, with how the worker ended and its last words; ends the worker.
  private func explain(_ error: any Error, doing: String, _ process: PluginProcess) -> any Error {
    guard error is PluginTurn.Problem || error is PluginPipes.Problem else {
      process.stop()
      return error
    }
    let (ending, words) = process.conclude(after: error)
    func failed(_ problem: String, advice: String? = nil, showsWords: Bool = true) -> DeviceError {
      .worker(
        .init(device: request.device, python: request.python, doing: doing, lastWords: showsWords ? words : ""),
        problem: problem, advice: advice)
    }
    switch error {
    case PluginPipes.Problem.timedOut:
      return failed(
        "no answer within \(String(format: "%g", request.limit / .seconds(1))) seconds",
        advice: "where it only needs longer, pass --device-limit SECONDS")
    case PluginPipes.Problem.ended:
      return failed("its process " + (ending.map { "\($0)" } ?? "closed its standard output and goes on running"))
    case PluginPipes.Problem.interjection: return failed("its process answered before it was asked")
    case PluginPipes.Problem.system(let call, let reason): return failed("\(call) failed: \(reason)")
    case PluginTurn.Problem.strayOutput(let text):
      return failed(
        "its process wrote \(text) to standard output",
        advice: "is `\(request.python.program)`, which \(request.python.origin) names, a Python?")
    case PluginTurn.Problem.reported(let message): return failed(message, showsWords: !message.contains("no PyTorch"))
    case PluginTurn.Problem.frame(let problem): return failed("its process answered with \(problem)")
    default: return failed("\(error)")
    }
  }

  // MARK: What the worker holds

  /// A number that no other program or workspace has.
  func nextNumber() -> Int {
    held.withLock {
      $0.numbers += 1
      return $0.numbers
    }
  }

  /// What the next request tells the worker to forget; to be called once for a request.
  func takeForgotten() -> DeviceMessages.Forgotten {
    held.withLock { held in
      defer { held.forgotten = DeviceMessages.Forgotten() }
      return held.forgotten
    }
  }

  func forget(workspace: Int) { held.withLock { $0.forgotten.workspaces.append(workspace) } }

  func forget(tensors: Int) { held.withLock { $0.forgotten.tensors.append(tensors) } }

  func forget(program: Int, constants digests: Set<String>) {
    held.withLock { held in
      held.forgotten.programs.append(program)
      for digest in digests {
        let count = (held.constants[digest] ?? 0) - 1
        held.constants[digest] = count > 0 ? count : nil
        if count <= 0 { held.forgotten.constants.append(digest) }
      }
    }
  }

  /// Programs are given to the worker one after the other: what one of them brings, or failed to bring, the next one knows of.
  func inTurn<Failure: Error>(_ load: () throws(Failure) -> Void) throws(Failure) {
    try loading.withLock { (_) throws(Failure) in try load() }
  }

  /// Counts a program's constants; in its turn.
  /// - Returns: those that the worker does not have.
  func use(constants digests: Set<String>) -> Set<String> {
    held.withLock { held in
      let missing = digests.filter { held.constants[$0] == nil }
      for digest in digests { held.constants[digest, default: 0] += 1 }
      return missing
    }
  }
}
