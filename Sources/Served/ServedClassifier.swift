import BenchCore
import Foundation
import Synchronization
import Tensor

/// A classifier that a program computes.
///
/// The program answers one question at a time, so calls from several threads take turns; images go in pieces of at most
/// `batch`, always cut at the same places.
package final class ServedClassifier: Classifier {
  package let inputShape: Shape
  package let classCount: Int
  private let hasGradients: Bool
  let batch: Int
  /// What pixels are normalised with before they are handed over; nil where the program does it.
  private let normalisation: ChannelNormalisation?
  let program: String
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

  package var imagesPerPass: Int? { batch }

  package func logits(_ images: Tensor) throws -> Tensor {
    try check(images)
    return try Tensor(shape: [images.batch, classCount]) { logits in
      for range in ranges(images.batch) {
        try conversation.withLock { exclusive in
          try forward(images, range, keep: false, into: logits, exclusive.conversation)
        }
      }
    }
  }

  package func inputGradients(
    at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    try check(images)
    try requireGradients()
    guard images.batch > 0 else {
      let none = Tensor(shape: [0, classCount], scalars: [])
      return (none, try cotangents(none, 0..<0).map { _ in images })
    }
    var gradients: [[Float]] = []
    let logits = try Tensor(shape: [images.batch, classCount]) { logits in
      for range in ranges(images.batch) {
        // The whole piece under the lock: the program keeps one forward pass.
        try conversation.withLock { exclusive in
          try forward(images, range, keep: true, into: logits, exclusive.conversation)
          let here = Tensor(shape: [range.count, classCount], scalars: Array(part(range, of: logits, classCount)))
          let vectors = try cotangents(here, range)
          if gradients.isEmpty {
            gradients = vectors.map { _ in [Float](repeating: 0, count: images.shape.count) }
          }
          precondition(vectors.count == gradients.count, "another number of cotangents for another range")
          for (index, vector) in vectors.enumerated() {
            precondition(vector.shape == here.shape, "a cotangent of shape \(vector.shape)")
            try gradients[index].withUnsafeMutableBufferPointer {
              try backward(vector, range, into: $0, exclusive.conversation)
            }
          }
        }
      }
    }
    return (logits, gradients.map { Tensor(shape: images.shape, scalars: $0) })
  }

  /// - Throws: `ServedPluginError.noGradients`.
  package func requireGradients() throws {
    guard hasGradients else { throw ServedPluginError.noGradients(program: program) }
  }

  /// Logits of the images `range` into their rows of `logits`.
  private func forward(
    _ images: Tensor, _ range: Range<Int>, keep: Bool, into logits: UnsafeMutableBufferPointer<Float>,
    _ conversation: PluginConversation
  ) throws {
    let pixels = inputShape.count
    let prepared = normalisation.map { $0.normalised(images[batch: range]).scalars }
    func ask(_ scalars: UnsafeBufferPointer<Float>) throws {
      try conversation.ask(
        "logits", scalars, shape: inputShape.prepending(range.count), keep: keep, answer: [range.count, classCount],
        into: UnsafeMutableBufferPointer(rebasing: part(range, of: logits, classCount)))
    }
    if let prepared { return try prepared.withUnsafeBufferPointer(ask) }
    try images.scalars.withUnsafeBufferPointer {
      try ask(UnsafeBufferPointer(rebasing: $0[range.lowerBound * pixels..<range.upperBound * pixels]))
    }
  }

  /// Gradients at the images `range` into their places in `gradients`.
  private func backward(
    _ cotangent: Tensor, _ range: Range<Int>, into gradients: UnsafeMutableBufferPointer<Float>,
    _ conversation: PluginConversation
  ) throws {
    let place = UnsafeMutableBufferPointer(rebasing: part(range, of: gradients, inputShape.count))
    try cotangent.scalars.withUnsafeBufferPointer {
      try conversation.ask(
        "vjp", $0, shape: cotangent.shape, keep: nil, answer: inputShape.prepending(range.count), into: place)
    }
    normalisation?.scaleGradient(place)
  }

  /// The numbers of the images `range`.
  private func part(
    _ range: Range<Int>, of buffer: UnsafeMutableBufferPointer<Float>, _ stride: Int
  ) -> Slice<UnsafeMutableBufferPointer<Float>> {
    buffer[range.lowerBound * stride..<range.upperBound * stride]
  }

  private func ranges(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: batch).map { $0..<min(count, $0 + batch) }
  }

  private func check(_ images: Tensor) throws(ServedPluginError) {
    guard images.shape.rank == 4, images.shape.droppingFirst == inputShape else {
      throw .imageShape(program: program, expected: inputShape, got: images.shape)
    }
  }
}
