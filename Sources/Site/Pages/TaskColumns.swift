import BenchCore
import Figures

/// The columns of a task's table. `key` names a column in the table, in its script and in comparisons.
struct TaskColumn {
  enum Content {
    case quantity(Quantity)
    /// Of what was measured besides: its number, as a cell shows it, and the axis of the bars.
    case estimate((LeaderboardDocument.Entry) -> Estimate?, (Double?) -> String, Scale)
    case parameters
    case text((EvaluationResult) -> String?)
    case regime
    /// Name and id, the row's header.
    case model
    case paper
  }

  let key: String
  let label: String
  /// What it is, where the label does not say so.
  let words: String?
  let content: Content

  var isNumeric: Bool {
    switch content {
    case .quantity, .estimate, .parameters: true
    default: false
    }
  }

  /// Of the style sheet: numbers at the right; room for sentences.
  var style: String { isNumeric ? "n" : ["training", "paper"].contains(key) ? "s long" : "s" }

  /// Whether the first press of the column's button puts the smallest first.
  var risesFirst: Bool {
    switch content {
    case .quantity(let quantity): quantity.isBetterWhenLow
    case .estimate: false
    default: true
    }
  }

  static func all(for members: ArraySlice<ListedModel>) -> [TaskColumn] {
    func text(_ key: String, _ label: String, _ value: @escaping (EvaluationResult) -> String?) -> TaskColumn {
      TaskColumn(key: key, label: label, words: nil, content: .text(value))
    }
    return [
      TaskColumn(key: "name", label: "Model", words: nil, content: .model),
      TaskColumn(
        key: "regime", label: "Regime",
        words: "as the rule names it; press to return to the leaderboard\u{2019}s order", content: .regime),
    ]
      + Quantity.allCases.map {
        TaskColumn(key: $0.rawValue, label: $0.symbol, words: $0.words, content: .quantity($0))
      }
      + attacks(of: members) + directions(of: members)
      + [
        text("architecture", "Network") { $0.model.architecture },
        TaskColumn(key: "parameters", label: "Parameters", words: nil, content: .parameters),
        text("training", "Training") { $0.model.source?.training },
        text("license", "Licence") { $0.model.source?.license },
        TaskColumn(key: "paper", label: "Paper", words: nil, content: .paper),
      ]
  }

  private static func attacks(of members: ArraySlice<ListedModel>) -> [TaskColumn] {
    RobustnessColumns.all(members.flatMap { $0.entry.robustness ?? [] }).enumerated().flatMap { place, columns in
      columns.columns.enumerated().map { index, column in
        let values = members.compactMap { columns.estimates($0.entry.robustness)[index]?.value }
        let scale: Scale = index == 0 ? .linear(0...max(1e-6, values.max() ?? 1)) : .linear(0...1)
        return TaskColumn(
          key: "attack-\(place)-\(index)", label: column.name,
          words: index == 0
            ? "median of the smallest radii found, an upper bound"
            : "accuracy that is left within this radius, an upper bound",
          content: .estimate(
            { columns.estimates($0.robustness)[index] }, { index == 0 ? significant($0) : fixed($0, 3) }, scale))
      }
    }
  }

  private static func directions(of members: ArraySlice<ListedModel>) -> [TaskColumn] {
    let columns = DirectionColumns(members.compactMap(\.entry.direction), members.compactMap(\.entry.roar))
    return columns.columns.enumerated().map { index, column in
      TaskColumn(
        key: "direction-\(index)", label: column.name,
        words: column.key.hasPrefix("roar")
          ? "accuracy of networks trained on this share of coordinates with the largest gradients, less that with the smallest"
          : column.key == "alphaX"
            ? "absolute cosine of the gradient with the image"
            : "cosine of the gradient with the way to the closest other class",
        content: .estimate(
          { columns.estimates($0.direction, $0.roar)[index] }, { fixed($0, 3) }, .linear(-1...1)))
    }
  }
}
