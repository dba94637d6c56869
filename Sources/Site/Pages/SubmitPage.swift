extension Site {
  /// The page says how, and names the tasks that there are.
  var submitView: [String: Any] {
    ["tasks": sections.map { ["label": $0.id] as [String: Any] }, "hasTasks": !sections.isEmpty]
  }
}
