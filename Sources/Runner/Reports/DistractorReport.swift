import BenchCore
import Figures
import Text

/// Responses to noise on the signal and on the distractor, of models in groups: those of one label are one line with a band.
struct DistractorReport: Codable, Equatable {
  struct Model: Codable, Equatable {
    var label: String
    var id: String
    /// As it was named on the command line.
    var source: String
    var sha256: String?
    var accuracy: Estimate
    var responses: [DistractorEntry]
    /// Nil for a result, whose model was not at hand.
    var gradientOnSignal: GradientShares?
  }

  /// `SignalShares`, each with its chance.
  struct GradientShares: Codable, Equatable {
    struct Top: Codable, Equatable {
      /// Of the coordinates.
      var part: Double
      var share: Estimate
    }

    var target: GradientTarget
    /// That of a direction without preference.
    var chance: Double
    var energy: Estimate
    var top: [Top]

    init(_ shares: SignalShares) {
      target = SignalShares.target
      chance = shares.pixels
      energy = shares.energy
      top = zip(SignalShares.parts, shares.top).map { Top(part: $0, share: $1) }
    }
  }

  struct Task: Codable, Equatable {
    var id: String
    var version: Int
    var images: Int
    var digest: String
    var seed: UInt64
  }

  var task: Task
  var models: [Model]

  /// In the order of their first model.
  var labels: [String] {
    models.reduce(into: []) { labels, model in if !labels.contains(model.label) { labels.append(model.label) } }
  }

  func models(of label: String) -> [Model] { models.filter { $0.label == label } }

  // MARK: Figure

  var figure: Figure5 {
    let seeds = labels.map { models(of: $0).count }.max() ?? 1
    return Figure5(
      task: task.id,
      lines: labels.map { label in
        let group = models(of: label)
        func curve(_ value: (DistractorEntry) -> Estimate) -> Figure5.Curve {
          Self.curve(group.map(\.responses), value)
        }
        return Figure5.Line(
          name: PlainText.printable(label), ratio: curve(\.relativeNoiseRobustness), signal: curve(\.signal),
          distractor: curve(\.distractor))
      },
      bands: seeds > 1
        ? "Lines are means over models of one name, bands their range, or an interval where there is one model."
        : "Bands are 95 % intervals over images.")
  }

  /// The mean of several models with their range; of one with its interval over images.
  private static func curve(
    _ models: [[DistractorEntry]], _ value: (DistractorEntry) -> Estimate
  ) -> Figure5.Curve {
    guard let first = models.first else { return [] }
    return first.indices.map { index in
      let estimates = models.map { value($0[index]) }
      let values = estimates.map { $0.value ?? .nan }
      let mean = values.reduce(0, +) / Double(values.count)
      return .init(
        x: first[index].noise, y: mean,
        low: (models.count > 1 ? values.min() : estimates[0].low) ?? mean,
        high: (models.count > 1 ? values.max() : estimates[0].high) ?? mean)
    }
  }

  // MARK: Table

  /// The noise levels of the table, about those of the paper's figure 16 and the ends of what its text speaks of.
  private static let shownNoises = [0.1, 0.25, 0.5, 1]

  var table: Table {
    let noises = Self.shownNoises.compactMap { wanted in
      models.first?.responses.map(\.noise).min { abs($0 - wanted) < abs($1 - wanted) }
    }
    let isMeasured = models.contains { $0.gradientOnSignal != nil }
    var columns = [
      Table.Column("model", key: "label", isNumeric: false), Table.Column("id", key: "id", isNumeric: false),
      Table.Column("accuracy", key: "accuracy", isInterval: true),
    ]
    columns += noises.map {
      Table.Column("signal / distractor at \(fixed($0, 2))", key: "ratio\(fixed($0, 2))", isInterval: true)
    }
    if isMeasured {
      columns.append(Table.Column("gradient on the signal", key: "gradientOnSignal", isInterval: true))
      columns += SignalShares.parts.map {
        Table.Column("of its largest \(Int(100 * $0)) %", key: "top\(Int(100 * $0))", isInterval: true)
      }
    }
    return Table(
      title: "Task \(task.id), \(task.images) images, seed \(task.seed)", columns: columns,
      rows: models.map { model -> [Table.Cell] in
        let ratios = noises.map { noise in
          model.responses.first { $0.noise == noise }?.relativeNoiseRobustness
        }
        let shares =
          isMeasured
          ? [model.gradientOnSignal?.energy]
            + SignalShares.parts.indices.map { index in
              model.gradientOnSignal.map { $0.top[index].share }
            } : []
        return [.text(model.label), .text(model.id), .estimate(model.accuracy, .fixed(3))]
          + ratios.map { .estimate($0, .significant(3)) } + shares.map { .estimate($0, .fixed(3)) }
      })
  }
}
