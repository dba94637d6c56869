import BenchCore

/// Rule v1 within a sweep, on tasks whose Bayes classifier is not known.
///
/// There a result file alone knows too little for K and A: what the same network is like without a robustness objective. A sweep
/// does: its model of strength 0 with the same seed. The rule is applied at both ends of every interval, and a label holds if
/// it is the same at all of them.
struct SweepReference {
  let classes: Int
  let smallStep: Double

  /// - Parameter standard: the model of strength 0; its own numbers are taken as they are, without their intervals.
  func judged(_ record: CellRecord, against standard: CellRecord) -> CellRecord {
    guard var measured = record.measured, let reference = standard.measured else { return record }
    if record.id == standard.id {
      // Itself, image by image.
      let one = Estimate(value: 1, low: 1, high: 1)
      (measured.onManifoldRetention, measured.accuracyRetention) = (one, one)
    } else {
      measured.onManifoldRetention = ratio(
        entry(measured)?.onManifold, to: entry(reference)?.onManifold.value, offset: 0)
      measured.accuracyRetention = ratio(
        measured.accuracy, to: reference.accuracy.value, offset: 1 / Double(classes))
    }
    measured.leadingLabel = label(measured, \.value, \.value, \.value)
    let ends: [KeyPath<Estimate, Double?>] = [\.low, \.high]
    let labels = Set(ends.flatMap { r in ends.flatMap { k in ends.map { a in label(measured, r, k, a) } } })
    measured.label = labels == [measured.leadingLabel] ? measured.leadingLabel : .indeterminate
    measured.confidence = nil
    measured.standardModel = standard.id
    var judged = record
    judged.measured = measured
    return judged
  }

  private func entry(_ measured: CellRecord.Measured) -> SensitivityEntry? {
    measured.sensitivity.first { $0.stepSize == smallStep }
  }

  private func ratio(_ estimate: Estimate?, to reference: Double?, offset: Double) -> Estimate? {
    guard let estimate, let reference, reference > offset else { return nil }
    func ratio(_ value: Double?) -> Double? { value.map { ($0 - offset) / (reference - offset) } }
    return Estimate(value: ratio(estimate.value), low: ratio(estimate.low), high: ratio(estimate.high))
  }

  private func label(
    _ measured: CellRecord.Measured, _ r: KeyPath<Estimate, Double?>, _ k: KeyPath<Estimate, Double?>,
    _ a: KeyPath<Estimate, Double?>
  ) -> RegimeLabel {
    // Where the model does not respond at all, R is undefined, and so is the label unless K and A decide.
    let ratio = measured.sensitivityRatio[keyPath: r]
    return RegimeRule.label(
      offManifold: ratio ?? 0, onManifold: ratio == nil ? 0 : 1, retention: measured.onManifoldRetention?[keyPath: k],
      accuracyRetention: measured.accuracyRetention?[keyPath: a], aligned: measured.passesGate)
  }
}
