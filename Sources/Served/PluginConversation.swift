import BenchCore
import Foundation
import JSON
import Tensor

/// Questions to a running plugin and its answers, one at a time and in order.
///
/// After any failure the plugin is ended, and every further question gets the same answer: what a plugin that has broken
/// the protocol would say next cannot be relied on. Used by one thread at a time.
final class PluginConversation {
  let program: ServerCommand
  let name: String
  private let process: PluginProcess
  private var shared: SharedMemory?
  private var requests = 0
  private var failure: (any Error)?

  init(_ program: ServerCommand) throws {
    self.program = program
    name = program.command.joined(separator: " ")
    process = try PluginProcess(program)
  }

  deinit { end() }

  /// Whether tensors pass through shared memory.
  var sharesMemory: Bool { shared != nil }

  /// - Parameters:
  ///   - batch: the most images that one request will hold.
  ///   - answer: what a program of the kind announces.
  func hello<Answer: Decodable>(
    _ subject: PluginMessages.Hello.Subject, batch: Int, as answer: Answer.Type
  ) throws -> Answer {
    try exchange("loading its model", limit: program.startLimit, option: "--plugin-start-limit") { turn in
      try turn.send(
        PluginMessages.Hello(
          request: turn.number, kind: subject.kind, checkpoint: program.checkpoint,
          imageShape: subject.imageShape?.dimensions, classCount: subject.classCount, batch: batch,
          threads: subject.threads))
      return try turn.receive(answer, type: "ready")
    }
  }

  /// Offers shared memory; tensors pass through the pipes where the plugin, or the system, does not take it.
  func offerSharedMemory(tensorBytes: Int) throws {
    guard let memory = SharedMemory(tensorBytes: tensorBytes) else { return }
    let answer = try exchange("mapping shared memory", limit: program.requestLimit, option: "--plugin-limit") { turn in
      try turn.send(
        PluginMessages.SharedMemory(
          request: turn.number, path: memory.path, bytes: memory.bytes, token: memory.token))
      return try turn.receive(PluginMessages.SharedMemoryAnswer.self, type: "shared-memory")
    }
    if answer.accepted { shared = memory }
  }

  /// - Parameters:
  ///   - type: `logits` or `vjp`.
  ///   - scalars: of shape `shape`.
  ///   - keep: for `logits`, whether `vjp` will follow.
  ///   - answerShape: of the answer, which goes into `buffer`, all finite.
  func ask(
    _ type: String, _ scalars: UnsafeBufferPointer<Float>, shape: Shape, keep: Bool?, answer answerShape: Shape,
    into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    try exchange("computing \(type)", limit: program.requestLimit, option: "--plugin-limit") { turn in
      shared?.write(scalars)
      let place = PluginMessages.TensorPlace(
        shape: shape.dimensions, place: shared == nil ? .inline : .shared,
        offset: shared == nil ? nil : SharedMemory.requestOffset)
      try turn.send(
        PluginMessages.Request(
          type: type, request: turn.number, keep: keep, tensor: place, answerOffset: shared?.answerOffset),
        payload: shared == nil ? UnsafeRawBufferPointer(scalars) : nil)
      try turn.receiveTensor(
        type: type == "vjp" ? "gradient" : type, shape: answerShape, into: buffer, shared: shared)
    }
  }

  /// A question about images that all of `tensors` hold, through the pipes.
  /// - Parameters:
  ///   - noise, classes: of a score.
  ///   - answerShape: of the answer, which goes into `buffer`, all finite.
  ///   - mayBeUndefined: whether numbers may be NaN.
  func ask(
    _ type: String, _ tensors: [(name: String, tensor: Tensor)], noise: Double?, classes: [Int]?, answerType: String,
    answerShape: Shape, mayBeUndefined: Bool, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws {
    try exchange("computing \(type)", limit: program.requestLimit, option: "--plugin-limit") { turn in
      let payload = tensors.count == 1 ? tensors[0].tensor.scalars : tensors.flatMap(\.tensor.scalars)
      try payload.withUnsafeBytes { payload in
        if tensors.count == 1 {
          try turn.send(
            PluginMessages.Request(
              type: type, request: turn.number, noise: noise, classes: classes,
              tensor: PluginMessages.TensorPlace(
                shape: tensors[0].tensor.shape.dimensions, place: .inline, offset: nil)), payload: payload)
        } else {
          try turn.send(
            PluginMessages.RequestOfSeveral(
              type: type, request: turn.number,
              tensors: tensors.map { .init(name: $0.name, shape: $0.tensor.shape.dimensions) }), payload: payload)
        }
      }
      try turn.receiveTensor(
        type: answerType, shape: answerShape, into: buffer, shared: nil, mayBeUndefined: mayBeUndefined)
    }
  }

  private func exchange<Answer>(
    _ doing: String, limit: Duration, option: String, _ body: (PluginTurn) throws -> Answer
  ) throws -> Answer {
    if let failure { throw failure }
    requests += 1
    let turn = PluginTurn(
      number: requests, pipes: process.pipes, deadline: .now + limit, check: program.checkCancellation)
    do { return try body(turn) } catch {
      let error = explain(error, doing: doing, limit: limit, option: option)
      failure = error
      throw error
    }
  }

  /// The error a user sees, with how the program ended and its last words; ends the program.
  private func explain(_ error: any Error, doing: String, limit: Duration, option: String) -> any Error {
    guard error is PluginTurn.Problem || error is PluginPipes.Problem else {
      process.stop()
      return error
    }
    let (ending, words) = process.conclude(after: error)
    let failure = PluginFailure(program: name, doing: doing, lastWords: words)
    switch error {
    case PluginPipes.Problem.timedOut: return ServedPluginError.timedOut(failure, limit: limit, option: option)
    case PluginPipes.Problem.ended: return ServedPluginError.ended(failure, how: ending)
    case PluginPipes.Problem.interjection:
      return ServedPluginError.frame(failure, problem: "an answer before the request was complete")
    case PluginPipes.Problem.system(let call, let reason):
      return ServedPluginError.system(failure, call: call, reason: reason)
    case PluginTurn.Problem.strayOutput(let text): return ServedPluginError.strayOutput(failure, text: text)
    case PluginTurn.Problem.reported(let message): return ServedPluginError.reported(failure, message: message)
    case PluginTurn.Problem.frame(let problem): return ServedPluginError.frame(failure, problem: problem)
    case PluginTurn.Problem.announcement(let problem):
      return ServedPluginError.announcement(failure, problem: problem)
    case PluginTurn.Problem.shape(let expected, let got):
      return ServedPluginError.tensorShape(failure, expected: expected, got: got)
    case PluginTurn.Problem.nonFinite(let place, let value):
      return ServedPluginError.nonFinite(failure, place: place, value: value)
    default: return error
    }
  }

  /// Refuses what the plugin has announced, in the same words as any other failure.
  func refuse(_ problem: String) -> any Error {
    let error = explain(PluginTurn.Problem.announcement(problem), doing: "loading its model", limit: .zero, option: "")
    failure = error
    return error
  }

  /// Asks the plugin to end, and ends it where it does not.
  private func end() {
    if failure == nil {
      requests += 1
      let turn = PluginTurn(number: requests, pipes: process.pipes, deadline: .now + .seconds(1), check: {})
      if (try? turn.send(PluginMessages.Shutdown(request: requests))) != nil {
        process.pipes.closeInput()
        _ = process.ending(within: .seconds(3))
      }
    }
    process.stop()
  }
}
