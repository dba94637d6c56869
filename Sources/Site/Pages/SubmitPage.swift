extension Site {
  /// The page says how, and names the tasks that there are.
  var submitView: View {
    ["tasks": sections.map { ["label": $0.id] as View }, "hasTasks": !sections.isEmpty]
  }
}
