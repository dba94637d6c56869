import Text

extension ProblemCollector {
  /// Estimators that a result can have, and points of a curve.
  private static let estimatorCount = 1...12
  private static let pointCount = 1...30
  /// Characters of a network's and of an objective's name.
  private static let nameLength = 1...200

  mutating func check(_ direction: DirectionResult?, _ result: EvaluationResult) {
    guard let direction else { return }
    let images = result.measurementProtocol.images
    require(direction.chance, in: 0...1, "direction.chance")
    require(direction.alphaDx.count, in: Self.estimatorCount, "direction.alphaDx.count")
    let names = direction.alphaDx.map(\.estimator)
    require(Set(names).count == names.count, "direction.alphaDx", "has two entries of one estimator")
    for (index, alpha) in direction.alphaDx.prefix(Self.estimatorCount.upperBound).enumerated() {
      requireIdentifier(alpha.estimator, "direction.alphaDx[\(index)].estimator")
      check(alpha.value, in: -1...1, images: images, "direction.alphaDx[\(index)].value")
    }
    require(
      ImageUnit(publishedName: direction.unit) != nil, "direction.unit", "is `\(PlainText.shown(direction.unit))`")
    check(direction.alphaX, in: 0...1, images: images, "direction.alphaX")
    check(direction.alphaXOfPixels, in: 0...1, images: images, "direction.alphaXOfPixels")
    // Without bounds: where a gradient nearly vanishes it is as large as can be.
    check(
      direction.medianLinearisedDistance, in: -.infinity...(.infinity), images: images,
      "direction.medianLinearisedDistance")
    if let references = direction.referenceImages {
      require(references, in: ResultBounds.images, "direction.referenceImages")
    }
    require(direction.noise, in: 0...RobustnessBounds.largestRadius, "direction.noise")
  }

  mutating func check(_ roar: RoarResult?) {
    guard let roar else { return }
    for (name, text) in [("architecture", roar.architecture), ("objective", roar.objective)] {
      require(Self.nameLength.contains(text.count), "roar.\(name)", "has \(text.count) characters, expected 1 to 200")
      if let problem = PlainText.problem(in: text) { require(false, "roar.\(name)", problem) }
    }
    for (name, count) in [
      ("epochs", roar.epochs), ("trainImages", roar.trainImages), ("testImages", roar.testImages), ("runs", roar.runs),
    ] { require(count, in: ResultBounds.images, "roar.\(name)") }
    check(roar.unmasked, in: 0...1, "roar.unmasked")
    require(roar.points.count, in: Self.pointCount, "roar.points.count")
    let shares = roar.points.map(\.share)
    require(
      shares.allSatisfy { $0 > 0 && $0 < 1 } && zip(shares, shares.dropFirst()).allSatisfy(<), "roar.points",
      "have shares that are not rising numbers between 0 and 1")
    for (index, point) in roar.points.prefix(Self.pointCount.upperBound).enumerated() {
      let path = "roar.points[\(index)]"
      check(point.top, in: 0...1, "\(path).top")
      check(point.bottom, in: 0...1, "\(path).bottom")
      check(point.difference, in: -1...1, "\(path).difference")
      guard let top = point.top.value, let bottom = point.bottom.value else { continue }
      require(
        abs((point.difference.value ?? .infinity) - (top - bottom)) < 1e-9, "\(path).difference",
        "is not top less bottom")
    }
  }
}
