/// The leaderboard as tables, one for each task, then those of the results that stand beside it.
package enum LeaderboardTable {
  package enum Order: String, Sendable, CaseIterable {
    /// As the leaderboard is: by regime, then by accuracy.
    case regime
    case accuracy, alignment, share
    /// Off over on the manifold, lowest first.
    case ratio
    case retention, name, parameters
  }

  /// - Parameters:
  ///   - task: nil for all.
  ///   - isReversed: the other way round; what is not known stays at the end.
  package static func tables(
    _ document: LeaderboardDocument, task: String? = nil, order: Order = .regime, isReversed: Bool = false
  ) -> [Table] {
    let sections = (document.tasks + (document.unranked ?? [])).filter { task == nil || $0.id == task }
    // What any entry was attacked with has columns; all tables have the same.
    let attacks = RobustnessColumns.all(sections.flatMap { $0.entries.flatMap { $0.robustness ?? [] } })
    let entries = sections.flatMap(\.entries)
    let direction = DirectionColumns(entries.compactMap(\.direction), entries.compactMap(\.roar))
    return sections.map { section in
      let reason = section.beside.map { ", beside the leaderboard: \($0.sentence)" } ?? ""
      return Table(
        title: "Task \(section.id) (version \(section.version))\(reason)",
        columns: columns + attacks.flatMap(\.columns) + direction.columns,
        rows: sorted(section.entries, by: order, isReversed: isReversed).map { entry in
          row(entry, section)
            + attacks.flatMap { columns in
              // Radii have many sizes, shares one.
              columns.estimates(entry.robustness).enumerated().map {
                .estimate($0.element, $0.offset == 0 ? .significant(3) : .fixed(3))
              }
            } + direction.estimates(entry.direction, entry.roar).map { .estimate($0, .fixed(3)) }
        })
    }
  }

  /// Equals stay in the order of the leaderboard.
  private static func sorted(
    _ entries: [LeaderboardDocument.Entry], by order: Order, isReversed: Bool
  ) -> [LeaderboardDocument.Entry] {
    switch order {
    case .regime: return isReversed ? entries.reversed() : entries
    case .name:
      let sorted = entries.enumerated().sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }
      return (isReversed ? sorted.reversed() : sorted).map(\.element)
    case .accuracy, .alignment, .share, .ratio, .retention, .parameters:
      func value(_ entry: LeaderboardDocument.Entry) -> Double? {
        switch order {
        case .accuracy: entry.accuracy.value
        case .alignment: entry.alignment.value
        case .share: entry.specificShare?.value
        case .ratio: entry.sensitivityRatio.value
        case .retention: entry.onManifoldRetention?.value
        default: Double(entry.parameters)
        }
      }
      let isRising = [.ratio, .parameters].contains(order) != isReversed
      return entries.enumerated().sorted { left, right in
        switch (value(left.element), value(right.element)) {
        case (let a?, let b?) where a != b: isRising ? a < b : a > b
        case (_?, nil): true
        case (nil, _?): false
        default: left.offset < right.offset
        }
      }.map(\.element)
    }
  }

  private static let columns: [Table.Column] = [
    .init("model", key: "name", isNumeric: false), .init("id", key: "id", isNumeric: false),
    .init("task", key: "task", isNumeric: false), .init("network", key: "architecture", isNumeric: false),
    .init("parameters", key: "parameters"), .init("regime", key: "regime", isNumeric: false),
    .init("confidence", key: "confidence"), .init("accuracy", key: "accuracy", isInterval: true),
    .init("off / on (R)", key: "sensitivityRatio", isInterval: true),
    .init("retention (K)", key: "onManifoldRetention", isInterval: true),
    .init("alignment (G)", key: "alignment", isInterval: true),
    .init("own share", key: "specificShare", isInterval: true),
  ]

  private static func row(
    _ entry: LeaderboardDocument.Entry, _ section: LeaderboardDocument.TaskSection
  ) -> [Table.Cell] {
    let isJudged = section.beside?.isJudged ?? true
    return [
      .text(entry.shownName), .text(entry.id), .text(section.id), .text(entry.architecture), .integer(entry.parameters),
      .text(isJudged ? entry.qualifiedRegime : "none"), .number(isJudged ? entry.confidence : nil, .fixed(3)),
      .estimate(entry.accuracy, .fixed(3)),
      .estimate(entry.sensitivityRatio, .significant(3)), .estimate(entry.onManifoldRetention, .fixed(2)),
      .estimate(entry.alignment, .fixed(3)), .estimate(entry.specificShare, .fixed(3)),
    ]
  }
}
