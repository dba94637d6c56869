extension ProblemCollector {
  mutating func check(_ measurements: Measurements, _ settings: ProtocolRecord, of task: TaskRecord) {
    let unbounded = 0...Double.greatestFiniteMagnitude
    check(measurements.accuracy, in: 0...1, images: settings.images, "measurements.accuracy")
    require(
      measurements.sensitivity.map(\.stepSize) == (task.manifold == nil ? [] : settings.stepSizes),
      "measurements.sensitivity",
      task.manifold == nil ? "is there without a task.manifold" : "has other step sizes than protocol.stepSizes")
    for (index, entry) in measurements.sensitivity.enumerated() {
      check(entry.onManifold, in: 0...2, images: settings.images, "measurements.sensitivity[\(index)].onManifold")
      check(entry.offManifold, in: 0...2, images: settings.images, "measurements.sensitivity[\(index)].offManifold")
    }
    require(
      (measurements.relativeRobustness == nil) == (task.manifold == nil), "measurements.relativeRobustness",
      "is there without task.manifold, or the other way round")
    if let robustness = measurements.relativeRobustness { check(robustness, settings) }
    check(measurements.scoreAlignment, settings, "measurements.scoreAlignment")
    check(measurements.conditionalScoreAlignment, settings, "measurements.conditionalScoreAlignment")
    require(
      task.score != nil || measurements.scoreAlignment.isEmpty, "measurements.scoreAlignment",
      "is there without a task.score")
    require(
      task.density != nil || measurements.conditionalScoreAlignment.isEmpty, "measurements.conditionalScoreAlignment",
      "is there without a task.density")
    check(measurements.bayesAlignment ?? [], settings, "measurements.bayesAlignment")
    check(measurements.referenceAlignment ?? [], settings, "measurements.referenceAlignment")
    if let alignment = measurements.imageAlignment {
      check(alignment, settings, "measurements.imageAlignment")
      require(
        alignment.noise == settings.decisiveNoise, "measurements.imageAlignment.noise", "is not protocol.decisiveNoise")
    }
    if let alignment = measurements.secondImageAlignment {
      check(alignment, settings, "measurements.secondImageAlignment")
    }
    if task.density == nil {
      require(
        measurements.bayesAlignment == nil && measurements.referenceAlignment == nil
          && measurements.imageAlignment == nil, "measurements", "has alignments with a density that is absent")
    } else {
      require(
        (measurements.bayesAlignment == nil) != (measurements.referenceAlignment == nil), "measurements",
        "must have exactly one of bayesAlignment and referenceAlignment")
    }
    for (index, entry) in (measurements.distractor ?? []).enumerated() {
      var path: String { "measurements.distractor[\(index)]" }
      require(entry.noise > 0, "\(path).noise", "is \(entry.noise)")
      check(entry.signal, in: 0...2, images: settings.images, "\(path).signal")
      check(entry.distractor, in: 0...2, images: settings.images, "\(path).distractor")
      check(entry.relativeNoiseRobustness, in: unbounded, "\(path).relativeNoiseRobustness")
    }
  }

  private mutating func check(_ robustness: RelativeRobustnessResult, _ settings: ProtocolRecord) {
    let unbounded = 0...Double.greatestFiniteMagnitude
    check(robustness.definition1.estimate, in: unbounded, "measurements.relativeRobustness.definition1")
    require(
      robustness.definition1.noise > 0, "measurements.relativeRobustness.definition1.noise",
      "is \(robustness.definition1.noise)")
    require(
      robustness.definition1.draws, in: ResultBounds.draws, "measurements.relativeRobustness.definition1.draws")
    check(
      robustness.definition2.estimate, in: 0...1, images: settings.images,
      "measurements.relativeRobustness.definition2")
    check(robustness.definition2.pooled, in: 0...1, "measurements.relativeRobustness.definition2.pooled")
    require(robustness.chance, in: 0...1, "measurements.relativeRobustness.chance")
  }

  private mutating func check(_ alignment: ImageAlignmentResult, _ settings: ProtocolRecord, _ path: String) {
    requireIdentifier(alignment.metric, "\(path).metric")
    check(alignment.whole, in: -1...1, images: settings.images, "\(path).whole")
    // Products of vectors in float32, whose length is 1 but for rounding.
    let unit = -1.000001...1.000001
    check(alignment.beyondImage, in: unit, images: settings.images, "\(path).beyondImage")
    // A difference of four cosines, image by image.
    check(alignment.specific, in: -4...4, images: settings.images, "\(path).specific")
    for (name, estimate) in alignment.controls.all {
      check(estimate, in: unit, images: settings.images, "\(path).controls.\(name)")
    }
  }

  /// A metric may have any range; the cosine's is known.
  private mutating func check(_ entries: [AlignmentEntry], _ settings: ProtocolRecord, _ path: String) {
    for (index, entry) in entries.enumerated() {
      var place: String { "\(path)[\(index)]" }
      let limit = entry.metric == EvaluationConfiguration.decisiveMetric ? 1 : Double.greatestFiniteMagnitude
      requireIdentifier(entry.metric, "\(place).metric")
      require(entry.noise.isFinite && entry.noise >= 0, "\(place).noise", "is \(entry.noise)")
      check(entry.estimate, in: -limit...limit, images: settings.images, place)
      for (control, estimate) in entry.controls.all {
        check(estimate, in: -limit...limit, images: settings.images, "\(place).controls.\(control.rawValue)")
      }
    }
    struct Key: Hashable {
      let target: GradientTarget
      let metric: String
      let noise: Double
    }
    let keys = Set(entries.map { Key(target: $0.target, metric: $0.metric, noise: $0.noise) })
    require(keys.count == entries.count, path, "has two entries of one target, metric and noise")
  }
}
