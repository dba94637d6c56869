import Text

/// What one attack found, in brief: for lists of models.
package struct RobustnessBrief: Sendable, Equatable, Codable {
  /// Such as `"pgd-l2"`.
  package var attack: String
  package var norm: AttackNorm
  /// How many were attacked.
  package var images: Int
  /// Null where it lies beyond the largest radius that was tried.
  package var medianRadius: Estimate
  /// At the radii that others report.
  package var robustAccuracy: [RobustAccuracy]
  /// Whether gradients may be masked; absent where that was not checked.
  package var isMaskingSuspected: Bool?

  package init(_ entry: RobustnessEntry) {
    (attack, norm, images) = (entry.attack.id, entry.norm, entry.radii.count)
    (medianRadius, robustAccuracy) = (entry.medianRadius, entry.robustAccuracy)
    isMaskingSuspected = entry.masking?.isSuspected
  }
}

/// Columns of a table for one attack: its median radius, and robust accuracy at each radius that it was told at.
package struct RobustnessColumns: Sendable {
  private let attack: String
  private let radii: [(radius: Double, name: String?)]

  /// Those of all attacks that any model of a list was attacked with.
  package static func all(_ found: [RobustnessBrief]) -> [RobustnessColumns] {
    Set(found.map(\.attack)).sorted().map { attack in
      let robust = found.filter { $0.attack == attack }.flatMap(\.robustAccuracy)
      let names = Dictionary(robust.map { ($0.radius, $0.name) }, uniquingKeysWith: { $0 ?? $1 })
      return RobustnessColumns(attack: attack, radii: names.keys.sorted().map { (radius: $0, name: names[$0] ?? nil) })
    }
  }

  package var columns: [Table.Column] {
    [Table.Column("median \(attack)", key: "medianRadius@\(attack)", isInterval: true)]
      + radii.map { radius, name in
        let size = significant(radius, digits: 4, trimming: true)
        return Table.Column(
          "robust \(attack) \(name.map({ PlainText.shown($0) }) ?? size)", key: "robustAccuracy@\(attack)@\(size)",
          isInterval: true)
      }
  }

  /// A model's numbers, one for each column; nil where it was not attacked so.
  package func estimates(_ robustness: [RobustnessBrief]?) -> [Estimate?] {
    let found = robustness?.first { $0.attack == attack }
    return [found?.medianRadius]
      + radii.map { radius, _ in found?.robustAccuracy.first { $0.radius == radius }?.accuracy }
  }
}
