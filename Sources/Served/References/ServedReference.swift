import BenchCore
import Checkpoints
import Foundation
import Synchronization
import Tensor

/// A running program that serves a score, a manifold or a metric, and what it said of itself.
///
/// It answers one question at a time, so calls from several threads take turns; images go in pieces of at most `batch`, always cut
/// at the same places. Tensors go through pipes.
final class ServedReference: Sendable {
  /// Of results: what the program calls itself, told apart from what is built in.
  let id: String
  let learned: LearnedReference
  let announcement: PluginMessages.ReadyReference
  let name: String
  private let batch: Int
  private let conversation: Mutex<Exclusive>

  /// Used under the lock alone.
  private struct Exclusive: @unchecked Sendable {
    let conversation: PluginConversation
  }

  /// - Parameter command: words of a program and its arguments, as a shell separates them.
  /// - Throws: `ServedPluginError`.
  init(_ command: String, _ kind: PluginMessages.Kind, _ options: ReferenceOptions, server: ServerRequest) throws {
    var request = server
    request.command = command
    guard let resolved = try request.resolve(nil, checkpoint: nil) else {
      throw ServedPluginError.command(command, reason: "is empty")
    }
    let identity = try resolved.files.identity()
    let conversation = try PluginConversation(resolved.command)
    batch = LoadOptions().batch(for: options.imageShape)
    let ready = try conversation.hello(
      PluginMessages.Hello.Subject(
        kind: kind, imageShape: options.imageShape, classCount: options.classCount > 1 ? options.classCount : nil,
        threads: options.threads),
      batch: batch, as: PluginMessages.ReadyReference.self)
    if let problem = ready.problem(wanted: kind, options: options) { throw conversation.refuse(problem) }
    guard PluginFrame.largestPayload / 4 / batch / (ready.dimension ?? 2) >= options.imageShape.count else {
      throw ServedPluginError.requestTooLarge(program: conversation.name, images: batch, shape: options.imageShape)
    }
    announcement = ready
    name = conversation.name
    id = "program-" + ready.id
    learned = LearnedReference(
      id: ready.id, name: "\(ready.id) \(ready.version), served by a program",
      checkpoint: ModelRecord.Checkpoint(
        file: identity.name, sha256: identity.sha256, bytes: identity.byteCount, format: "program"),
      parameters: ready.parameters ?? 0)
    self.conversation = Mutex(Exclusive(conversation: conversation))
  }

  /// Asks about images in pieces.
  /// - Parameters:
  ///   - type: of the request.
  ///   - tensors: of one shape `[N, C, H, W]`, under their names.
  ///   - noise, classes: of a score; one class for each image.
  ///   - answer: type and shape for each image.
  ///   - mayBeUndefined: whether numbers of the answer may be NaN.
  /// - Returns: the answers one behind the other.
  func ask(
    _ type: String, _ tensors: [(name: String, tensor: Tensor)], noise: Double? = nil, classes: [Int]? = nil,
    answer: (type: String, shape: Shape), mayBeUndefined: Bool = false
  ) throws -> [Float] {
    let images = tensors[0].tensor
    precondition(tensors.allSatisfy { $0.tensor.shape == images.shape }, "images of one shape")
    precondition(classes.map { $0.count == images.batch } ?? true, "one class for each image")
    let size = answer.shape.count
    var result = [Float](repeating: 0, count: images.batch * size)
    try result.withUnsafeMutableBufferPointer { result in
      for start in stride(from: 0, to: images.batch, by: batch) {
        let range = start..<min(images.batch, start + batch)
        let parts = tensors.map { (name: $0.name, tensor: $0.tensor[batch: range]) }
        let place = UnsafeMutableBufferPointer(rebasing: result[range.lowerBound * size..<range.upperBound * size])
        try conversation.withLock { exclusive in
          try exclusive.conversation.ask(
            type, parts, noise: noise, classes: classes.map { Array($0[range]) }, answerType: answer.type,
            answerShape: answer.shape.prepending(range.count), mayBeUndefined: mayBeUndefined, into: place)
        }
      }
    }
    return result
  }
}
