import Text

/// Columns of a table for what a result says of the gradient's direction and of DiffROAR.
package struct DirectionColumns: Sendable {
  private enum Kind {
    case alpha(String)
    case alphaX
    case roar(Double)
  }

  private let kinds: [Kind]

  /// Those that any model of a list has numbers for.
  package init(_ directions: [DirectionResult], _ roars: [RoarResult]) {
    let estimators = Set(directions.flatMap { $0.alphaDx.map(\.estimator) }).sorted()
    kinds =
      estimators.map(Kind.alpha) + (directions.isEmpty ? [] : [.alphaX])
      + Set(roars.flatMap { $0.points.map(\.share) }).sorted().map(Kind.roar)
  }

  package var columns: [Table.Column] {
    kinds.map { kind in
      switch kind {
      case .alpha(let estimator):
        Table.Column("alpha dx, \(PlainText.shown(estimator))", key: "alphaDx@\(estimator)", isInterval: true)
      case .alphaX: Table.Column("alpha x", key: "alphaX", isInterval: true)
      case .roar(let share):
        Table.Column(
          "DiffROAR \(significant(share, digits: 4, trimming: true))",
          key: "roar@\(significant(share, digits: 4, trimming: true))", isInterval: true)
      }
    }
  }

  /// A model's numbers, one for each column; nil where it has none.
  package func estimates(_ direction: DirectionResult?, _ roar: RoarResult?) -> [Estimate?] {
    kinds.map { kind in
      switch kind {
      case .alpha(let estimator): direction?.alphaDx.first { $0.estimator == estimator }?.value
      case .alphaX: direction?.alphaX
      case .roar(let share): roar?.points.first { $0.share == share }?.difference
      }
    }
  }
}
