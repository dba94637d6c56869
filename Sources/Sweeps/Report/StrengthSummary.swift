import BenchCore

/// All models of one strength.
package struct StrengthSummary: Sendable, Equatable, Codable {
  package var strength: Double
  /// Those that are complete.
  package var seeds: [UInt64]
  package var accuracy: Spread
  package var sensitivity: [Sensitivity]
  package var alignment: Spread
  package var sensitivityRatio: Spread
  package var onManifoldRetention: Spread
  package var accuracyRetention: Spread
  /// In the order of the seeds.
  package var labels: [RegimeLabel]
  /// That of more than half of the seeds, otherwise `indeterminate`.
  package var label: RegimeLabel

  package struct Sensitivity: Sendable, Equatable, Codable {
    package var stepSize: Double
    package var onManifold: Spread
    package var offManifold: Spread
  }

  /// Over seeds; nil where no seed has a value.
  package struct Spread: Sendable, Equatable, Codable {
    package var mean: Double?
    package var lowest: Double?
    package var highest: Double?
    /// In the order of the seeds, without those that have none.
    package var values: [Double]

    package init(_ values: [Double?]) {
      let defined = values.compactMap { $0 }.filter(\.isFinite)
      self.values = defined
      mean = defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
      (lowest, highest) = (defined.min(), defined.max())
    }
  }

  /// - Parameter records: of one strength, in the order of the seeds; at least one complete.
  init?(strength: Double, _ records: [CellRecord]) {
    let complete = records.compactMap { record in record.measured.map { (seed: record.seed, measured: $0) } }
    guard let first = complete.first else { return nil }
    let measured = complete.map(\.measured)
    self.strength = strength
    seeds = complete.map(\.seed)
    accuracy = Spread(measured.map(\.accuracy.value))
    sensitivity = first.measured.sensitivity.map { entry in
      func entries(_ estimate: KeyPath<SensitivityEntry, Estimate>) -> [Double?] {
        measured.map { cell in
          cell.sensitivity.first { $0.stepSize == entry.stepSize }?[keyPath: estimate].value
        }
      }
      return Sensitivity(
        stepSize: entry.stepSize, onManifold: Spread(entries(\.onManifold)), offManifold: Spread(entries(\.offManifold))
      )
    }
    alignment = Spread(measured.map(\.alignment.value))
    sensitivityRatio = Spread(measured.map(\.sensitivityRatio.value))
    onManifoldRetention = Spread(measured.map { $0.onManifoldRetention?.value })
    accuracyRetention = Spread(measured.map { $0.accuracyRetention?.value })
    let labels = measured.map(\.label)
    self.labels = labels
    label =
      RegimeLabel.allCases.first { label in 2 * labels.filter { $0 == label }.count > labels.count } ?? .indeterminate
  }

  func sensitivity(at step: Double) -> Sensitivity? { sensitivity.first { $0.stepSize == step } }
}
