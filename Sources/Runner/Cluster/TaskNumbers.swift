/// Numbers of an array's tasks as `sbatch --array` takes them.
enum TaskNumbers {
  /// - Parameters:
  ///   - numbers: ascending, each once.
  ///   - limit: how many tasks run at the same time; nil for as many as there is room for.
  /// - Returns: such as `1-3,7%2`.
  static func text(_ numbers: [Int], limit: Int? = nil) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    let words = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return words.joined(separator: ",") + (limit.map { "%\($0)" } ?? "")
  }
}
