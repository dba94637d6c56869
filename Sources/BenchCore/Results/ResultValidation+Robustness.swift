import Text

/// What one attack's numbers may be; those of `leaderboard/schema/result.schema.json`.
enum RobustnessBounds {
  /// Steps, runs, queries, targets.
  static let counts = 1...1_000_000
  /// Of a radius; no image is as wide.
  static let largestRadius = 1e6
  static let gridCount = 1...200
  static let reportedCount = 0...64
  static let lossCount = 1...16
  /// Characters of a name, of a sentence and of a verdict.
  static let name = 1...40
  static let sentence = 1...1000
  static let verdict = 1...8000
}

extension ProblemCollector {
  /// Every number of an entry but its intervals follows from its radii, and is computed from them again.
  mutating func check(_ robustness: [RobustnessEntry]?, _ result: EvaluationResult) {
    guard let robustness else { return }
    require(!robustness.isEmpty, "robustness", "is empty; it is left out where nothing was attacked")
    let ids = robustness.map(\.attack.id)
    require(Set(ids).count == ids.count, "robustness", "has two entries of one attack")
    // No attack is known twice, so that no list of entries is long; what lies beyond is not looked at.
    for (index, entry) in robustness.prefix(AttackRecord.norms.count).enumerated() {
      check(entry, result, "robustness[\(index)]")
    }
  }

  private mutating func check(_ entry: RobustnessEntry, _ result: EvaluationResult, _ path: String) {
    check(entry.attack, entry.norm, path)
    let settings = result.measurementProtocol
    require(entry.seed == settings.seed, "\(path).seed", "is \(entry.seed), protocol.seed \(settings.seed)")
    requireDigest(entry.imagesDigest, "\(path).imagesDigest")
    if entry.radii.count == settings.images {
      require(
        entry.imagesDigest == result.task.dataset.digest, "\(path).imagesDigest",
        "is not task.dataset.digest, though all images were attacked")
    }
    if let clip = entry.clip {
      require(
        clip.count == 2 && clip.allSatisfy { abs($0) <= 1e6 } && clip[0] < clip[1], "\(path).clip",
        "is \(clip.prefix(3)), expected the lowest and the highest value of a pixel")
    }
    guard check(entry.search, "\(path).search"), let largest = entry.search.grid.last else { return }
    guard check(entry.radii, censored: entry.censored, largest: largest, settings, path) else { return }
    checkRight(entry.radii, result, path)
    check(median: entry.medianRadius, of: entry.radii, largest: largest, "\(path).medianRadius")
    check(entry.robustAccuracy, of: entry.radii, largest: largest, "\(path).robustAccuracy")
    if let published = entry.published { check(published, of: entry.radii, "\(path).published") }
    if let masking = entry.masking { check(masking, of: entry.radii, largest: largest, "\(path).masking") }
  }

  private mutating func check(_ attack: AttackRecord, _ norm: AttackNorm, _ path: String) {
    let known = AttackRecord.norms[attack.id]
    require(known != nil, "\(path).attack.id", "is `\(PlainText.shown(attack.id))`, which is no attack")
    if let known {
      require(norm == known, "\(path).norm", "is \(norm.rawValue), that of \(attack.id) \(known.rawValue)")
    }
    require(attack.version, in: ResultBounds.version, "\(path).attack.version")
    for (name, count) in [
      ("steps", attack.steps), ("restarts", attack.restarts), ("queries", attack.queries), ("targets", attack.targets),
    ] {
      if let count { require(count, in: RobustnessBounds.counts, "\(path).attack.\(name)") }
    }
    if let losses = attack.losses {
      require(losses.count, in: RobustnessBounds.lossCount, "number of \(path).attack.losses")
      for (index, loss) in losses.prefix(RobustnessBounds.lossCount.upperBound).enumerated() {
        requireIdentifier(loss, "\(path).attack.losses[\(index)]")
      }
    }
  }

  /// - Returns: whether there is a grid that the other numbers can be compared with.
  private mutating func check(_ search: RadiusSearchRecord, _ path: String) -> Bool {
    let tolerance = search.tolerance
    require(
      (search.kind == .bisection) == (tolerance != nil), "\(path).tolerance",
      "is there without a bisection, or the other way round")
    if let tolerance { require(tolerance > 0 && tolerance < 1, "\(path).tolerance", "is \(tolerance)") }
    return checkRadii(search.grid, RobustnessBounds.gridCount, "\(path).grid")
  }

  /// Positive and ascending.
  private mutating func checkRadii(_ radii: [Double], _ counts: ClosedRange<Int>, _ path: String) -> Bool {
    guard counts.contains(radii.count) else {
      require(radii.count, in: counts, "number of \(path)")
      return false
    }
    let isAscending =
      radii.allSatisfy { $0 > 0 && $0 <= RobustnessBounds.largestRadius }
      && zip(radii, radii.dropFirst()).allSatisfy(<)
    require(isAscending, path, "are no ascending positive numbers up to \(brief(RobustnessBounds.largestRadius))")
    return isAscending
  }

  /// - Returns: whether the radii can be computed with.
  private mutating func check(
    _ radii: [Double?], censored: Int, largest: Double, _ settings: ProtocolRecord, _ path: String
  ) -> Bool {
    let images = ResultBounds.images.clamped(to: 1...max(1, settings.images))
    guard images.contains(radii.count) else {
      require(radii.count, in: images, "number of \(path).radii")
      return false
    }
    let missing = radii.count { $0 == nil }
    require(censored == missing, "\(path).censored", "is \(censored), but \(missing) radii are null")
    guard let bad = radii.firstIndex(where: { !(0...largest).contains($0 ?? 0) }) else { return true }
    require(radii[bad], in: 0...largest, "\(path).radii[\(bad)]")
    return false
  }

  /// No more of the attacked images can be classified rightly than of all, and no more wrongly. An image in a hundred, and one, may
  /// differ: logits of models in other processes may depend on what else is in a pass.
  private mutating func checkRight(_ radii: [Double?], _ result: EvaluationResult, _ path: String) {
    let images = Double(result.measurementProtocol.images)
    guard let accuracy = result.measurements.accuracy.value, (0...1).contains(accuracy) else { return }
    let wrong = Double(radii.count { $0 == 0 })
    let right = Double(radii.count) - wrong
    let slack = 1.5 + 0.01 * Double(radii.count)
    require(
      right <= accuracy * images + slack && wrong <= (1 - accuracy) * images + slack, "\(path).radii",
      "say that \(Int(right)) of \(radii.count) images are classified rightly, but measurements.accuracy is \(accuracy)"
    )
  }

  private mutating func check(median: Estimate, of radii: [Double?], largest: Double, _ path: String) {
    check(median, in: 0...largest, path)
    require(median.undefinedImages == nil, "\(path).undefinedImages", "is there; censored radii are counted otherwise")
    let expected = RadiusStatistics.median(of: radii)
    if let value = median.value {
      require(isClose(value, expected), path, "has value \(value), but that of the radii is \(expected)")
    } else {
      require(!expected.isFinite, path, "has no value, but that of the radii is \(expected)")
      require(median.high == nil, "\(path).high", "is there without a value")
    }
  }

  private mutating func check(_ robust: [RobustAccuracy], of radii: [Double?], largest: Double, _ path: String) {
    guard RobustnessBounds.reportedCount.contains(robust.count) else {
      return require(robust.count, in: RobustnessBounds.reportedCount, "number of \(path)")
    }
    guard robust.isEmpty || checkRadii(robust.map(\.radius), RobustnessBounds.reportedCount, "radii of \(path)") else {
      return
    }
    for (index, entry) in robust.enumerated() {
      let path = "\(path)[\(index)]"
      require(entry.radius, in: 0...largest, "\(path).radius")
      if let name = entry.name { checkText(name, RobustnessBounds.name, "\(path).name") }
      check(entry.accuracy, in: 0...1, "\(path).accuracy")
      let standing = radii.count { ($0 ?? .infinity) > entry.radius }
      let expected = Double(standing) / Double(radii.count)
      require(
        entry.accuracy.value.map { isClose($0, expected) } ?? false, "\(path).accuracy",
        "has value \(entry.accuracy.value.map { "\($0)" } ?? "null"), but \(standing) of \(radii.count) radii are larger"
      )
      require(entry.accuracy.undefinedImages == nil, "\(path).accuracy.undefinedImages", "is there")
    }
    let values = robust.compactMap(\.accuracy.value)
    require(zip(values, values.dropFirst()).allSatisfy(>=), path, "rises with the radius")
  }

  private mutating func check(_ published: PublishedMedian, of radii: [Double?], _ path: String) {
    guard checkRadii(published.grid, RobustnessBounds.gridCount, "\(path).grid") else { return }
    guard let unit = ImageUnit(publishedName: published.unit) else {
      let known = ImageUnit.allCases.map { "`\($0.publishedName)`" }.joined(separator: " or ")
      return require(false, "\(path).unit", "is `\(PlainText.shown(published.unit))`, expected \(known)")
    }
    let expected = RadiusStatistics.published(radii, grid: published.grid, unit: unit)
    require(
      published.errors.count == expected.errors.count && zip(published.errors, expected.errors).allSatisfy(isClose),
      "\(path).errors", "are not those of the radii")
    require(
      isClose(published.threshold, expected.threshold) && published.isMedian == expected.isMedian, "\(path).threshold",
      "is \(published.threshold), isMedian \(published.isMedian); the errors give \(expected.threshold), \(expected.isMedian)"
    )
    let isSame =
      published.value.map { value in expected.value.map { isClose(value, $0) } ?? false } ?? (expected.value == nil)
    require(
      isSame, "\(path).value",
      "is \(published.value.map { "\($0)" } ?? "absent"), but the errors give \(expected.value.map { "\($0)" } ?? "none")"
    )
  }

  private mutating func check(_ masking: MaskingResult, of radii: [Double?], largest: Double, _ path: String) {
    require(
      masking.radius > 0 && masking.radius <= largest, "\(path).radius",
      "is \(masking.radius), expected a positive number up to \(largest)")
    let kinds = masking.checks.map(\.kind)
    require(Set(kinds).count == kinds.count, "\(path).checks", "has one kind twice")
    checkText(masking.verdict, RobustnessBounds.verdict, "\(path).verdict")
    require(
      masking.isSuspected == masking.checks.contains(where: \.isSuspicious), "\(path).isSuspected",
      "is \(masking.isSuspected), which does not follow from the checks")
    for (index, check) in masking.checks.prefix(MaskingCheck.Kind.allCases.count).enumerated() {
      let path = "\(path).checks[\(index)]"
      require(check.of, in: 1...radii.count, "\(path).of")
      require(check.images, in: 0...max(0, check.of), "\(path).images")
      require(
        check.isSuspicious == MaskingCheck.isSuspicious(check.images, of: check.of), "\(path).isSuspicious",
        "is \(check.isSuspicious) with \(check.images) of \(check.of)")
      checkText(check.sentence, RobustnessBounds.sentence, "\(path).sentence")
    }
  }

  private mutating func checkText(_ text: String, _ characters: ClosedRange<Int>, _ path: String) {
    let problem =
      characters.contains(text.count)
      ? PlainText.problem(in: text)
      : "has \(text.count) characters, expected \(characters.lowerBound) to \(characters.upperBound)"
    require(problem == nil, path, problem ?? "")
  }
}

/// But for what a sum in another order changes.
private func isClose(_ left: Double, _ right: Double) -> Bool { abs(left - right) <= 1e-9 * max(1, abs(right)) }
