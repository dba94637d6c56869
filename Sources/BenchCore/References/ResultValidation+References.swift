extension ProblemCollector {
  mutating func check(_ learned: LearnedReference?, _ path: String) {
    guard let learned else { return }
    requireIdentifier(learned.id, "\(path).id")
    require(!learned.name.isEmpty, "\(path).name", "is empty")
    require(learned.parameters, in: ResultBounds.parameters, "\(path).parameters")
    check(learned.checkpoint, "\(path).checkpoint")
    require(learned.further.map { !$0.isEmpty } ?? true, "\(path).further", "is empty")
    for (index, checkpoint) in (learned.further ?? []).enumerated() {
      check(checkpoint, "\(path).further[\(index)]")
    }
  }

  mutating func check(_ manifold: TaskRecord.ManifoldRecord) {
    let path = "task.manifold.quality"
    guard let quality = manifold.quality else { return }
    require(manifold.learned != nil, path, "is that of a manifold that was not learned")
    requireIdentifier(quality.exact, "\(path).exact")
    require(quality.exactDimension, in: ResultBounds.dimension, "\(path).exactDimension")
    check(quality.dimension, in: 0...Double(max(0, manifold.dimension)), "\(path).dimension")
    check(quality.meanAngleDegrees, in: 0...90, "\(path).meanAngleDegrees")
    check(quality.medianAngleDegrees, in: 0...90, "\(path).medianAngleDegrees")
    check(quality.largestAngleDegrees, in: 0...90, "\(path).largestAngleDegrees")
    check(quality.withinShare, in: 0...1, "\(path).withinShare")
    check(quality.coveredShare, in: 0...1, "\(path).coveredShare")
  }

  mutating func check(_ second: TaskRecord.SecondReferenceRecord?, _ alignment: ImageAlignmentResult?) {
    require(
      (second == nil) == (alignment == nil), "measurements.secondImageAlignment",
      "is there without task.secondReference, or the other way round")
    guard let second, let alignment else { return }
    requireIdentifier(second.id, "task.secondReference.id")
    check(second.learned, "task.secondReference.learned")
    check(second.accuracy, in: 0...1, "task.secondReference.accuracy")
    require(
      second.noise > 0 && second.noise.isFinite && alignment.noise == second.noise, "task.secondReference.noise",
      "is \(second.noise), that of measurements.secondImageAlignment \(alignment.noise)")
  }

  mutating func check(_ criteria: CriteriaSource?) {
    guard let criteria else { return }
    require(!criteria.file.isEmpty, "task.criteria.file", "is empty")
    requireDigest(criteria.sha256, "task.criteria.sha256")
  }

  mutating func check(_ score: TaskRecord.ScoreRecord) {
    guard let qualities = score.quality else { return }
    require(score.learned != nil, "task.score.quality", "is that of a score that was not learned")
    for (index, quality) in qualities.enumerated() {
      let path = "task.score.quality[\(index)]"
      requireIdentifier(quality.exact, "\(path).exact")
      require(score.noise.contains(quality.noise), "\(path).noise", "is \(quality.noise), not one of task.score.noise")
      check(quality.cosine, in: -1...1, "\(path).cosine")
      check(quality.relativeError, in: 0...Double.greatestFiniteMagnitude, "\(path).relativeError")
    }
  }
}
