import BenchCore

/// All models of one strength.
public struct StrengthSummary: Sendable, Equatable, Codable {
  public var strength: Double
  /// Those that are complete.
  public var seeds: [UInt64]
  public var accuracy: Spread
  public var sensitivity: [Sensitivity]
  public var alignment: Spread
  public var sensitivityRatio: Spread
  public var onManifoldRetention: Spread
  public var accuracyRetention: Spread
  /// In the order of the seeds.
  public var labels: [RegimeLabel]
  /// That of more than half of the seeds, otherwise `indeterminate`.
  public var label: RegimeLabel

  public struct Sensitivity: Sendable, Equatable, Codable {
    public var stepSize: Double
    public var onManifold: Spread
    public var offManifold: Spread
  }

  /// Over seeds; nil where no seed has a value.
  public struct Spread: Sendable, Equatable, Codable {
    public var mean: Double?
    public var lowest: Double?
    public var highest: Double?
    /// In the order of the seeds, without those that have none.
    public var values: [Double]

    public init(_ values: [Double?]) {
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
