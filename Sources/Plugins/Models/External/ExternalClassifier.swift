import BenchCore
import Foundation
import Synchronization
import Tensor

/// A classifier that a program computes.
///
/// The program answers one question at a time, so calls from several threads take turns; images go in pieces of at most
/// `batch`, always cut at the same places.
public final class ExternalClassifier: Classifier {
  public let inputShape: Shape
  public let classCount: Int
  private let hasGradients: Bool
  private let batch: Int
  /// What pixels are normalised with before they are handed over; nil where the program does it.
  private let normalisation: ChannelNormalisation?
  private let program: String
  private let conversation: Mutex<Exclusive>

  /// Used under the lock alone.
  private struct Exclusive: @unchecked Sendable {
    let conversation: PluginConversation
  }

  init(
    _ conversation: PluginConversation, inputShape: Shape, classCount: Int, hasGradients: Bool, batch: Int,
    normalisation: Preprocessing?
  ) {
    self.inputShape = inputShape
    self.classCount = classCount
    self.hasGradients = hasGradients
    self.batch = batch
    self.normalisation = normalisation.map { ChannelNormalisation($0, imageShape: inputShape) }
    program = conversation.name
    self.conversation = Mutex(Exclusive(conversation: conversation))
  }

  public func logits(_ images: Tensor) throws -> Tensor {
    try check(images)
    guard images.batch > 0 else { return Tensor(shape: [0, classCount], scalars: []) }
    let pieces = try conversation.withLock { exclusive in
      try ranges(images.batch).map { try forward(images[batch: $0], keep: false, exclusive.conversation) }
    }
    return Tensor.concatenating(pieces)
  }

  public func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    try check(images)
    try requireGradients()
    guard images.batch > 0 else {
      let none = Tensor(shape: [0, classCount], scalars: [])
      return (none, try cotangents(none, 0..<0).map { _ in images })
    }
    var logits: [Tensor] = []
    var gradients: [[Tensor]] = []
    // The whole piece under the lock: the program keeps one forward pass.
    for range in ranges(images.batch) {
      try conversation.withLock { exclusive in
        let here = try forward(images[batch: range], keep: true, exclusive.conversation)
        let vectors = try cotangents(here, range)
        if gradients.isEmpty { gradients = vectors.map { _ in [] } }
        precondition(vectors.count == gradients.count, "another number of cotangents for another range")
        for (index, vector) in vectors.enumerated() {
          precondition(vector.shape == here.shape, "a cotangent of shape \(vector.shape)")
          gradients[index].append(try backward(vector, exclusive.conversation))
        }
        logits.append(here)
      }
    }
    return (Tensor.concatenating(logits), gradients.map(Tensor.concatenating))
  }

  /// - Throws: `ExternalPluginError.noGradients`.
  public func requireGradients() throws {
    guard hasGradients else { throw ExternalPluginError.noGradients(program: program) }
  }

  private func forward(_ images: Tensor, keep: Bool, _ conversation: PluginConversation) throws -> Tensor {
    let prepared = normalisation?.normalised(images) ?? images
    return try prepared.scalars.withUnsafeBufferPointer {
      try conversation.ask("logits", $0, shape: images.shape, keep: keep, answer: [images.batch, classCount])
    }
  }

  private func backward(_ cotangent: Tensor, _ conversation: PluginConversation) throws -> Tensor {
    let gradient = try cotangent.scalars.withUnsafeBufferPointer {
      try conversation.ask(
        "vjp", $0, shape: cotangent.shape, keep: nil, answer: inputShape.prepending(cotangent.batch))
    }
    return normalisation?.gradient(gradient) ?? gradient
  }

  private func ranges(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: batch).map { $0..<min(count, $0 + batch) }
  }

  private func check(_ images: Tensor) throws(ExternalPluginError) {
    guard images.shape.rank == 4, images.shape.droppingFirst == inputShape else {
      throw .imageShape(program: program, expected: inputShape, got: images.shape)
    }
  }
}

/// (pixel - mean) / std by channel, and its derivative.
struct ChannelNormalisation: Sendable {
  private let mean: [Float]
  private let std: [Float]
  private let plane: Int

  /// - Parameter imageShape: `[C, H, W]`, with as many channels as there are means.
  init(_ preprocessing: Preprocessing, imageShape: Shape) {
    precondition(preprocessing.mean.count == imageShape[0] && preprocessing.std.count == imageShape[0])
    mean = preprocessing.mean
    std = preprocessing.std
    plane = imageShape[1] * imageShape[2]
  }

  /// In this order, as networks were trained: x / std - mean / std rounds differently.
  func normalised(_ images: Tensor) -> Tensor { map(images) { ($0 - mean[$1]) / std[$1] } }

  /// Of a gradient with respect to normalised pixels, that with respect to pixels.
  func gradient(_ gradient: Tensor) -> Tensor { map(gradient) { $0 / std[$1] } }

  private func map(_ images: Tensor, _ transform: (Float, Int) -> Float) -> Tensor {
    Tensor(shape: images.shape) { result in
      images.scalars.withUnsafeBufferPointer { source in
        for start in stride(from: 0, to: source.count, by: plane) {
          let channel = start / plane % mean.count
          for index in start..<start + plane { result[index] = transform(source[index], channel) }
        }
      }
    }
  }
}
