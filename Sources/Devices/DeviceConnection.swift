import BenchCore
import Foundation
import JSON
import Served
import Synchronization
import Tensor

/// The worker process and the questions to it, which are asked one at a time.
///
/// After any failure but a lack of memory the worker is ended, and every further question gets the same answer. Questions of several
/// threads take turns.
final class DeviceConnection: Sendable {
  let request: DeviceRequest
  private let state: Mutex<State>
  private let held = Mutex(Held())
  private let loading = Mutex(())

  /// Used under the lock alone.
  private struct State: @unchecked Sendable {
    let process: PluginProcess
    var requests = 0
    /// Requests whose answers nobody waited for.
    var abandoned = 0
    var failure: (any Error)?
    /// Which the worker reads as its program; until it has.
    var script: SharedRegion?
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
    state = Mutex(State(process: process, script: script))
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
    connection.state.withLock { $0.script = nil }
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
    state.withLock { state in
      if state.failure == nil {
        let turn = PluginTurn(
          number: state.requests + 1, pipes: state.process.pipes, deadline: .now + .seconds(1), check: {})
        if (try? turn.send(DeviceMessages.Header(type: "shutdown", request: state.requests + 1))) != nil {
          _ = state.process.ending(within: .seconds(2))
        }
      }
      state.process.stop()
    }
  }

  // MARK: Questions

  /// - Parameters:
  ///   - name: the request's type.
  ///   - type: the answer's.
  ///   - doing: in words, for messages.
  ///   - message: made when it is this question's turn.
  /// - Throws: `DeviceError`, `CancellationError`.
  func ask<Answer: Decodable & Sendable>(
    _ name: String, _ answer: Answer.Type, type: String, doing: String, _ message: () -> some Encodable
  ) throws -> Answer {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      state.requests += 1
      let cancellation = Cancellation.current
      let turn = PluginTurn(
        number: state.requests, pipes: state.process.pipes, deadline: .now + request.limit, abandoned: state.abandoned
      ) { [request] in
        try cancellation?.check()
        try request.checkCancellation()
      }
      var isSent = false
      do {
        try JSONEncoding.encodeCompact(message()).withUnsafeBytes {
          try turn.send(DeviceMessages.Header(type: name, request: state.requests), payload: $0)
        }
        isSent = true
        let answer = try turn.receive(answer, type: type)
        state.abandoned = 0
        return answer
      } catch let error where isSent && !(error is PluginTurn.Problem || error is PluginPipes.Problem) {
        // Somebody stopped: the answer will come, and is passed over then.
        state.abandoned += 1
        throw error
      } catch {
        let explained = explain(error, doing: doing, state.process)
        state.failure = explained
        throw explained
      }
    }
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
