import BenchCore
import Tensor

/// Images under attack, with the network that is attacked.
package struct AttackedImages: Sendable {
  package let classifier: any Classifier
  /// Each of C * H * W pixels.
  package let clean: [[Float]]
  package let labels: [Int]
  /// Each image's place in its set: what its random numbers are drawn for.
  package let places: [Int]
  /// Pixels of attacked images are clipped to it; nil to clip none. The clean images lie in it.
  package let range: ClosedRange<Float>?
  package let seed: UInt64
  /// Called before each pass through the network; throws where the user asked to stop.
  let checkCancellation: @Sendable () throws -> Void

  package init(
    classifier: any Classifier, clean: [[Float]], labels: [Int], places: [Int],
    range: ClosedRange<Float>?, seed: UInt64,
    checkCancellation: @escaping @Sendable () throws -> Void = {}
  ) {
    precondition(
      clean.count == labels.count && clean.count == places.count,
      "one label and one place per image")
    self.classifier = classifier
    self.clean = clean
    self.labels = labels
    self.places = places
    self.range = range
    self.seed = seed
    self.checkCancellation = checkCancellation
  }

  package var count: Int { clean.count }
  package var pixels: Int { classifier.inputShape.count }
  package var classCount: Int { classifier.classCount }

  /// Some of them.
  package func subset(_ members: [Int]) -> AttackedImages {
    AttackedImages(
      classifier: classifier, clean: members.map { clean[$0] }, labels: members.map { labels[$0] },
      places: members.map { places[$0] }, range: range, seed: seed, checkCancellation: checkCancellation)
  }

  /// Random numbers for one purpose; `item` is an image's place.
  package func random(_ purpose: String) -> RandomStream {
    RandomStream(seed: seed, name: "attack " + purpose)
  }

  /// Logits of `images`, which are those of `members` in some stage.
  /// - Throws: `AttackError.nonFinite`, `.wrongOutput`, `CancellationError` and the classifier's errors.
  package func logits(_ images: [[Float]], of members: [Int]) throws -> [[Float]] {
    guard !images.isEmpty else { return [] }
    try checkCancellation()
    let logits = try classifier.logits(tensor(images))
    try check(logits, of: members)
    return rows(logits)
  }

  /// One forward and one backward pass.
  /// - Parameter cotangent: given a position in `members` and the logits there, the vector that the Jacobian is multiplied with.
  package func gradients(
    at images: [[Float]], of members: [Int],
    cotangent: @Sendable (_ position: Int, _ logits: [Float]) -> [Float]
  ) throws -> (logits: [[Float]], gradients: [[Float]]) {
    let result = try gradients(at: images, of: members, count: 1) { position, logits in
      [cotangent(position, logits)]
    }
    return (result.logits, result.gradients.map { $0[0] })
  }

  /// One forward pass and `count` backward passes.
  /// - Returns: for each image, its logits and its gradients.
  package func gradients(
    at images: [[Float]], of members: [Int], count: Int,
    cotangents: @Sendable (_ position: Int, _ logits: [Float]) -> [[Float]]
  ) throws -> (logits: [[Float]], gradients: [[[Float]]]) {
    guard !images.isEmpty else { return ([], []) }
    try checkCancellation()
    let result = try classifier.inputGradients(at: tensor(images)) { logits, range in
      let vectors = range.enumerated().map { offset, position in
        cotangents(position, Array(logits.item(offset)))
      }
      return (0..<count).map { index in
        Tensor(shape: logits.shape, scalars: vectors.flatMap { $0[index] })
      }
    }
    try check(result.logits, of: members)
    guard result.gradients.count == count,
      result.gradients.allSatisfy({ $0.scalars.count == images.count * pixels })
    else { throw AttackError.wrongOutput(what: "gradients") }
    for gradient in result.gradients {
      if let bad = gradient.scalars.firstIndex(where: { !$0.isFinite }) {
        throw AttackError.nonFinite(what: "a gradient", place: places[members[bad / pixels]])
      }
    }
    let each = result.gradients.map(rows)
    return (rows(result.logits), images.indices.map { image in each.map { $0[image] } })
  }

  private func tensor(_ images: [[Float]]) -> Tensor {
    Tensor(shape: classifier.inputShape.prepending(images.count)) { output in
      for (row, image) in images.enumerated() {
        _ = output[(row * image.count)...].update(fromContentsOf: image)
      }
    }
  }

  private func rows(_ tensor: Tensor) -> [[Float]] {
    (0..<tensor.batch).map { Array(tensor.item($0)) }
  }

  private func check(_ logits: Tensor, of members: [Int]) throws {
    guard logits.shape == [members.count, classCount] else {
      throw AttackError.wrongOutput(what: "logits")
    }
    if let bad = logits.scalars.firstIndex(where: { !$0.isFinite }) {
      throw AttackError.nonFinite(what: "a logit", place: places[members[bad / classCount]])
    }
  }
}

extension [Float] {
  /// The class predicted: the first of the largest logits.
  var predicted: Int {
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return best
  }

  /// The largest logit but that of `label`: the first of equals.
  func rival(of label: Int) -> Int {
    var best = label == 0 ? 1 : 0
    for index in indices where index != label && self[index] > self[best] { best = index }
    return best
  }

  /// How much another class is ahead of `label`; positive where the image is classified wrongly.
  func lead(over label: Int) -> Double { Double(self[rival(of: label)]) - Double(self[label]) }
}
